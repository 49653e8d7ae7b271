package ring_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"shmkit/ring"
)

// wave is something that CBOR has no form for.
type wave struct {
	Name string
	At   complex128
}

type waveCodec struct{}

var registerWave sync.Once // it stays registered

func (waveCodec) Name() string { return "wave" }

func (waveCodec) Append(b []byte, v any) ([]byte, error) {
	w := v.(*wave)
	return fmt.Appendf(b, "%s %g %g", w.Name, real(w.At), imag(w.At)), nil
}

func (waveCodec) Decode(b []byte, v any) error {
	w := v.(*wave)
	var re, im float64
	_, err := fmt.Sscanf(string(b), "%s %g %g", &w.Name, &re, &im)
	w.At = complex(re, im)
	return err
}

// A codec of one's own may know what CBOR does not: then a handle is opened with that.
func TestCodecForMore(t *testing.T) {
	q := newMessages[wave](t, 1, ring.WithCodec(waveCodec{}))
	text := handleText(t, q)
	other := new(ring.Queue[wave])
	registerWave.Do(func() {
		var encode *ring.EncodeError
		if err := other.UnmarshalText([]byte(text)); !errors.As(err, &encode) {
			t.Errorf("handle of a queue with an unknown codec: %v", err)
		}
		ring.RegisterCodec(waveCodec{})
	})
	must(t, other.UnmarshalText([]byte(text)))
	want := wave{"w", 3 + 4i}
	must(t, q.Put(want))
	if got, err := other.Get(); got != want || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	must(t, other.Detach())
}
