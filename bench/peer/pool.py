# The peer of the pool rows: a multiprocessing.Pool of 2 by fork, the fastest way that
# multiprocessing has to start one.
#
#   pool.py WHAT ITEMS    for each number n that it reads: n times WHAT, of so many items or
#                         bytes; answers with the nanoseconds
import multiprocessing, os, sys, time


def square(x):
    return x * x


def ends(b):
    return b[0] + b[-1]


def operation(pool, what, items):
    numbers, squares = range(items), [x * x for x in range(items)]
    if what == "apply":
        return lambda: pool.apply(square, (7,)) == 49
    if what == "apply-bytes":
        argument = bytes([1]) * items
        return lambda: pool.apply(ends, (argument,)) == 2
    if what == "map-1":
        return lambda: pool.map(square, numbers, chunksize=1) == squares
    return lambda: pool.map(square, numbers) == squares


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        once = operation(pool, sys.argv[1], int(sys.argv[2]))
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
