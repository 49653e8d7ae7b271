package manager_test

import (
	"sync"
	"testing"

	"shmkit/manager"
)

// BenchmarkLoad is a round trip, of what no client maps: one caller, and sixteen over one client.
func BenchmarkLoad(b *testing.B) {
	for _, family := range families {
		b.Run(family, func(b *testing.B) {
			v, err := manager.NewValue(newWorld(b, family).dial(b), "x")
			if err != nil {
				b.Fatal(err)
			}
			for _, callers := range []int{1, 16} {
				b.Run(map[int]string{1: "1", 16: "16"}[callers], func(b *testing.B) {
					var group sync.WaitGroup
					for range callers {
						group.Go(func() {
							for range b.N / callers {
								if _, err := v.Load(); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					group.Wait()
				})
			}
		})
	}
}
