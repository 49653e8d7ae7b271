package manager_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// logged makes a log in which there are 100 additions to a value "n", and gives its path.
func logged(t *testing.T, options ...manager.LogOption) string {
	path := filepath.Join(t.TempDir(), "log")
	s := serve(t, "unix", "", manager.WithLog(path, options...))
	v, err := manager.NewValue(client(t, s), 0, manager.Named("n"))
	must(t, err)
	for range 100 {
		_, err := v.Add(1)
		must(t, err)
	}
	must(t, s.Shutdown(background))
	return path
}

// number is what the value in a log is.
func number(t *testing.T, path string) int {
	t.Helper()
	s := serve(t, "unix", "", manager.WithLog(path))
	v, err := manager.OpenValue[int](client(t, s), "n")
	must(t, err)
	n, err := v.Load()
	must(t, err)
	must(t, s.Shutdown(background))
	return n
}

// A log whose end was cut off is good; one that is damaged, or of another version, or in use,
// tells so.
func TestLogDamaged(t *testing.T) {
	t.Run("torn", func(t *testing.T) {
		path := logged(t)
		b, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, append(b, b[len(b)-50:len(b)-20]...), 0o600))
		if n := number(t, path); n != 100 {
			t.Errorf("the value is %d", n)
		}
	})
	t.Run("snapshot", func(t *testing.T) {
		path, sum := logged(t), 100
		s := serve(t, "unix", "", manager.WithLog(path, manager.LogCompact(500)))
		v, err := manager.OpenValue[int](client(t, s), "n")
		must(t, err)
		for last, shorter := int64(0), 0; shorter < 3; {
			sum, err = v.Add(1)
			must(t, err)
			info, err := os.Stat(path)
			must(t, err)
			if info.Size() < last {
				shorter++
			}
			last = info.Size()
		}
		must(t, s.Shutdown(background))
		if n := number(t, path); n != sum {
			t.Errorf("the value is %d, want %d", n, sum)
		}
	})
	t.Run("in use", func(t *testing.T) {
		path := logged(t)
		serve(t, "unix", "", manager.WithLog(path))
		_, err := manager.Serve("unix", "", manager.WithLog(path))
		is(t, "Serve", err, manager.ErrLogInUse)
	})
	t.Run("sync", func(t *testing.T) {
		if n := number(t, logged(t, manager.LogSync())); n != 100 {
			t.Errorf("the value is %d", n)
		}
	})
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   error
	}{
		{"middle", func(b []byte) []byte { b[len(b)/2] ^= 0xFF; return b }, manager.ErrLogCorrupt},
		{"no log", func(b []byte) []byte { return bytes.Repeat([]byte("no log"), 100) }, manager.ErrLogCorrupt},
		{"version", func(b []byte) []byte { b[8]++; return b }, manager.ErrLogVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := logged(t)
			b, err := os.ReadFile(path)
			must(t, err)
			b = c.damage(b)
			must(t, os.WriteFile(path, b, 0o600))
			_, err = manager.Serve("unix", "", manager.WithLog(path))
			is(t, "Serve", err, c.want)
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(after, b) {
				t.Error("Serve has changed the log")
			}
		})
	}
	_, err := manager.Serve("unix", "", manager.WithLog(""))
	is(t, "a log without a path", err, manager.ErrArgument)
	_, err = manager.Serve("unix", "", manager.WithLog(filepath.Join(t.TempDir(), "no", "log")))
	is(t, "a log in no directory", err, os.ErrNotExist)
}

// A server process that Start started has a log too.
func TestStartWithLog(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	path := filepath.Join(t.TempDir(), "log")
	for i := range 3 {
		m, err := manager.Start(background, manager.WithLog(path))
		must(t, err)
		if i == 0 {
			_, err := manager.NewValue(m.Client(), 0, manager.Named("n"))
			must(t, err)
		}
		v, err := manager.OpenValue[int](m.Client(), "n")
		must(t, err)
		n, err := v.Add(1)
		must(t, err)
		if n != i+1 {
			t.Errorf("server %d gives %d", i, n)
		}
		must(t, m.Process().Kill())
		m.Process().Wait()
		if err := m.Shutdown(background); err == nil {
			t.Error("Shutdown of a server that was killed gives no error")
		}
	}
}

// When the log cannot grow the server says so, does nothing more, and ends; what it had
// answered is there when it begins again.
func TestLogFull(t *testing.T) {
	shmtest.Need("full-log")
	for _, family := range families[1:] { // the limit is for segments too
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, time.Minute)
			path := filepath.Join(t.TempDir(), "log")
			p := shmtest.Start(t, "full-log", family, path)
			address := p.Line()
			var clients []*manager.Client
			for range 4 {
				c, err := dialAt(family, address)
				must(t, err)
				t.Cleanup(func() { c.Close() })
				clients = append(clients, c)
			}
			_, err := manager.NewValue(clients[0], 0, manager.Named("n"))
			must(t, err)
			type result struct {
				last int
				err  error
			}
			results := make(chan result)
			for _, c := range clients {
				v, err := manager.OpenValue[int](c, "n")
				must(t, err)
				go func() {
					r := result{}
					for {
						n, err := v.Add(1)
						if err != nil {
							r.err = err
							results <- r
							return
						}
						r.last = n
					}
				}()
			}
			last, refused := 0, 0
			for range clients {
				r := <-results
				switch {
				case errors.Is(r.err, manager.ErrLog):
					refused++
				case !errors.Is(r.err, manager.ErrServerGone):
					t.Errorf("a call when the log is full: %v", r.err)
				}
				last = max(last, r.last)
			}
			if refused == 0 {
				t.Error("nobody was told that the log cannot be written")
			}
			for _, c := range clients {
				_, err := manager.NewValue(c, 0)
				is(t, "a later call", err, manager.ErrServerGone)
			}
			p.Expect("ended: true")
			p.Wait()
			if n := number(t, path); n < last || n > last+len(clients) {
				t.Errorf("the value is %d when the server begins again, and %d was the last answer", n, last)
			}
			t.Logf("%d answers, then %d of %d were told", last, refused, len(clients))
		})
	}
}

func init() {
	limited(func(c *shmtest.Child) {
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		s, err := manager.Serve(c.Args[0], "", testKey, manager.WithLog(c.Args[1]))
		c.Must(err)
		c.Say(s.Address())
		err = s.Wait(ctx)
		c.Say("ended:", errors.Is(err, manager.ErrLog))
	})
}
