package ring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// note is what is encoded.
type note struct {
	From string
	Tags []string
	More map[string]any
	Next *note
}

// newMessages is a queue of Ts that are not plain memory.
func newMessages[T any](t testing.TB, capacity int, options ...ring.Option) *ring.Queue[T] {
	t.Helper()
	q, err := ring.NewIn[T](segment(t), "messages", capacity, options...)
	must(t, err)
	t.Cleanup(func() { q.Detach() })
	return q
}

// free is how many blocks of q are in nobody's hands. Who wants one more than there are looks
// after those who died.
func free[T any](t testing.TB, q *ring.Queue[T]) (n int) {
	t.Helper()
	loans := []*ring.Loan[T]{}
	for {
		l, err := q.TryLoan()
		if errors.Is(err, ring.ErrFull) {
			break
		}
		must(t, err)
		loans = append(loans, l)
	}
	for _, l := range loans {
		must(t, l.Abandon())
	}
	return len(loans)
}

// parts are n bytes that tell when they were mixed up.
func parts(from byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i*i>>3)
	}
	return b
}

// Messages of all lengths, up to all blocks of the capacity, come as they were put, in their
// order, and leave nothing behind. A longer one is refused before anything is touched.
func TestMessagesOfAllSizes(t *testing.T) {
	for _, capacity := range []int{1, 3, 7} {
		q := newMessages[[]byte](t, capacity, ring.BlockSize(10))
		text, err := ring.NewIn[string](segment(t), "text", capacity, ring.BlockSize(10))
		must(t, err)
		blocks := free(t, q)
		for n := range capacity*10 + 1 {
			must(t, q.Put(parts(1, n)))
			if n < 20 && capacity > 2 {
				must(t, q.Put(parts(2, 3)))
			}
			if b, err := q.Get(); err != nil || b == nil || !bytes.Equal(b, parts(1, n)) {
				t.Fatalf("capacity %d: %d bytes: %v %v", capacity, n, b, err)
			}
			if b, err := q.TryGet(); err == nil && !bytes.Equal(b, parts(2, 3)) {
				t.Fatalf("capacity %d: after %d bytes: %v", capacity, n, b)
			}
			must(t, text.Put(string(parts(3, n))))
			if s, err := text.Get(); err != nil || s != string(parts(3, n)) {
				t.Fatalf("capacity %d: text of %d bytes: %q %v", capacity, n, s, err)
			}
		}
		info := q.Info()
		err = q.Put(make([]byte, capacity*10+1))
		var size *ring.SizeError
		if !errors.As(err, &size) || size.Size != capacity*10+1 || size.Max != capacity*10 || !errors.Is(err, ring.ErrSize) {
			t.Errorf("capacity %d: too long: %v", capacity, err)
		}
		if want := fmt.Sprintf("make the queue with BlockSize(11), or a capacity of %d and BlockSize(10)", capacity+1); size.Fix != want {
			t.Errorf("capacity %d: %q, want %q", capacity, size.Fix, want)
		}
		if after := q.Info(); after != info || free(t, q) != blocks {
			t.Errorf("capacity %d: %+v and %d blocks free, before %+v and %d", capacity, after, free(t, q), info, blocks)
		}
		must(t, text.Detach())
	}
}

// A message that cannot be encoded leaves the queue as it was, and the next one arrives.
//
// conformance: Q-07
func TestPutUnencodable(t *testing.T) {
	q := newMessages[any](t, 1)
	for range 3 {
		info := q.Info()
		var bad *ring.EncodeError
		if err := q.Put(func() {}); !errors.As(err, &bad) {
			t.Errorf("Put of a function: %v", err)
		}
		if n, err := q.PutN([]any{make(chan int)}); n != 0 || !errors.As(err, &bad) {
			t.Errorf("PutN of a channel: %d %v", n, err)
		}
		if now := q.Info(); now != info {
			t.Errorf("%+v, before %+v", now, info)
		}
		must(t, q.TryPut("next"))
		if err := q.TryPut("one too many"); !errors.Is(err, ring.ErrFull) {
			t.Errorf("TryPut into a full queue: %v", err)
		}
		if v, err := q.Get(); v != "next" || err != nil {
			t.Errorf("got %v %v", v, err)
		}
	}
	if n := free(t, q); n != 65 {
		t.Errorf("%d blocks are free, want 65", n)
	}
}

