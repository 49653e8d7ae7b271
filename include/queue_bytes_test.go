package include_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

const tooLong = -90 // EMSGSIZE

// bytesOf is a message of testdata/bytes.c.
func bytesOf(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = seed + byte(i)
	}
	return b
}

func wholeBytes(b []byte) bool { return len(b) == 0 || string(b) == string(bytesOf(len(b), b[0])) }

func bytesQueue(t *testing.T, capacity, block int) (*shm.Segment, *ring.Queue[[]byte], string) {
	t.Helper()
	seg, path := segment(t)
	q, err := ring.NewIn[[]byte](seg, "bytes", capacity, ring.BlockSize(block))
	need(t, err)
	t.Cleanup(func() { q.Detach() })
	return seg, q, path
}

func openBytes(t *testing.T, path string) *peer {
	t.Helper()
	p := startProgram(t, program(t, "bytes"))
	p.want(ok, "open", path)
	p.want(ok, "find", "bytes")
	return p
}

// wholeBytesQueue sees that no block is in use: the longest message fits, and then as many
// blocks as there are.
func wholeBytesQueue(t *testing.T, q *ring.Queue[[]byte], most, block int) {
	t.Helper()
	need(t, q.TryPut(bytesOf(most, 1)))
	if b, err := q.TryGet(); err != nil || len(b) != most || !wholeBytes(b) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	for n := range q.Cap() + 64 {
		if _, err := q.TryLoan(); err != nil {
			t.Fatalf("block %d: %v", n, err)
		}
	}
}

// Messages of bytes, of each length, in each direction, in one block and in several.
func TestQueueBytes(t *testing.T) {
	const capacity, block = 4, 32
	_, q, path := bytesQueue(t, capacity, block)
	p := openBytes(t, path)
	p.says(fmt.Sprint(capacity*block), "most")
	for n := range capacity*block + 1 {
		seed := byte(3 * n)
		want := fmt.Sprintf("%d %d 0", n, map[bool]byte{true: seed}[n > 0])
		need(t, q.Put(bytesOf(n, seed)))
		p.says(want, "get")
		p.want(ok, "put", n, seed)
		if b, err := q.Get(); err != nil || string(b) != string(bytesOf(n, seed)) {
			t.Fatalf("%x, %v", b, err)
		}
		need(t, q.Put(bytesOf(n, seed)))
		p.says(want, "lease")
		p.want(ok, "nack")
		if n > 0 {
			p.want(tooLong, "get", n-1) // and it stays
		}
		l, err := q.TryLease()
		if err != nil || string(*l.Value) != string(bytesOf(n, seed)) || l.Deliveries() != 1 {
			t.Fatal(l, err)
		}
		need(t, l.Nack())
		p.says(want[:len(want)-1]+"2", "lease")
		p.want(ok, "ack")
		if n > block {
			p.want(tooLong, "place", n, seed)
			continue
		}
		p.want(ok, "place", n, seed)
		if b, err := q.Get(); err != nil || string(b) != string(bytesOf(n, seed)) {
			t.Fatalf("%x, %v", b, err)
		}
	}
	p.want(tooLong, "put", capacity*block+1, 0)
	p.want(eType, "plain", 1)
	for range capacity {
		p.want(ok, "put", 4*block-1, 1)
	}
	p.want(noRoom, "tryput", 1, 1)
	for range capacity {
		p.says(fmt.Sprint(4*block-1, " 1 0"), "tryget")
	}
	p.want(empty, "tryget")
	wholeBytesQueue(t, q, capacity*block, block)
}

// What a codec of Go has made is not for C.
func TestQueueEncoded(t *testing.T) {
	seg, _, path := bytesQueue(t, 1, 1)
	q, err := ring.NewIn[map[string]int](seg, "encoded", 4)
	need(t, err)
	t.Cleanup(func() { q.Detach() })
	text, err := ring.NewIn[string](seg, "text", 4)
	need(t, err)
	t.Cleanup(func() { text.Detach() })
	p := openBytes(t, path)
	p.want(ok, "release")
	p.want(eType, "find", "encoded")
	p.want(ok, "find", "text")
	p.want(ok, "put", 5, 'a')
	if s, err := text.Get(); s != "abcde" || err != nil {
		t.Error(s, err)
	}
	c := startProgram(t, program(t, "queue"))
	c.want(ok, "open", path)
	c.want(eType, "find", "encoded")
	c.want(eType, "find", "bytes")
	c.want(eType, "find", "bytes", "M")
}

// lengthOf is that of testdata/bytes.c.
func lengthOf(n, most uint64) uint64 {
	if n%4 != 0 {
		most = 100
	}
	return 1 + n*2654435761%most
}

