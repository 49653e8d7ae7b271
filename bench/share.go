package main

import (
	"errors"
	"sync"
)

// sharing is the runner of as many goroutines as there are functions, each of which calls its
// own; they do n calls together.
func sharing(does []func(i int) error) runner {
	if len(does) == 1 {
		i := -1
		return failing(func() error { i++; return does[0](i) })
	}
	return func(n int) (ns float64, err error) {
		ns, _ = timed(func(n int) {
			failed := make([]error, len(does))
			var all sync.WaitGroup
			for k, do := range does {
				all.Go(func() {
					for i := n * k / len(does); i < n*(k+1)/len(does) && failed[k] == nil; i++ {
						failed[k] = do(i)
					}
				})
			}
			all.Wait()
			err = errors.Join(failed...)
		})(n)
		return ns, err
	}
}
