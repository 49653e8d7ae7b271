package codec

import (
	"bytes"
	"math"
	"testing"
)

// Bytes are encoded as the module encodes them, and come back.
func TestBytes(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 23, 24, math.MaxUint8, 256, math.MaxUint16, 1 << 16, Hoard, 1 << 20} {
		var v []byte
		if n >= 0 {
			v = bytes.Repeat([]byte{7}, n)
		}
		want, err := encMode.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time in the memory of the first one
			buf := NewBuffer()
			buf.WriteString("before")
			if err := Encode(buf, v); err != nil || !bytes.Equal(buf.Bytes()[6:], want) || string(buf.Bytes()[:6]) != "before" {
				t.Errorf("%d bytes: %v, and % x …", n, err, buf.Bytes()[:min(buf.Len(), 20)])
			}
			var back []byte
			if err := Decode(buf.Bytes()[6:], &back); err != nil || !bytes.Equal(back, v) {
				t.Errorf("%d bytes come back as %d: %v", n, len(back), err)
			}
			buf.Free()
		}
	}
}

// Numbers are encoded as the module encodes them, and come back; what is none is an error, or
// a number, as the module has it.
func TestInts(t *testing.T) {
	for _, n := range []int{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt} {
		for _, n := range []int{n, -n, ^n} {
			want, err := encMode.Marshal(n)
			if err != nil {
				t.Fatal(err)
			}
			buf := NewBuffer()
			back := 7
			if err := Encode(buf, n); err != nil || !bytes.Equal(buf.Bytes(), want) {
				t.Errorf("%d: % x, %v, want % x", n, buf.Bytes(), err, want)
			}
			if err := Decode(buf.Bytes(), &back); err != nil || back != n {
				t.Errorf("%d comes back as %d, %v", n, back, err)
			}
			buf.Free()
		}
	}
}

func FuzzInt(f *testing.F) {
	f.Add([]byte{0x18, 1})
	f.Add([]byte{0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xfb, 0x40, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, want int
		err1, err2 := Decode(b, &got), decMode.Unmarshal(b, &want)
		if (err1 == nil) != (err2 == nil) || err1 == nil && got != want {
			t.Errorf("% x: %d, %v; the module: %d, %v", b, got, err1, want, err2)
		}
	})
}

// A pointer to nothing is an error, as the module has it, and no crash.
func TestIntNowhere(t *testing.T) {
	if err := Decode([]byte{1}, (*int)(nil)); err == nil {
		t.Error("decoded into a pointer to nothing")
	}
}