// liar is a codec that says it is CBOR and puts bytes as they are.
type liar struct{}

func (liar) Name() string                           { return "cbor" }
func (liar) Append(b []byte, v any) ([]byte, error) { return append(b, (*v.(*note)).From...), nil }
func (liar) Decode([]byte, any) error               { return errors.New("no") }

// A message that cannot be decoded is told of, with its bytes, and the queue goes on.
func TestGetUndecodable(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	q, err := ring.NewIn[note](seg, "q", 8, ring.BlockSize(16))
	must(t, err)
	other, err := ring.Open[note](seg, "q", ring.WithCodec(liar{}))
	must(t, err)
	bad := strings.Repeat("\xff", 40)
	is := func(what string, err error) {
		t.Helper()
		var e *ring.DecodeError
		if !errors.As(err, &e) || string(e.Raw) != bad {
			t.Errorf("%s: %v", what, err)
		}
	}
	put := func() {
		t.Helper()
		must(t, other.Put(note{From: bad}))
		must(t, q.Put(note{From: "good"}))
	}
	put()
	_, err = q.Get()
	is("Get", err)
	n, err := q.Get()
	must(t, err)
	if n.From != "good" {
		t.Errorf("got %+v", n)
	}
	put()
	_, err = q.TryLease()
	is("TryLease", err)
	l, err := q.TryLease()
	must(t, err)
	must(t, l.Ack())
	must(t, q.Put(note{From: "first"}))
	put()
	list := make([]note, 9)
	k, err := q.GetN(list)
	if is("GetN", err); k != 1 || list[0].From != "first" {
		t.Errorf("GetN: %d %v", k, list[0])
	}
	put()
	must(t, q.Close())
	good, errs := 0, 0
	for n, err := range q.All() {
		if err != nil {
			is("All", err)
			errs++
		} else if n.From == "good" {
			good++
		}
	}
	if good != 2 || errs != 1 {
		t.Errorf("All: %d good ones, %d errors", good, errs)
	}
	if n := q.Len(); n != 0 {
		t.Errorf("Len is %d at the end", n)
	}
	must(t, errors.Join(other.Detach(), q.Detach()))
}

// jsonCodec is a codec that is not CBOR.
type jsonCodec struct{}

func (jsonCodec) Name() string { return "json" }
func (jsonCodec) Append(b []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(b, text...), err
}
func (jsonCodec) Decode(b []byte, v any) error { return json.Unmarshal(b, v) }

// A queue is opened as what it is, and as nothing else. Names of types do not count, and
// text is bytes.
func TestTypesOfMessages(t *testing.T) {
	seg := segment(t)
	opens := map[string]map[string]func() error{}
	type word struct{ Text, Lang string }
	type twin struct {
		Text string
		Lang string
	}
	add := func(name string, create func() error, same map[string]func() error) {
		must(t, create())
		opens[name] = same
	}
	add("bytes", makes[[]byte](seg, "bytes"), map[string]func() error{"bytes": opening[[]byte](seg, "bytes"), "text": opening[string](seg, "bytes")})
	add("note", makes[note](seg, "note"), map[string]func() error{"pointer": opening[*note](seg, "note")})
	add("word", makes[word](seg, "word"), map[string]func() error{"twin": opening[twin](seg, "word")})
	add("json", makes[note](seg, "json", ring.WithCodec(jsonCodec{})), map[string]func() error{"json": opening[note](seg, "json", ring.WithCodec(jsonCodec{}))})
	add("cbor of plain memory", makes[int](seg, "cbor of plain memory", ring.WithCodec(ring.CBOR)),
		map[string]func() error{"int64": opening[int64](seg, "cbor of plain memory", ring.WithCodec(ring.CBOR))})
	add("int", makes[int](seg, "int"), map[string]func() error{"int": opening[int](seg, "int")})
	for name, same := range opens {
		for as, open := range same {
			if err := open(); err != nil {
				t.Errorf("%s as %s: %v", name, as, err)
			}
		}
		for as, open := range map[string]func() error{
			"bytes": opening[[]byte](seg, name), "note": opening[note](seg, name), "int": opening[int](seg, name), "bool": opening[bool](seg, name),
			"map": opening[map[string]int](seg, name), "json": opening[note](seg, name, ring.WithCodec(jsonCodec{})),
		} {
			var wrong *shm.TypeError
			if err := open(); as != name && !errors.As(err, &wrong) {
				t.Errorf("%s as %s: %v", name, as, err)
			}
		}
	}
	for _, n := range []int{0, -1, 1<<30 + 1} {
		if _, err := ring.NewIn[string](seg, "x", 1, ring.BlockSize(n)); !errors.Is(err, ring.ErrBlockSize) {
			t.Errorf("BlockSize(%d): %v", n, err)
		}
	}
	if _, err := ring.NewIn[int](seg, "x", 1, ring.BlockSize(8)); !errors.Is(err, ring.ErrBlockSize) {
		t.Errorf("BlockSize of plain memory: %v", err)
	}
}

