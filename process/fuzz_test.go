package process

import (
	"bytes"
	"io"
	"reflect"
	"testing"
)

// Whatever an order is made of, reading it ends, and what is read is written as it was read.
func FuzzOrder(f *testing.F) {
	all := order{
		Function: "f", Types: "func(int) int", Name: "Process-1", Identity: "1", Parent: relative{7, "MainProcess"}, Daemon: true,
		Group: true, Key: []byte("key"), Limits: []limit{{1, 2}, {3, 1 << 60}}, Files: 2,
		Exec: &program{"/bin/true", []string{"true", ""}, []string{"A=1"}},
	}
	f.Add(all.encode())
	f.Add((&order{Name: "n"}).encode())
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xf})
	f.Fuzz(func(t *testing.T, b []byte) {
		var o, again order
		if o.decode(b) != nil {
			return
		}
		if err := again.decode(o.encode()); err != nil || !reflect.DeepEqual(o, again) {
			t.Errorf("%v: %+v became %+v", err, o, again)
		}
	})
}

// What comes over the socket is taken as it comes: a length that lies costs nothing.
func FuzzFrame(f *testing.F) {
	var good bytes.Buffer
	sendRaw(&good, doneFrame, []byte("result"))
	f.Add(good.Bytes())
	f.Add([]byte("d\xff\xff\xff\xff\xff\xff\xff\xffabc"))
	f.Add(append([]byte("d\x05\x00\x01\x00\x00\x00\x00\x00"), make([]byte, smallFrame+5)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, body, err := receive(bytes.NewReader(b))
		if err != nil {
			if len(body) > 0 {
				t.Errorf("%v, and %d bytes", err, len(body))
			}
			return
		}
		var again bytes.Buffer
		if err := sendRaw(&again, k, body); err != nil || !bytes.HasPrefix(b, again.Bytes()) {
			t.Errorf("%v: a frame of %d bytes is another when it is sent", err, len(body))
		}
		if _, _, err := receive(io.LimitReader(&again, int64(again.Len()-1))); err == nil {
			t.Error("a frame without its last byte is a frame")
		}
	})
}
