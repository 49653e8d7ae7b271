package pipe_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
	"shmkit/shm"
)

// wordsOfPair are the words of a connection that somebody scribbles on: each is set by a
// function.
func wordsOfPair(o *shm.Object) (all []func(x uint64)) {
	for lane := range uint64(2) {
		h := shm.Head[layout.StreamHead](o, lane*6*layout.Line)
		for _, w := range []*uint64{&h.Head, &h.Tail} {
			all = append(all, func(x uint64) { atomic.StoreUint64(w, x) })
		}
		for _, w := range []*uint32{&h.Items, &h.Space, &h.Producer, &h.Consumer, &h.Closing} {
			all = append(all, func(x uint64) { atomic.StoreUint32(w, uint32(x)) })
		}
	}
	b := shm.Items[byte](o)
	for at := 0; at < len(b); at += len(b) / 32 {
		all = append(all, func(x uint64) { binary.LittleEndian.PutUint64(b[at:], x) })
	}
	return all
}

// A hostile peer scribbles on a connection at any instant, also in the middle of Send and
// Recv: they come back with a message, or with an error that has a name.
func TestScribbledConn(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg, err := shm.Create(t.TempDir()+"/seg", shm.WithSize(4096), shm.WithMaxSize(1<<20))
	must(t, err)
	defer seg.Close()
	typ, err := shm.TypeOf[byte]()
	must(t, err)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	seen := map[string]int{}
	for round, begin := 0, time.Now(); time.Since(begin) < 3*time.Second; round++ {
		name := "conn"
		a, b, err := pipe.NewRoomIn(seg, name, true, 4096)
		must(t, err)
		o, err := seg.OpenObject(name, shm.Spec{Kind: shm.KindPair, Type: typ})
		must(t, err)
		all := wordsOfPair(o)
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for n := 0; n < 1+round%20; n++ {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(rng.IntN(300)) * time.Microsecond):
				}
				all[rng.IntN(len(all))](rng.Uint64() >> rng.IntN(64))
			}
		}()
		for range 10 {
			converse(t, a, b, seen)
		}
		close(stop)
		<-done
		a.Close()
		b.Close()
		must(t, o.Close())
		must(t, seg.RemoveObject(name))
	}
	t.Log(seen)
}

// converse uses both ends of a connection, each for a moment.
func converse(t *testing.T, a, b *pipe.Conn, seen map[string]int) {
	t.Helper()
	soon := time.Now().Add(2 * time.Millisecond)
	a.SetDeadline(soon)
	b.SetDeadline(soon)
	_, recv := b.RecvBytes()
	_, into := a.RecvInto(make([]byte, 4))
	_, poll := b.PollContext(context.Background())
	for what, err := range map[string]error{
		"send": a.SendBytes([]byte("hello")), "recv": recv, "into": into, "poll": poll,
		"long": b.SendBytes(make([]byte, 3000)), "value": a.Send(42),
	} {
		named := err == nil
		for _, e := range []error{
			io.EOF, os.ErrDeadlineExceeded, shm.ErrCorrupt, pipe.ErrPeerGone, pipe.ErrClosed, pipe.ErrTooShort, ring.ErrTaken,
		} {
			if errors.Is(err, e) {
				named = true
				seen[what+": "+e.Error()]++
			}
		}
		if !named {
			t.Errorf("%s: %v", what, err)
		}
	}
}
