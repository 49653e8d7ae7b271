package include_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// damage is one that a hostile peer does to a queue.
type damage struct {
	name string
	do   func(h *layout.QueueHead, cells []byte)
}

// queueDamage: each field, with each of some values.
func queueDamage() (out []damage) {
	wild := []uint64{0, 1, 2, 5, 67, 1 << 20, 1<<22 | 1, 3<<22 | 1, 1<<31 | 4, 1<<32 - 1, 1<<44 - 1, 1<<63 + 64, 1<<64 - 1}
	fields := map[string]func(h *layout.QueueHead, v uint64){
		"slots":       func(h *layout.QueueHead, v uint64) { h.Slots = uint32(v) },
		"blocks":      func(h *layout.QueueHead, v uint64) { h.Blocks = uint32(v) },
		"stride":      func(h *layout.QueueHead, v uint64) { h.Stride = uint32(v) },
		"block size":  func(h *layout.QueueHead, v uint64) { h.BlockSize = uint32(v) },
		"tail":        func(h *layout.QueueHead, v uint64) { h.Tail = v },
		"head":        func(h *layout.QueueHead, v uint64) { h.Head = v },
		"items":       func(h *layout.QueueHead, v uint64) { h.Items = uint32(v) },
		"space":       func(h *layout.QueueHead, v uint64) { h.Space = uint32(v) },
		"flags":       func(h *layout.QueueHead, v uint64) { h.Flags = uint32(v) },
		"returns":     func(h *layout.QueueHead, v uint64) { h.Returns = v },
		"redelivered": func(h *layout.QueueHead, v uint64) { h.Redelivered = v },
		"high water":  func(h *layout.QueueHead, v uint64) { h.HighWater = v },
	}
	for name, set := range fields {
		for _, v := range wild {
			out = append(out, damage{fmt.Sprintf("%s %#x", name, v), func(h *layout.QueueHead, _ []byte) { set(h, v) }})
		}
	}
	for at, name := range map[int]string{0: "slot", 8: "block", 16: "length", 24: "version and next"} {
		for _, v := range wild {
			out = append(out, damage{fmt.Sprintf("%s %#x", name, v), func(h *layout.QueueHead, cells []byte) {
				for off := 0; off < len(cells); off += 128 {
					binary.LittleEndian.PutUint64(cells[off+at:], v)
				}
			}})
		}
	}
	return out
}

// hostileQueue is a queue with something in it, which may be damaged.
func hostileQueue(t *testing.T, seg *shm.Segment, name string) (*layout.QueueHead, []byte) {
	t.Helper()
	q, err := ring.NewIn[message](seg, name, 3)
	need(t, err)
	need(t, q.Put(messageOf(1, 1)))
	l, err := q.Lease()
	need(t, err)
	need(t, l.Nack())
	need(t, q.Put(messageOf(1, 2)))
	typ, err := shm.TypeOf[message]()
	need(t, err)
	o, err := seg.OpenObject(name, shm.Spec{Kind: shm.KindQueue, Type: typ})
	need(t, err)
	need(t, q.Detach())
	t.Cleanup(func() { o.Close() })
	return shm.Head[layout.QueueHead](o, 0), shm.Raw(o)
}

// hostileSegment is one that nobody checks at the end.
func hostileSegment(t *testing.T) (*shm.Segment, string) {
	t.Helper()
	needLinux(t)
	path := filepath.Join(t.TempDir(), "segment")
	seg, err := shm.Create(path, shm.WithMaxSize(1<<28))
	need(t, err)
	t.Cleanup(func() { seg.Close() })
	return seg, path
}

// known fails unless the codes that a program says are among those that a damaged queue
// may give.
func known(t *testing.T, where, text string) {
	t.Helper()
	var codes uint64
	var field string
	if _, err := fmt.Sscan(text, &codes, &field); err != nil {
		t.Fatal(text, err)
	}
	allowed := uint64(0)
	for _, c := range []int{ok, timedOut, perm, noRoom, empty, atEnd, eCorrupt} {
		allowed |= 1 << c
	}
	if codes&^allowed != 0 {
		t.Errorf("%s: codes %b", where, codes&^allowed)
	}
	if codes&(1<<eCorrupt) != 0 && !strings.HasPrefix(field, "queue.") && !strings.HasPrefix(field, "object.") {
		t.Errorf("%s: field %q", where, field)
	}
}

var sanitized = []string{"-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}

// Whatever the words of a queue are, calls of C come back, touch nothing else, and tell
// which field is wrong.
func TestHostileQueue(t *testing.T) {
	seg, path := hostileSegment(t)
	p := startProgram(t, compile(t, "cc", sanitized, "testdata/queue.c"))
	p.want(ok, "open", path)
	for i, d := range queueDamage() {
		for _, before := range []bool{true, false} {
			name := fmt.Sprintf("queue%d%v", i, before)
			h, cells := hostileQueue(t, seg, name)
			if before {
				d.do(h, cells)
			}
			p.send("find", name)
			if code, _ := p.answer(); code == eCorrupt {
				if got := p.want(ok, "detail"); !strings.HasPrefix(got, "queue.") {
					t.Errorf("%s: field %q", d.name, got)
				}
				continue
			} else if code != ok {
				t.Fatalf("%s: code %d", d.name, code)
			}
			d.do(h, cells)
			known(t, d.name, p.want(ok, "everything", 4))
			p.want(ok, "release")
		}
	}
	p.want(ok, "leave")
	p.exit()
}

// So it is if the words change all the time.
func TestQueueScribbledOver(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	seg, path := hostileSegment(t)
	p := startProgram(t, compile(t, "cc", sanitized, "testdata/queue.c"))
	p.want(ok, "open", path)
	damages := queueDamage()
	for i := range kills(5) {
		h, cells := hostileQueue(t, seg, fmt.Sprint(i))
		p.want(ok, "find", fmt.Sprint(i))
		p.send("everything", 300)
		answered := make(chan string, 1)
		go func() {
			line, _ := p.out.ReadString('\n')
			answered <- line
		}()
		for done := false; !done; {
			select {
			case got := <-answered:
				known(t, "scribbled over", strings.TrimPrefix(got, "0 "))
				done = true
			default:
				off := random.IntN(len(cells)/8) * 8
				binary.LittleEndian.PutUint64(cells[off:], random.Uint64()>>random.IntN(64))
				damages[random.IntN(len(damages))].do(h, cells)
				time.Sleep(time.Duration(random.IntN(50)) * time.Microsecond) // that it gets somewhere
			}
		}
		p.want(ok, "release")
	}
	p.want(ok, "leave")
	p.exit()
}