func makes[T any](seg *shm.Segment, name string, options ...ring.Option) func() error {
	return func() error {
		q, err := ring.NewIn[T](seg, name, 2, options...)
		if err == nil {
			err = q.Detach()
		}
		return err
	}
}

func opening[T any](seg *shm.Segment, name string, options ...ring.Option) func() error {
	return func() error {
		q, err := ring.Open[T](seg, name, options...)
		if err == nil {
			err = q.Detach()
		}
		return err
	}
}

// A codec of one's own; who gets a handle has registered it.
func TestCodec(t *testing.T) {
	q := newMessages[note](t, 3, ring.WithCodec(jsonCodec{}), ring.BlockSize(20))
	want := note{From: "me", Tags: []string{"a", "b"}, Next: &note{From: strings.Repeat("you", 9)}}
	text, err := q.MarshalText()
	must(t, err)
	other := new(ring.Queue[note])
	if err := other.UnmarshalText(text); !errors.Is(err, shm.ErrType) {
		t.Errorf("handle of a queue with an unknown codec: %v", err)
	}
	ring.RegisterCodec(jsonCodec{})
	must(t, other.UnmarshalText(text))
	must(t, q.Put(note{From: "me"}))
	if n, err := other.Get(); err != nil || n.From != "me" {
		t.Errorf("got %+v %v", n, err)
	}
	var size *ring.SizeError
	if err := q.Put(want); !errors.As(err, &size) || size.Max != 60 {
		t.Errorf("Put of a long one: %v", err)
	}
	must(t, other.Detach())
}

// Bytes are leased and filled in place, if they fit into a block.
func TestBytesInPlace(t *testing.T) {
	q := newMessages[[]byte](t, 4, ring.BlockSize(100))
	blocks := free(t, q)
	for _, n := range []int{0, 1, 100, 101, 400} {
		l, err := q.Loan()
		must(t, err)
		if len(*l.Value) != 100 {
			t.Fatalf("a loan of %d bytes", len(*l.Value))
		}
		if n <= 100 {
			*l.Value = (*l.Value)[:copy(*l.Value, parts(1, n))]
		} else {
			*l.Value = parts(1, n) // memory of our own
		}
		must(t, l.Publish())
		for again := range 2 {
			got, err := q.Lease()
			must(t, err)
			if !bytes.Equal(*got.Value, parts(1, n)) || got.Deliveries() != again {
				t.Errorf("%d bytes: leased %v, delivered %d times", n, *got.Value, got.Deliveries())
			}
			if again == 0 {
				must(t, got.Nack())
				continue
			}
			must(t, got.Ack())
			if err := got.Ack(); !errors.Is(err, ring.ErrNotHeld) {
				t.Errorf("second Ack: %v", err)
			}
		}
	}
	l, err := q.Loan()
	must(t, err)
	*l.Value = make([]byte, 401)
	if err := l.Publish(); !errors.Is(err, ring.ErrSize) {
		t.Errorf("Publish of 401 bytes: %v", err)
	}
	*l.Value = parts(9, 350)
	must(t, l.Publish())
	must(t, q.Put(parts(8, 300)))
	must(t, q.Put(parts(7, 1)))
	must(t, q.Put(parts(6, 1)))
	if l, err = q.Loan(); err != nil {
		t.Fatal(err)
	}
	*l.Value = parts(5, 300)
	if err := l.TryPublish(); !errors.Is(err, ring.ErrFull) {
		t.Errorf("TryPublish into a full queue: %v", err)
	}
	must(t, l.Abandon())
	for _, want := range [][]byte{parts(9, 350), parts(8, 300), parts(7, 1), parts(6, 1)} {
		if b, err := q.Get(); err != nil || !bytes.Equal(b, want) {
			t.Errorf("got %v %v, want %v", b, err, want)
		}
	}
	if n := free(t, q); n != blocks {
		t.Errorf("%d blocks are free, at first %d", n, blocks)
	}
}

