package manager_test

import (
	"fmt"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

func init() {
	shmtest.Register("queue-sink", func(c *shmtest.Child) {
		q, err := manager.OpenQueue[int](dialed(c), "q")
		c.Must(err)
		batch := make([]int, 256)
		c.Say("ready")
		for {
			var want int
			fmt.Sscan(c.Hear(), &want)
			for n := 0; n < want; {
				k := 1
				if c.Args[2] == "one" {
					_, err = q.Get()
				} else {
					k, err = q.GetN(batch)
				}
				c.Must(err)
				n += k
			}
			c.Say("done")
		}
	})
}

// BenchmarkQueue: Put and Get by one client, and messages from here to another process.
func BenchmarkQueue(b *testing.B) {
	for _, family := range families {
		w := newWorld(b, family)
		client := w.dial(b)
		b.Run(family+"/put+get", func(b *testing.B) {
			q, err := manager.NewQueue[int](client, 10)
			must(b, err)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				must(b, q.Put(i))
				_, err := q.Get()
				must(b, err)
			}
		})
		q, err := manager.NewQueue[int](client, 1000, manager.Named("q"))
		must(b, err)
		for _, how := range []string{"one", "batches"} {
			b.Run(family+"/elsewhere/"+how, func(b *testing.B) {
				p := w.start(b, "queue-sink", how)
				p.Expect("ready")
				p.Send(fmt.Sprint(b.N))
				b.ResetTimer()
				must(b, fill(q, b.N, how))
				p.Expect("done")
				b.StopTimer()
				p.Kill()
			})
		}
	}
}

// fill puts so many messages, one by one or in batches.
func fill(q *manager.Queue[int], n int, how string) error {
	list := make([]int, 256)
	for n > 0 {
		k, err := 1, error(nil)
		if how == "one" {
			err = q.Put(n)
		} else {
			k, err = q.PutN(list[:min(len(list), n)])
		}
		if err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// TestQueueFlow: what BenchmarkQueue measures works.
func TestQueueFlow(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		q, err := manager.NewQueue[int](w.dial(t), 100, manager.Named("q"))
		must(t, err)
		for _, how := range []string{"one", "batches"} {
			p := w.start(t, "queue-sink", how)
			p.Expect("ready")
			p.Send("1000")
			must(t, fill(q, 1000, how))
			p.Expect("done")
			must(t, differs(q.Len(), 0))
			p.Kill()
		}
	})
}
