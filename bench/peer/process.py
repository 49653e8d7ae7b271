# The peer of process/start-wait-python: processes that do nothing, by fork, the
# fastest way that multiprocessing has.
#
#   process.py    for each number n that it reads: starts n and waits for each; answers with
#                 the nanoseconds
import multiprocessing, os, sys, time


def nothing():
    pass


def main():
    fork = multiprocessing.get_context("fork")
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.perf_counter_ns()
        for _ in range(int(line)):
            process = fork.Process(target=nothing)
            process.start()
            process.join()
        print(time.perf_counter_ns() - begin, flush=True)


try:
    main()
except (BrokenPipeError, KeyboardInterrupt):  # nobody is left who asks
    os._exit(1)
