package pipe_test

import "runtime"

// collect makes the garbage collector find what is unreachable. Waiting for it is the
// receiver's part.
func collect() {
	go func() {
		for range 20 {
			runtime.GC()
		}
	}()
}
