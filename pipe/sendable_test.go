package pipe_test

import (
	"errors"
	"testing"

	"shmkit/pipe"
	"shmkit/ring"
)

// What cannot be sent, or not all of it, is refused, and the connection goes on.
func TestSendOfWhatWouldBeLost(t *testing.T) {
	a, b, err := pipe.New(true)
	must(t, err)
	defer a.Close()
	defer b.Close()
	type note struct {
		Text string
		seen int
	}
	for field, v := range map[string]any{
		"seen":    &note{"a", 1},
		"[]":      []func(){},
		"[].seen": map[string]note{},
		"":        make(chan int),
	} {
		var encode *pipe.CodecError
		var f *ring.FieldError
		if err := a.Send(v); !errors.As(err, &encode) || !errors.As(err, &f) || f.Field != field {
			t.Errorf("%T: %v", v, err)
		}
	}
	must(t, a.Send(nil))
	must(t, a.Send("whole"))
	must(t, b.Recv(new(any)))
	if s, err := pipe.Recv[string](b); s != "whole" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
}
