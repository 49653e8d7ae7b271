package function_test

import (
	"context"
	"errors"
	"testing"
	"time"

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

// recursive is a type that is part of itself.
type recursive struct {
	Next []*recursive
	Name string
}

type holder struct {
	Numbers [4]int
	Others  map[string]*recursive
	When    *time.Time
}

func TestRefers(t *testing.T) {
	for name, c := range map[string]struct {
		f    function.Function
		want bool
	}{
		"int":       {function.Of("a", func(context.Context, int) (int, error) { return 0, nil }), false},
		"bytes":     {function.Of("a", func(context.Context, int) ([]byte, error) { return nil, nil }), false},
		"recursive": {function.Of("a", func(context.Context, int) (recursive, error) { return recursive{}, nil }), false},
		"holder":    {function.Of("a", func(context.Context, int) (h holder, err error) { return }), true},
		"any":       {function.Of("a", func(context.Context, int) (any, error) { return 1, nil }), true},
	} {
		if got := c.f.Refers(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