// What is encoded is leased and loaned as a value.
func TestEncodedLeases(t *testing.T) {
	q := newMessages[map[string]int](t, 4)
	l, err := q.Loan()
	must(t, err)
	*l.Value = map[string]int{"a": 1}
	must(t, l.Publish())
	n, err := q.PutN([]map[string]int{{"b": 2}, nil})
	must(t, err)
	got, err := q.Lease()
	must(t, err)
	if n != 2 || (*got.Value)["a"] != 1 {
		t.Errorf("put %d, leased %v", n, *got.Value)
	}
	must(t, got.Ack())
	list := make([]map[string]int, 5)
	if n, err = q.GetN(list); n != 2 || err != nil || list[0]["b"] != 2 || list[1] != nil {
		t.Errorf("GetN: %d %v %v", n, err, list)
	}
	must(t, q.Close())
	if l, err := q.Loan(); !errors.Is(err, ring.ErrClosed) {
		t.Errorf("Loan of a closed queue: %v %v", l, err)
	}
}

// A long message waits until there are blocks for all of it, and gives up with its context.
func TestLongMessageWaits(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	const capacity = 200
	q := newMessages[[]byte](t, capacity, ring.BlockSize(1))
	leases := []*ring.Lease[[]byte]{}
	for range 30 { // of 264 blocks
		must(t, q.Put(parts(0, 5)))
		l, err := q.Lease()
		must(t, err)
		leases = append(leases, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- q.PutContext(ctx, parts(1, capacity)) }()
	if err := q.TryPut(parts(1, capacity)); !errors.Is(err, ring.ErrFull) {
		t.Errorf("TryPut: %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("PutContext: %v", err)
	}
	go func() { done <- q.Put(parts(1, capacity)) }()
	must(t, q.Put(parts(2, 100))) // what is shorter goes by
	for _, l := range leases {
		must(t, l.Ack())
	}
	b, err := q.Get()
	must(t, err)
	if !bytes.Equal(b, parts(2, 100)) {
		t.Errorf("got %d bytes", len(b))
	}
	if b, err = q.Get(); err != nil || !bytes.Equal(b, parts(1, capacity)) {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
	must(t, <-done)
	if n := free(t, q); n != capacity+64 {
		t.Errorf("%d blocks are free", n)
	}
}

// Producers whose messages take more than half of all blocks each do not stop each other,
// beside short ones; nothing is lost or mixed up, and at the end every block is free.
func TestLongMessagesSideBySide(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const capacity, each = 100, 40
	q := newMessages[[]byte](t, capacity, ring.BlockSize(8))
	done := make(chan error)
	for p := range byte(3) {
		go func() {
			var err error
			for n := range byte(each) {
				size := 2 + (capacity-1-int(n))*8*int(p+1)/3
				err = errors.Join(err, q.Put(slices.Concat([]byte{p, n}, parts(p, size))))
			}
			done <- err
		}()
	}
	got := make(chan error)
	for range 2 {
		go func() {
			last := map[byte]int{}
			for b, err := range q.All() {
				if err == nil && !bytes.Equal(b[2:], parts(b[0], len(b)-2)) {
					err = fmt.Errorf("message %d of %d is mixed up", b[1], b[0])
				}
				if n, ok := last[b[0]]; ok && int(b[1]) <= n {
					err = fmt.Errorf("message %d of %d after %d", b[1], b[0], n)
				}
				last[b[0]] = int(b[1])
				if err != nil {
					t.Error(err)
				}
			}
			got <- nil
		}()
	}
	for range 3 {
		must(t, <-done)
	}
	must(t, q.Close())
	for range 2 {
		must(t, <-got)
	}
	if info := q.Info(); info.Gets != 3*each || info.Len != 0 {
		t.Errorf("%+v", info)
	}
}