// Both worlds at one queue of bytes under load.
func TestQueueBytesUnderLoad(t *testing.T) {
	each := uint64(4000)
	if testing.Short() {
		each = 400
	}
	for _, capacity := range []int{2, 50} {
		const block = 64
		_, q, path := bytesQueue(t, capacity, block)
		most := uint64(capacity * block)
		producer, consumer := openBytes(t, path), openBytes(t, path)
		consumer.send("consume")
		producer.send("produce", 0, each)
		var all sync.WaitGroup
		all.Go(func() {
			for n := range each {
				if err := q.Put(bytesOf(int(lengthOf(n, most)), byte(n))); err != nil {
					t.Error(err)
				}
			}
		})
		var eaten sync.WaitGroup
		count, size := uint64(0), uint64(0)
		eaten.Go(func() {
			for b, err := range q.All() {
				if err != nil || !wholeBytes(b) {
					t.Errorf("%x, %v", b, err)
				}
				count++
				size += uint64(len(b))
			}
		})
		all.Wait()
		producer.wantAnswer(ok)
		need(t, q.Close())
		eaten.Wait()
		var c, s, want uint64
		fmt.Sscan(consumer.wantAnswer(atEnd), &c, &s)
		for n := range each {
			want += 2 * lengthOf(n, most)
		}
		if count+c != 2*each || size+s != want {
			t.Errorf("%d messages of %d bytes, want %d of %d", count+c, size+s, 2*each, want)
		}
	}
}

// C processes are killed while they put and take messages of several blocks. Nothing is
// torn, and no block is lost.
func TestQueueBytesKilled(t *testing.T) {
	const capacity, block = 6, 32
	seg, q, path := bytesQueue(t, capacity, block)
	rounds := kills(60)
	notes := notesOf(t, seg, 2*rounds+2)
	survivor := openBytes(t, path)
	start := func(from int) *peer {
		p := openBytes(t, path)
		p.want(ok, "notes", "notes")
		if from%2 == 0 {
			p.send("churn")
		} else {
			p.send("produce", from, 1<<40)
		}
		return p
	}
	running := []*peer{start(0), start(1)}
	for i := range rounds {
		for end := time.Now().Add(time.Duration(rand.IntN(3000)) * time.Microsecond); time.Now().Before(end); {
			if b, err := q.TryGet(); err == nil && !wholeBytes(b) || err != nil && !errors.Is(err, ring.ErrEmpty) {
				t.Fatalf("%x, %v", b, err)
			}
		}
		running[i%2].kill()
		survivor.send("tryget")
		if code, text := survivor.answer(); code != empty && (code != ok || text == "torn") {
			t.Fatal(code, text)
		}
		running[i%2] = start(i + 2)
	}
	for _, p := range running {
		p.kill()
	}
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		b, err := q.GetContext(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil || !wholeBytes(b) {
			t.Fatalf("%x, %v", b, err)
		}
	}
	wholeBytesQueue(t, q, capacity*block, block)
	total := uint64(0)
	for _, n := range notes.Slice() {
		total += n
	}
	t.Logf("%d kills, %d messages known of", rounds+2, total)
}

// A C process that dies with a message of several blocks gives it back whole, to C alone as
// to Go; one that dies with one half-filled leaves no block behind.
func TestQueueBytesHolderKilled(t *testing.T) {
	const capacity, block = 4, 32
	_, q, path := bytesQueue(t, capacity, block)
	a, b := openBytes(t, path), openBytes(t, path)
	a.want(ok, "put", 100, 7)
	a.says("100 7 0", "lease")
	b.send("lease")
	a.kill()
	if got := b.wantAnswer(ok); got != "100 7 1" {
		t.Fatal(got)
	}
	b.kill()
	l, err := q.Lease()
	if err != nil || string(*l.Value) != string(bytesOf(100, 7)) || l.Deliveries() != 2 {
		t.Fatal(l, err)
	}
	need(t, l.Ack())
	wholeBytesQueue(t, q, capacity*block, block)
}

// Whatever the words of a queue of bytes are, calls of C come back and touch nothing else.
func TestHostileQueueOfBytes(t *testing.T) {
	seg, path := hostileSegment(t)
	p := startProgram(t, compile(t, "cc", sanitized, "testdata/bytes.c"))
	p.want(ok, "open", path)
	for i, d := range queueDamage() {
		name := fmt.Sprint("bytes", i)
		q, err := ring.NewIn[[]byte](seg, name, 3, ring.BlockSize(96))
		need(t, err)
		need(t, q.Put(bytesOf(200, 1)))
		need(t, q.Put(bytesOf(20, 1)))
		o, err := seg.OpenObject(name, shm.Spec{Kind: shm.KindQueue, Type: shm.MessageType("bytes", nil, 0)})
		need(t, err)
		p.want(ok, "find", name)
		d.do(shm.Head[layout.QueueHead](o, 0), shm.Raw(o))
		cells := shm.Raw(o)
		for n := range 3 { // each block names itself as the next one
			if i%2 == 0 {
				binary.LittleEndian.PutUint32(cells[n*128+28:], uint32(n+1))
			}
		}
		known(t, d.name, p.want(ok, "everything", 6))
		p.want(ok, "release")
		need(t, q.Detach())
		need(t, o.Close())
	}
	p.want(ok, "leave")
	p.exit()
}
