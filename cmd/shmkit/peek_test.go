package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

func init() {
	shmtest.Register("work", work)
	shmtest.Register("want", want)
}

// work leases one message of a queue, loans a block, and keeps both.
func work(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	q, err := ring.Open[point](seg, "jobs")
	c.Must(err)
	_, err = q.Lease()
	c.Must(err)
	_, err = q.Loan()
	c.Must(err)
	c.Say("working")
	c.Park()
}

// want waits for a message.
func want(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	q, err := ring.Open[point](seg, "jobs")
	c.Must(err)
	c.Say("open")
	_, err = q.Get()
	c.Must(err)
	c.Say("got")
}

func jobs(t *testing.T, seg *shm.Segment, n int) *ring.Queue[point] {
	t.Helper()
	q, err := ring.NewIn[point](seg, "jobs", 4)
	must(t, err)
	t.Cleanup(func() { q.Detach() })
	for i := range n {
		must(t, q.Put(point{X: float64(i) / 2, N: [2]int16{int16(i), -1}, C: 'j'}))
	}
	return q
}

func ringsOf(t *testing.T, name string) []ringRecord {
	t.Helper()
	var out bytes.Buffer
	if run([]string{"inspect", "--json", "sample"}, &out, os.Stderr) != 0 {
		t.Fatal("inspect fails")
	}
	for _, o := range fromJSON[segmentRecord](t, out.String()).Objects {
		if o.Name == name {
			return o.Rings
		}
	}
	t.Fatalf("no object %s", name)
	return nil
}

// A queue through its life: who has what of it, dead or alive, and what it has done.
func TestInspectQueue(t *testing.T) {
	seg := sample(t)
	q := jobs(t, seg, 4)
	worker := shmtest.Start(t, "work", seg.Path())
	worker.Expect("working")
	contains(t, shmkit(t, 0, "inspect", "sample"),
		`\n\d+ +jobs +Queue .* 3 of 4, in hand: 2\n`,
		`QUEUE +NAME +WAITING +OF +HIGHEST +PUT +TAKEN +AGAIN +GETTING +PUTTING +STATE\n\d+ +jobs +3 +4 +4 +4 +1 +0 +- +- +open\n`,
		fmt.Sprintf(`\n\d+ +jobs +%d +alive +lease +\d+ +0 +0\n`, worker.PID()),
		fmt.Sprintf(`\n\d+ +jobs +%d +alive +loan +\d+ +- +-\n`, worker.PID()))
	worker.Kill()
	contains(t, shmkit(t, 0, "inspect", "sample"), fmt.Sprintf(`\n\d+ +jobs +%d +dead +lease +0 +0 +0\n`, worker.PID()))
	r := ringsOf(t, "jobs")[0]
	if len(r.Holdings) != 2 || r.Len != 3 || r.Puts != 4 || r.Gets != 1 || r.HighWater != 4 || r.Holdings[0].PID != uint32(worker.PID()) || r.Holdings[0].Alive {
		t.Errorf("%+v", r)
	}
	shmkit(t, 0, "doctor") // the dead one's lease comes back
	contains(t, shmkit(t, 0, "peek", "sample", "jobs"), `\n0 +0 +1, came back +16 B +\{"X":0,"N":\[0,-1\],"C":"j"\}\n`)
	for range 4 {
		_, err := q.Get()
		must(t, err)
	}
	if r := ringsOf(t, "jobs")[0]; len(r.Holdings) != 0 || r.Len != 0 || r.Gets != 4 || r.Redelivered != 1 {
		t.Errorf("%+v", r)
	}
	waiter := shmtest.Start(t, "want", seg.Path())
	waiter.Expect("open")
	for !ringsOf(t, "jobs")[0].Getting {
	}
	contains(t, shmkit(t, 0, "inspect", "sample"), `Queue .* 0 of 4, waited for\n`, `\n\d+ +jobs +0 +4 +4 +4 +4 +1 +some +- +open\n`)
	must(t, q.Put(point{}))
	waiter.Expect("got")
	must(t, q.Close())
	if r := ringsOf(t, "jobs")[0]; !r.Closed || r.Len != 0 {
		t.Errorf("%+v", r)
	}
}

