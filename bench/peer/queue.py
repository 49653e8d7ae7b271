# The peer of queue/1p1c-python: one process puts messages of 64 bytes into a
# multiprocessing.Queue, another one takes them.
#
#   queue.py ROOM    for each number n that it reads: n messages; answers with the
#                    nanoseconds until the other process has taken them
import multiprocessing, os, sys, threading, time


def end_with(alive):
    os.read(alive, 1)  # ends when the process that puts is gone
    os._exit(0)


def take(queue, counts, alive, parents):
    os.close(parents)
    threading.Thread(target=end_with, args=(alive,), daemon=True).start()
    while True:
        for _ in range(counts.recv()):
            queue.get()
        counts.send(0)


def main():
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue(int(sys.argv[1]))
    ours, theirs = fork.Pipe()
    alive, parents = os.pipe()
    fork.Process(target=take, args=(queue, theirs, alive, parents), daemon=True).start()
    message = bytes(64)
    print("ready", flush=True)
    for line in sys.stdin:
        n = int(line)
        begin = time.perf_counter_ns()
        ours.send(n)
        for _ in range(n):
            queue.put(message)
        ours.recv()
        print(time.perf_counter_ns() - begin, flush=True)


try:
    main()
except (BrokenPipeError, KeyboardInterrupt):  # nobody is left who asks
    os._exit(1)
