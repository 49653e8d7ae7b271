// Package pool runs functions in a number of worker processes.
//
// The model: the process that makes a [Pool] decides, and belongs to nobody else; its
// workers are daemons of it. A task, which is a call of a function that is registered with
// package process or a chunk of such calls, goes to the workers through a queue in shared
// memory, and its result comes back through another one. Before a worker runs a task it
// writes itself down as the one that has it. So when a worker dies, at any instruction, it
// is known which task it had: that one fails, or is tried again, and no other.
//
// Guarantees: each task ends once, with its result or with an error that tells why: the
// function's, its panic, the death of its worker, the end of its time. A worker that dies is
// replaced, and one that is stopped holds up its own task alone. If the initializer fails
// again and again the pool is broken, and says so to all. Calls that do not wait never do,
// whatever the workers do. When the process that has the pool dies, however, its workers
// end, and nothing is left.
//
// What it does not do: a chunk is one task, so a worker that dies takes all results of its
// chunk with it; a task whose worker died may have had effects; and one that is tried again
// has them again, which is for the caller to allow: see [Retries]. Arguments and results are
// encoded as CBOR, and copied, up to 4 GiB each; handles of shared objects may be in them.
// The methods that decode a result run one at a time in the process that has the pool, while
// other results wait: they must not wait for a task of the same pool, which would be for ever.
// Up to 16 MiB of shared memory is kept for the next long arguments until the pool ends. A
// worker that gets those collects its garbage later, as with 32 MiB more in use, unless GOGC,
// GOMEMLIMIT or a [MemoryLimit] tell how much it may have.
//
//	var square = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) {
//		return x * x, nil
//	})
//
//	func main() {
//		process.Main()
//		p, err := pool.New(pool.Default())
//		squares, err := pool.Map(ctx, p, square, []int{1, 2, 3})
//		err = p.Shutdown(ctx, false)
//	}
package pool
