// Package pools is what pools of worker processes must do, by conformance id, in whatever
// world they are.
//
// The model: a [Pool] has methods that run functions of this package: package pool does
// that with functions of its own, which have types as parameters, so each world has a few
// lines between. The functions are registered with package process, and must be in the
// program of the workers.
//
// Guarantees: the same calls have the same results and errors in every world.
//
// What it does not do: options, limits, retries, statistics and the death of the process
// that has the pool are tested where the pool is.
//
//	type ours struct{ *pool.Pool }
//	func (p ours) Apply(ctx context.Context, f *pools.Func, n int) (int, error) { return pool.Apply(ctx, p.Pool, f, n) }
//	…
//	func TestApply(t *testing.T) { pools.Apply(t, &pools.World{New: newOurs}) }
package pools
