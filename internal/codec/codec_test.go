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
		want, err := encoding.Marshal(v)
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