// Peek shows what waits, in order, and takes nothing.
func TestPeek(t *testing.T) {
	seg := sample(t)
	q := jobs(t, seg, 4)
	l, err := q.Lease()
	must(t, err)
	out := shmkit(t, 0, "peek", "sample", "jobs")
	contains(t, out, `RING +TICKET +DELIVERIES +SIZE +MESSAGE\n0 +1 +0 +16 B +\{"X":0.5,"N":\[1,-1\],"C":"j"\}\n0 +2 .*\n0 +3 .*\n$`)
	must(t, l.Nack())
	out = shmkit(t, 0, "peek", "-n", "2", seg.Path(), "jobs")
	contains(t, out, `\n0 +0 +1, came back +.*\n0 +1 +0 .*\n$`)
	r := fromJSON[peekRecord](t, shmkit(t, 0, "peek", "--json", "sample", "jobs"))
	if len(r.Messages) != 4 || !r.Messages[0].Returned || r.Messages[0].Deliveries != 1 || r.Messages[3].Ticket != 3 || r.Kind != "Queue" ||
		r.Messages[3].Hex != "000000000000f83f0300ffff6a000000" || r.Messages[3].Bytes != 16 {
		t.Errorf("%+v", r)
	}
	// By number too.
	if again := shmkit(t, 0, "peek", "--json", "sample", fmt.Sprint(r.Index)); fromJSON[peekRecord](t, again).Name != "jobs" {
		t.Error(again)
	}
	if q.Len() != 4 {
		t.Errorf("%v after peeking", q)
	}
	contains(t, shmkit(t, 1, "peek", "sample", "none"), `^shmkit: peek \S+/sample#none: .*not found`)
	contains(t, shmkit(t, 1, "peek", "sample", "prices"), `not a queue or stream: Array`)
	contains(t, shmkit(t, 1, "peek", "none", "jobs"), `not found`)
}

// Messages that are encoded, text, and longer than a block.
func TestPeekEncoded(t *testing.T) {
	seg := sample(t)
	text, err := ring.NewIn[string](seg, "text", 4, ring.BlockSize(64))
	must(t, err)
	t.Cleanup(func() { text.Detach() })
	must(t, text.Put("short"))
	long := strings.Repeat("0123456789", 20)
	must(t, text.Put(long))
	encoded, err := ring.NewIn[map[string][]int](seg, "encoded", 4)
	must(t, err)
	t.Cleanup(func() { encoded.Detach() })
	must(t, encoded.Put(map[string][]int{"a": {1, 2}}))
	contains(t, shmkit(t, 0, "peek", "sample", "text"), `\n0 +0 +0 +5 B +"short"\n0 +1 +0 +200 B +"0123456789.*… \(42 more\)\n$`)
	r := fromJSON[peekRecord](t, shmkit(t, 0, "peek", "--json", "sample", "text"))
	if len(r.Messages) != 2 || r.Messages[1].Hex != hex.EncodeToString([]byte(long)) || r.Messages[1].Bytes != 200 {
		t.Errorf("%+v", r)
	}
	contains(t, shmkit(t, 0, "peek", "sample", "encoded"), `\n0 +0 +0 +\d+ B +\{"a": \[1, 2\]\}\n$`)
	contains(t, shmkit(t, 0, "peek", "--json", "sample", "encoded"), `"value": "\{\\"a\\": \[1, 2\]\}"`)
	contains(t, shmkit(t, 0, "check", "sample"), `sound`)
}

// Streams: what lies between their ends, and who has these.
func TestPeekStreams(t *testing.T) {
	seg := sample(t)
	s, err := ring.NewSPSCIn[uint16](seg, "spsc", 8)
	must(t, err)
	p, err := s.Producer()
	must(t, err)
	r, err := ring.NewRecordsIn(seg, "records", 256)
	must(t, err)
	w, err := r.Writer()
	must(t, err)
	c, err := r.Reader()
	must(t, err)
	b, err := ring.NewBroadcastIn[int32](seg, "broadcast", 4)
	must(t, err)
	pub, err := b.Publisher()
	must(t, err)
	pair, err := ring.NewPairIn(seg, "pair", 128, 2)
	must(t, err)
	back, err := pair.Writer(1)
	must(t, err)
	for _, x := range []interface{ Detach() error }{s, p, r, w, c, b, pub, pair, back} {
		t.Cleanup(func() { x.Detach() })
	}
	for n := range 6 {
		must(t, p.Put(uint16(n)))
		must(t, w.Put(fmt.Append(nil, "record ", n)))
		must(t, pub.Publish(int32(-n)))
	}
	must(t, w.Put([]byte{0, 1, 255}))
	must(t, back.Put([]byte("to and fro")))
	_, err = c.Get(nil)
	must(t, err)
	contains(t, shmkit(t, 0, "peek", "sample", "spsc"), `\n0 +0 +0 +2 B +0\n(.*\n)*0 +5 +0 +2 B +5\n$`)
	contains(t, shmkit(t, 0, "peek", "sample", "records"), `MESSAGE\n0 +16 +0 +8 B +"record 1"\n`, ` 3 B +0001ff\n$`)
	contains(t, shmkit(t, 0, "peek", "sample", "broadcast"), `MESSAGE\n0 +2 +0 +4 B +-2\n(.*\n)*0 +5 +0 +4 B +-5\n$`)
	contains(t, shmkit(t, 0, "peek", "sample", "pair"), `MESSAGE\n1 +0 +0 +10 B +"to and fro"\n$`)
	contains(t, shmkit(t, 0, "inspect", "sample"),
		`\n\d+ +records +96 B +256 B +- +112 B +16 B +- +- +- +open\n`, `\n\d+ +broadcast +4 +4 +- +6 +- `, `\n\d+ +pair, ring 1 +24 B +128 B `,
		fmt.Sprintf(`\n\d+ +records +%d +alive +producer +- +- +-\n\d+ +records +\d+ +alive +consumer `, os.Getpid()),
		fmt.Sprintf(`\n\d+ +broadcast +%d +alive +publisher `, os.Getpid()))
}

