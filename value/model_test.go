package value_test

import (
	"testing"

	"pgregory.net/rapid"

	"shmkit/value"
)

// TestModel: random operations on values of each way to be stored do what they do to
// a variable.
func TestModel(t *testing.T) {
	t.Run("8 bytes", func(t *testing.T) { model(t, func(n int8) int64 { return int64(n) << 56 }) })
	t.Run("1 byte", func(t *testing.T) { model(t, func(n int8) int8 { return n }) })
	t.Run("float", func(t *testing.T) { model(t, func(n int8) float32 { return float32(n) / 2 }) })
	t.Run("16 bytes", func(t *testing.T) { model(t, func(n int8) complex128 { return complex(float64(n), 1) }) })
}

func model[T int64 | int8 | float32 | complex128](t *testing.T, of func(int8) T) {
	rapid.Check(t, func(r *rapid.T) {
		x := of(3)
		v, err := value.New(x)
		must(t, err)
		defer v.Close()
		small := rapid.Int8Range(-2, 2)
		same := func(r *rapid.T, what string, got, want T) {
			if got != want {
				r.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"store": func(r *rapid.T) { x = of(small.Draw(r, "n")); v.Store(x) },
			"swap": func(r *rapid.T) {
				n := of(small.Draw(r, "n"))
				same(r, "Swap", v.Swap(n), x)
				x = n
			},
			"add": func(r *rapid.T) {
				n := of(small.Draw(r, "n"))
				x += n
				same(r, "Add", v.Add(n), x)
			},
			"cas": func(r *rapid.T) {
				old, n := of(small.Draw(r, "old")), of(small.Draw(r, "n"))
				if done := v.CompareAndSwap(old, n); done != (old == x) {
					r.Fatalf("CompareAndSwap(%v) of %v: %v", old, x, done)
				} else if done {
					x = n
				}
			},
			"update": func(r *rapid.T) {
				n := of(small.Draw(r, "n"))
				must(t, v.Update(func(p *T) { *p = *p + n + n }))
				x = x + n + n
			},
			"locked": func(r *rapid.T) {
				must(t, v.Lock())
				same(r, "Pointer", *v.Pointer(), x)
				x = of(small.Draw(r, "n"))
				*v.Pointer() = x
				must(t, v.Unlock())
			},
			"": func(r *rapid.T) { same(r, "Load", v.Load(), x) },
		})
	})
}
