package journal

import (
	"strconv"
	"sync"
	"testing"
)

// One record of 64 bytes, appended under the writer's lock and flushed outside it.
func BenchmarkAppendFlush(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(strconv.Itoa(callers), func(b *testing.B) {
			l, err := Open(logPath(b))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if err := l.Replay(nil, nil); err != nil {
				b.Fatal(err)
			}
			var mu sync.Mutex
			var all sync.WaitGroup
			record := make([]byte, 64)
			for i := range callers {
				n := (b.N + i) / callers
				all.Go(func() {
					for range n {
						mu.Lock()
						index, err := l.Append(record)
						mu.Unlock()
						if err == nil {
							err = l.Flush(index)
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
		})
	}
}
