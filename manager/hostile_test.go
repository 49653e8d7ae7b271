package manager_test

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/wire"
	"shmkit/manager"
)

// pace calls n times, for what no client maps, and gives the median and what 99 of 100 calls took at most.
func pace(t testing.TB, v *manager.Value[string], n int) (median, most time.Duration) {
	t.Helper()
	all := make([]time.Duration, n)
	for i := range all {
		began := time.Now()
		if got, err := v.Load(); got != "x" || err != nil {
			t.Fatalf("Load beside hostile clients: %q, %v", got, err)
		}
		all[i] = time.Since(began)
	}
	slices.Sort(all)
	return all[n/2], all[n*99/100]
}

// A hostile client does what it does until stop is closed.
type hostile func(t *testing.T, w *world, stop chan struct{})

func stopped(stop chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// wrongKey dials with another key, again and again.
func wrongKey(t *testing.T, w *world, stop chan struct{}) {
	for !stopped(stop) {
		if _, err := manager.Dial(background, w.family, w.address, manager.WithKey([]byte("another key of 32 bytes, or more"))); err == nil {
			t.Error("a client with another key came in")
		}
	}
}

// halfway connects again and again, and stops in the middle of the handshake.
func halfway(t *testing.T, w *world, stop chan struct{}) {
	network := "unix"
	if w.family == "tcp" {
		network = "tcp"
	}
	for i := 0; i < 300 && !stopped(stop); i++ {
		c, err := net.Dial(network, w.address)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.Write([]byte("\x00\x00\x00\x14half of a chall"))
	}
	<-stop
}

// deaf asks for a lot and reads nothing.
func deaf(t *testing.T, w *world, stop chan struct{}) {
	r := greet(t, w.family, w.address)
	defer r.conn.Close()
	value := wire.AppendBytes(nil, append([]byte{byte(wire.TagBlob)}, make([]byte, 1<<20)...))
	r.send(wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Create, Body: append(wire.AppendText([]byte{byte(wire.TypeValue)}, ""), value...)})
	created := wire.Read(r.recv().Body)
	object := created.Uint()
	var batch []byte
	for call := uint64(2); call < 600; call++ {
		batch = wire.Append(batch, &wire.Frame{Kind: wire.Request, Call: call, Object: object, Method: wire.ValueGet})
	}
	for r.conn.SendBytes(batch) == nil { // until it is cut off
	}
	<-stop
}

// slow asks for a lot and reads a little now and then.
func slow(t *testing.T, w *world, stop chan struct{}) {
	r := greet(t, w.family, w.address)
	var group sync.WaitGroup
	group.Go(func() {
		for call := uint64(1); !stopped(stop); call++ {
			if r.conn.SendBytes(wire.Append(nil, &wire.Frame{Kind: wire.Request, Call: call, Method: wire.Objects})) != nil {
				return
			}
		}
	})
	for !stopped(stop) {
		if _, err := r.conn.RecvBytes(); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r.conn.Close()
	group.Wait()
}

// flood sends as many frames as it can, and reads what comes.
func flood(t *testing.T, w *world, stop chan struct{}) {
	r := greet(t, w.family, w.address)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			if _, err := r.conn.RecvBytes(); err != nil {
				return
			}
		}
	})
	var batch []byte
	for range 4096 {
		batch = wire.Append(batch, &wire.Frame{Kind: wire.Ping, Call: 1})
		batch = wire.Append(batch, &wire.Frame{Kind: wire.Cancel, Call: 1})
	}
	for !stopped(stop) && r.conn.SendBytes(batch) == nil {
	}
	r.conn.Close()
	group.Wait()
}

// noise sends what is no frame, again and again.
func noise(t *testing.T, w *world, stop chan struct{}) {
	for !stopped(stop) {
		r := greet(t, w.family, w.address)
		r.conn.SendBytes(bytes.Repeat([]byte{0xff}, 100_000))
		io.Copy(io.Discard, r.conn.NetConn())
		r.conn.Close()
	}
}

// Hostile clients cost bounded memory, are cut off, and do not keep others from what they do.
// What is printed is for people: on a busy machine numbers mean little.
func TestHostile(t *testing.T) {
	calls := 2000
	if testing.Short() {
		calls = 200
	}
	eachWorld(t, func(t *testing.T, w *world) {
		v, err := manager.NewValue(w.dial(t), "x")
		must(t, err)
		pace(t, v, calls)
		before := w.memory(t)
		for name, h := range map[string]hostile{"wrong key": wrongKey, "half a handshake": halfway, "reads nothing": deaf, "slow": slow, "flood": flood, "noise": noise} {
			median, most := pace(t, v, calls)
			stop := make(chan struct{})
			var group sync.WaitGroup
			group.Go(func() { h(t, w, stop) })
			during, mostDuring := pace(t, v, calls)
			memory := w.memory(t)
			close(stop)
			group.Wait()
			w.quiet(t, 1)
			t.Logf("%-17s others: median %v, then %v (×%.1f), 99%% %v, then %v; memory %d KiB, then %d, after it %d", name, median, during,
				float64(during)/float64(median), most, mostDuring, before, memory, w.memory(t))
			if memory > before+200<<10 {
				t.Errorf("%s: the server has taken %d KiB", name, memory-before)
			}
		}
	})
}

// Who does not read is cut off, and the server says why; who reads in time hears it.
func TestStalled(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		reports := make(chan error, 1)
		s := serve(t, family, "", manager.WithStallTimeout(50*time.Millisecond), manager.WithReport(func(_ string, err error) { reports <- err }))
		r := greet(t, family, s.Address())
		value := wire.AppendBytes(nil, append([]byte{byte(wire.TagBlob)}, make([]byte, 1<<20)...))
		r.send(wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Create, Body: append(wire.AppendText([]byte{byte(wire.TypeValue)}, ""), value...)})
		created := wire.Read(r.recv().Body)
		object := created.Uint()
		var frames []wire.Frame
		for call := range uint64(20) {
			frames = append(frames, wire.Frame{Kind: wire.Request, Call: call + 2, Object: object, Method: wire.ValueGet})
		}
		r.send(frames...)
		if err := <-reports; !strings.Contains(err.Error(), "does not read") {
			t.Errorf("the server says %v", err)
		}
		if why := r.refusal(); why.Code != wire.CodeTooMuch || !strings.Contains(why.Text, "does not read") {
			t.Errorf("the client hears %+v", why)
		}
	})
}

// 10,000 clients that do nothing cost some memory each and nobody any time.
func TestIdleConnections(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	if most := openFiles(t); most < uint64(n)+200 {
		t.Skipf("only %d files may be open", most)
	}
	for _, family := range []string{"unix", "tcp"} {
		t.Run(family, func(t *testing.T) {
			w := newWorld(t, family)
			v, err := manager.NewValue(w.dial(t), "x")
			must(t, err)
			pace(t, v, 2000)
			median, most := pace(t, v, 2000)
			before := w.memory(t)
			var group sync.WaitGroup
			for i := range 32 {
				group.Go(func() {
					for range (n + i) / 32 {
						greet(t, w.family, w.address)
					}
				})
			}
			group.Wait()
			memory := w.memory(t)
			during, mostDuring := pace(t, v, 2000)
			t.Logf("%d idle connections: %.1f KiB each; others: median %v, then %v (×%.1f), 99%% %v, then %v", n, float64(memory-before)/float64(n), median,
				during, float64(during)/float64(median), most, mostDuring)
		})
	}
}
