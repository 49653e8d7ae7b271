package function_test

import (
	"context"
	"errors"
	"testing"

	"shmkit/internal/codec"
	"shmkit/internal/function"
)

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	buf := codec.NewBuffer()
	if err := codec.Encode(buf, v); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestCall(t *testing.T) {
	bad := errors.New("bad")
	f := function.Of("half", func(_ context.Context, n int) (int, error) {
		if n%2 != 0 {
			return 0, bad
		}
		return n / 2, nil
	})
	if f.Types != "func(int) int" {
		t.Errorf("its types are %q", f.Types)
	}
	taken := 0
	call := func(arg any) ([]byte, error) {
		return f.Call(context.Background(), encoded(t, arg), func() { taken++ })
	}
	var n int
	if out, err := call(6); err != nil || codec.Decode(out, &n) != nil || n != 3 || taken != 1 {
		t.Errorf("half of 6 is %d, %v; taken %d times", n, err, taken)
	}
	if _, err := call(7); err != bad || taken != 2 {
		t.Errorf("half of 7: %v; taken %d times", err, taken)
	}
	var a *function.ArgumentError
	if _, err := call("six"); !errors.As(err, &a) || taken != 2 {
		t.Errorf("half of a text: %v; taken %d times", err, taken)
	}
	g := function.Of("channel", func(context.Context, int) (chan int, error) { return make(chan int), nil })
	var r *function.ResultError
	if _, err := g.Call(context.Background(), encoded(t, 1), func() {}); !errors.As(err, &r) {
		t.Errorf("a result that cannot travel: %v", err)
	}
}

func TestRegister(t *testing.T) {
	f := function.Of("once", func(context.Context, int) (int, error) { return 0, nil })
	function.Register(f)
	if got, ok := function.Find("once"); !ok || got.Name != "once" {
		t.Errorf("%+v, %v", got, ok)
	}
	if _, ok := function.Find("never"); ok {
		t.Error("there is a function that was not registered")
	}
	for _, name := range []string{"once", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("registering %q did not panic", name)
				}
			}()
			f.Name = name
			function.Register(f)
		}()
	}
}
