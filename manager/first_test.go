package manager_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

func init() {
	shmtest.Register("serve", func(c *shmtest.Child) {
		s, err := manager.Serve(c.Args[0], c.Args[1])
		if err != nil {
			panic(err)
		}
		_ = s
		fmt.Println("ready")
		bufio.NewReader(os.Stdin).ReadString('\n')
	})
}

func BenchmarkLoad(b *testing.B) {
	for _, family := range []string{"shm", "unix"} {
		b.Run(family, func(b *testing.B) {
			addr := b.TempDir() + "/x"
			p := shmtest.Start(b, "serve", family, addr)
			p.Expect("ready")
			c, err := manager.Dial(context.Background(), family, addr)
			if err != nil {
				b.Fatal(err)
			}
			v, err := manager.NewValue(c, 3)
			if err != nil {
				b.Fatal(err)
			}
			b.Run("1", func(b *testing.B) {
				for i := 0; i < b.N; i++ {
					if _, err := v.Load(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("16", func(b *testing.B) {
				var w sync.WaitGroup
				for range 16 {
					w.Go(func() {
						for i := 0; i < b.N/16; i++ {
							v.Store(i)
						}
					})
				}
				w.Wait()
			})
			c.Close()
			p.Kill()
		})
	}
}

func TestFirst(t *testing.T) {
	shmtest.Need("serve")
	for _, family := range []string{"shm", "unix", "tcp"} {
		addr := t.TempDir() + "/x"
		if family == "tcp" {
			addr = "127.0.0.1:34871"
		}
		p := shmtest.Start(t, "serve", family, addr)
		p.Expect("ready")
		c, err := manager.Dial(context.Background(), family, addr)
		if err != nil {
			t.Fatal(err)
		}
		d, err := manager.Dial(context.Background(), family, addr)
		if err != nil {
			t.Fatal(err)
		}
		m, err := manager.NewMutex(c, manager.Named("m"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := manager.OpenMutex(d, "m")
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Lock(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		t.Log(n.LockContext(ctx))
		cancel()
		done := make(chan error)
		go func() { done <- n.Lock() }()
		time.Sleep(20 * time.Millisecond)
		t.Log(c.Close(), <-done)
		p.Kill()
		t.Log(n.Unlock())
	}
}