// While others put and take, what is printed is whole: no message that is overwritten
// meanwhile is seen.
func TestPeekIsWhole(t *testing.T) {
	seg := sample(t)
	type parcel [100]uint64
	q, err := ring.NewIn[parcel](seg, "parcels", 3)
	must(t, err)
	stop := make(chan struct{})
	done := make(chan error)
	go func() {
		for n := uint64(0); ; n++ {
			select {
			case <-stop:
				done <- q.Detach()
				return
			default:
			}
			var p parcel
			for i := range p {
				p[i] = n
			}
			must(t, q.Put(p))
			if n%3 > 0 {
				_, err := q.Get()
				must(t, err)
			}
			for q.Len() > 2 {
				q.Get()
			}
		}
	}()
	seen := 0
	for range 5000 {
		info, err := shm.Peek("sample", "parcels", 3)
		must(t, err)
		last := uint64(0)
		for _, m := range info.Messages {
			first := binary.LittleEndian.Uint64(m.Bytes)
			for at := 0; at < len(m.Bytes); at += 8 {
				if binary.LittleEndian.Uint64(m.Bytes[at:]) != first || m.Ticket != first || m.Ticket < last {
					t.Fatalf("ticket %d is torn: %x", m.Ticket, m.Bytes)
				}
			}
			last = m.Ticket
			seen++
		}
		if seen > 500 {
			break
		}
	}
	close(stop)
	must(t, <-done)
	if seen == 0 {
		t.Error("nothing was ever seen")
	}
}

// Whatever is in the words of queues and streams, the commands print lines.
func TestPeekDamage(t *testing.T) {
	seg := sample(t)
	jobs(t, seg, 3)
	r, err := ring.NewRecordsIn(seg, "records", 64)
	must(t, err)
	w, err := r.Writer()
	must(t, err)
	t.Cleanup(func() { w.Detach(); r.Detach() })
	must(t, w.Put([]byte("one")))
	whole, err := os.ReadFile(seg.Path())
	must(t, err)
	path := filepath.Join(t.TempDir(), "damaged")
	info, err := seg.Info()
	must(t, err)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, o := range info.Objects {
		if o.Name != "jobs" && o.Name != "records" {
			continue
		}
		from := o.Offset - 768 // the head is in front of the items
		for range 200 {
			at := from + rng.Uint64N(1200)&^7
			b := append([]byte(nil), whole...)
			binary.LittleEndian.PutUint64(b[at:], rng.Uint64()>>rng.IntN(64))
			must(t, os.WriteFile(path, b, 0o600))
			for _, args := range [][]string{{"peek", path, o.Name}, {"inspect", path}, {"check", path}} {
				var out, errs bytes.Buffer // in this process: a thousand others would take a while
				if status := run(args, &out, &errs); status&^1 != 0 || strings.Count(errs.String(), "\n") > 1 {
					t.Fatalf("word at %#x: %v: status %d\n%s", at, args, status, &errs)
				}
			}
		}
	}
}

func TestFields(t *testing.T) {
	d := func(x float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)) }
	for _, test := range []struct {
		signature string
		bytes     []byte
		want      string
	}{
		{"h", []byte{0xfe, 0xff}, `-2`},
		{"B", []byte{200}, `200`},
		{"Q", []byte{255, 255, 255, 255, 255, 255, 255, 255}, `18446744073709551615`},
		{"?", []byte{1}, `true`},
		{"d", d(1.5), `1.5`},
		{"d", d(math.Inf(-1)), `"-Inf"`},
		{"Zd", append(d(1), d(2)...), `[1,2]`},
		{"(5)c", []byte("abc\x00\x00"), `"abc"`},
		{"(2)(2)b", []byte{1, 2, 3, 4}, `[[1,2],[3,4]]`},
		{"(0)i", nil, `[]`},
		{"T{b:A:3xh:_:(2)B:B\x1b:}", []byte{1, 0, 0, 0, 9, 9, 5, 6}, `{"A":1,"B\u001b":[5,6]}`},
		{"T{T{c:Q:}:In:7x}", []byte{'z', 0, 0, 0, 0, 0, 0, 0}, `{"In":{"Q":"z"}}`},
	} {
		f := fields{signature: signature{rest: test.signature}, bytes: test.bytes}
		if err := f.item(); err != nil || string(f.json) != test.want || !json.Valid(f.json) {
			t.Errorf("%s: %s, %v; want %s", test.signature, f.json, err, test.want)
		}
	}
	for _, bad := range []string{"", "x", "(2", "(2)", "(1000000000)T{}", "(9999)(0)d", "T{", "T{b", "T{b:a", "i", "(-1)b", "(0)x", "T{9x}"} {
		f := fields{signature: signature{rest: bad}, bytes: []byte{1, 2}}
		if err := f.item(); err == nil {
			t.Errorf("%q gives %s", bad, f.json)
		}
	}
	if got := regexp.MustCompile(`^[\x20-\x7e]+$`).MatchString(textOf([]byte("\x1b[2J"))); !got {
		t.Error("control characters pass")
	}
}
