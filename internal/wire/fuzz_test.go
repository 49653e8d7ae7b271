package wire

import (
	"bytes"
	"runtime"
	"testing"
)

// FuzzCut: any bytes are frames or not, and the frames are those bytes.
func FuzzCut(f *testing.F) {
	f.Add(Append(Append(nil, &Frame{Kind: Request, Call: 1, Body: []byte("body")}), &Frame{Kind: Ack}), uint32(MaxFrame))
	f.Fuzz(func(t *testing.T, b []byte, limit uint32) {
		for rest := b; len(rest) > 0; {
			frame, after, err := Cut(rest, int(limit))
			if err != nil {
				if !bytes.Equal(after, rest) {
					t.Fatal("what is no frame was taken")
				}
				return
			}
			if n := frame.Len(); n > int(limit) || !bytes.Equal(Append(nil, &frame), rest[:n]) || len(after) != len(rest)-n {
				t.Fatalf("frame %+v is not its bytes", frame)
			}
			rest = after
		}
	})
}

// FuzzReader: whatever is read, in whatever order, is no more than there is.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []byte("some bytes that are not much"))
	f.Fuzz(func(t *testing.T, order, b []byte) {
		r := Read(b)
		for _, what := range order {
			before, n := r.Len(), 0
			switch what % 11 {
			case 0:
				r.Uint()
			case 1:
				r.Int()
			case 2:
				r.Byte()
			case 3:
				r.Bool()
			case 4:
				n = len(r.Bytes())
			case 5:
				n = len(r.Text())
			case 6:
				n = r.Count(8) * 8
			case 7:
				n = len(r.Key())
			case 8:
				r.Limits()
			case 9:
				if id, typ, ok := r.Item().Ref(); ok && !bytes.Contains(b, AppendRef(nil, id, typ)) {
					t.Fatal("a reference out of nothing")
				}
			case 10:
				n = len(r.Rest())
			}
			if r.Len() > before || n > before {
				t.Fatalf("read %d of %d bytes, and %d are left", n, before, r.Len())
			}
		}
		if r.End() == nil && r.Err() != nil {
			t.Fatal("good at the end, and bad")
		}
	})
}

// FuzzBodies: a greeting, a fault, an outcome is read or not; what was read is written as it was.
func FuzzBodies(f *testing.F) {
	f.Add(AppendGreeting(nil, &Greeting{Limits: DefaultLimits, Life: []byte("life")}))
	f.Add(AppendFault(nil, &Fault{Code: CodeRange, Text: "text", Data: []byte("data"), Stack: "stack"}))
	f.Add(AppendOutcome(nil, &Outcome{Body: []byte("body")}))
	f.Add(AppendOutcome(nil, &Outcome{Fault: NewFault(CodePanic, "text")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := ReadGreeting(b); err == nil && !bytes.Equal(AppendGreeting(nil, &g), b) {
			t.Fatal("another greeting")
		}
		if fault, err := ReadFault(b); err == nil && fault.Code < 1<<15 && len(fault.Data) > len(b) {
			t.Fatal("a fault out of nothing")
		}
		if o, err := ReadOutcome(b); err == nil && o.Fault == nil && !bytes.Equal(AppendOutcome(nil, &o), b) {
			t.Fatal("another outcome")
		}
	})
}

// Bytes that promise much make nobody allocate much.
func TestPromisesCostNothing(t *testing.T) {
	b := bytes.Repeat([]byte{0xff, 0xff, 0xff, 0x7f}, 16)
	if n := testing.AllocsPerRun(100, func() {
		r := Read(b)
		_ = r.Bytes()
		r = Read(b)
		_ = r.Count(1)
		_, _, _ = Cut(b[:HeaderLen], MaxFrame)
	}); n > 4 {
		t.Errorf("%v allocations", n)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		_, _ = ReadFault(b)
		_, _ = ReadGreeting(b)
		_, _ = ReadOutcome(b)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes for 64 bytes 300 times", n)
	}
}
