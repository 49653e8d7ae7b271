package host

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// TestAnyOperations: the laws of anyWorld hold, whatever sessions do.
func TestAnyOperations(t *testing.T) {
	g := newGrammar(t)
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(60, 200).Draw(t, "steps")
		seed := rapid.Uint64().Draw(t, "seed") // rapid itself would mostly choose what is first
		playAny(g, rand.New(rand.NewPCG(seed, 0)).IntN, steps, t.Fatalf)
	})
}

func playAny(g *grammar, pick chooser, steps int, fatal func(format string, args ...any)) {
	var a *anyWorld
	fail := func(format string, args ...any) {
		log := ""
		if a != nil {
			log = strings.Join(a.log, "\n")
		}
		fatal("%s\nafter:\n%s", fmt.Sprintf(format, args...), log)
	}
	a = newAnyWorld(g, pick, fail)
	defer func() {
		if r := recover(); r != nil && !strings.Contains(fmt.Sprintf("%T", r), "rapid") {
			fmt.Printf("a panic, %v, after:\n%s\n", r, strings.Join(a.log, "\n"))
			panic(r)
		} else if r != nil {
			panic(r)
		}
	}()
	for range steps {
		a.step()
	}
	a.end()
}

// FuzzAnyOperations is TestAnyOperations by bytes.
func FuzzAnyOperations(f *testing.F) {
	g := newGrammar(f)
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pick := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			v := int(data[0])
			data = data[1:]
			if n > 256 && len(data) > 0 {
				v = v<<8 | int(data[0])
				data = data[1:]
			}
			return v % n
		}
		playAny(g, pick, min(len(data)/6+1, 80), t.Fatalf)
	})
}

// FuzzFrames: frames of anybody do no harm to a host.
func FuzzFrames(f *testing.F) {
	for _, a := range someWorlds(f) {
		f.Add(a.ops)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h := New(nil)
		for len(data) > 0 {
			frame, rest, err := wire.Cut(data, wire.MaxFrame)
			if err != nil {
				break
			}
			if frame.Kind == wire.Begin { // of the server's own, whose objects are few
				frame.Object &= 1<<40 - 1
			}
			h.Apply(&frame)
			data = rest
		}
		if v := h.Check(); len(v) > 0 {
			t.Fatal(v)
		}
		state := h.Save(nil)
		again := New(nil)
		if err := again.Load(state); err != nil || !bytes.Equal(again.Save(nil), state) {
			t.Fatalf("what was saved is not loaded as it was: %v", err)
		}
	})
}

func someWorlds(t testing.TB) (all []*anyWorld) {
	g := newGrammar(t)
	for seed := range uint64(8) {
		a := newAnyWorld(g, rand.New(rand.NewPCG(seed, 0)).IntN, t.Fatalf)
		for range 60 {
			a.step()
		}
		all = append(all, a)
	}
	return all
}

// FuzzLoad: a saved state may be anything. What Load takes can be worked with.
func FuzzLoad(f *testing.F) {
	g := newGrammar(f)
	for i, a := range someWorlds(f) {
		f.Add(a.h.Save(nil), uint64(i))
	}
	f.Fuzz(func(t *testing.T, state []byte, seed uint64) {
		workOn(g, state, rand.New(rand.NewPCG(seed, 0)), t.Fatalf)
	})
}

// TestOperationsAllocateLittle: no operation makes the host allocate much more than its frame
// and what is there are long. What an Array or a repeated List may have are limits of their own.
func TestOperationsAllocateLittle(t *testing.T) {
	g := newGrammar(t)
	worst := uint64(0)
	for seed := range uint64(20) {
		a := newAnyWorld(g, rand.New(rand.NewPCG(seed, 1)).IntN, t.Fatalf)
		for range 60 {
			a.step()
		}
		h := New(nil)
		var before, after runtime.MemStats
		for rest := a.ops; len(rest) > 0; {
			var f wire.Frame
			f, rest, _ = wire.Cut(rest, wire.MaxFrame)
			f.Body = slices.Clone(f.Body)
			for i := range f.Body { // promise much
				if f.Body[i] == 0 && i%8 > 2 && seed%2 == 1 {
					f.Body[i] = 0xff
				}
			}
			runtime.ReadMemStats(&before)
			h.Apply(&f)
			runtime.ReadMemStats(&after)
			n := after.TotalAlloc - before.TotalAlloc
			if worst = max(worst, n); n > 256<<10 {
				t.Errorf("%d bytes for %s", n, words(&f))
			}
		}
	}
	t.Logf("at most %d bytes", worst)
}
