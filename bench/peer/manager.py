# The peer of the manager rows: a server of multiprocessing, and a client in a process of
# its own, which does one thing again and again.
#
#   manager.py WHAT BYTES ADDRESS    for each number n that it reads: n times WHAT, with so many
#                                    bytes where it stores some; answers with the nanoseconds.
#                                    ADDRESS is "tcp" or the path of a unix socket
import itertools, multiprocessing, os, sys, threading, time
from multiprocessing.managers import SyncManager


def end_with(alive, parents):
    os.close(parents)

    def wait():
        os.read(alive, 1)  # ends when the client is gone
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def start(address):
    where = ("127.0.0.1", 0) if address == "tcp" else address
    manager = SyncManager(where, authkey=b"bench", ctx=multiprocessing.get_context("fork"))
    alive, parents = os.pipe()
    manager.start(end_with, (alive, parents))
    return manager


def operation(manager, what, size):
    if what == "value-get":
        value = manager.Value("d", 3.14)
        return lambda: value.get() == 3.14
    if what == "value-set":
        value = manager.Value("d", 0)
        return lambda: value.set(3.14) is None
    if what == "list-append":
        numbers = manager.list()
        return lambda: numbers.append(7) is None
    if what == "dict-set":
        n = max(1, min(1000, (16 << 20) // size))  # some megabytes, whatever the size
        table, keys, text = manager.dict(), itertools.cycle([f"key-{i}" for i in range(n)]), bytes(size)
        return lambda: table.__setitem__(next(keys), text) is None
    if what == "queue-put-get":
        queue = manager.Queue()
        return lambda: queue.put(7) is None and queue.get() == 7
    lock = manager.Lock()
    return lambda: lock.acquire() and lock.release() is None


def main():
    once = operation(start(sys.argv[3]), sys.argv[1], int(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.perf_counter_ns()
        for _ in range(int(line)):
            if not once():
                sys.exit("a wrong result")
        print(time.perf_counter_ns() - begin, flush=True)


try:
    main()
except (BrokenPipeError, KeyboardInterrupt):  # nobody is left who asks
    os._exit(1)
