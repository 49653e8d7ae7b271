package host

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// TestDamagedStates: what Load takes of a state in which something is changed can be worked
// with, and Check tells nothing of it then.
func TestDamagedStates(t *testing.T) {
	g := newGrammar(t)
	loaded := 0
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := newAnyWorld(g, rnd.IntN, t.Fatalf)
		for range 60 {
			a.step()
		}
		state := a.h.Save(nil)
		for range 100 {
			if workOn(g, damaged(state, rnd), rnd, t.Fatalf) {
				loaded++
			}
		}
	})
	if loaded == 0 {
		t.Error("no damaged state was loaded")
	}
}

// damaged is a copy in which a few bytes are others.
func damaged(state []byte, rnd *rand.Rand) []byte {
	b := append([]byte(nil), state...)
	for range 1 + rnd.IntN(2) {
		i := rnd.IntN(len(b))
		switch rnd.IntN(4) {
		case 0:
			b[i]++
		case 1:
			b[i] = 0
		case 2:
			b[i] = byte(rnd.IntN(256))
		default:
			b[i] ^= 1 << rnd.IntN(8)
		}
	}
	return b
}

// workOn loads a state, does something with it, and tells whether it could be loaded.
func workOn(g *grammar, state []byte, rnd *rand.Rand, fail func(format string, args ...any)) bool {
	h := New(nil)
	if h.Load(state) != nil {
		return false
	}
	a := &anyWorld{fail: fail, pick: rnd.IntN, g: g, h: h, twin: New(nil), call: 1 << 20, damaged: true}
	if err := a.twin.Load(h.Save(nil)); err != nil {
		fail("what was loaded cannot be loaded again: %v", err)
	}
	for _, s := range h.eachSession() { // what is asked for within limits may be made
		s.limits = wire.Limits{Frame: 1 << 16, Calls: 12, Objects: 40, Results: 4096}
	}
	for _, s := range a.twin.eachSession() {
		s.limits = h.sessions[s.id].limits
	}
	for _, e := range h.eachEntry() {
		a.apply(wire.Frame{Kind: wire.Grant, Object: e.id})
	}
	for range 10 {
		a.step()
	}
	for _, id := range h.Sessions() {
		a.apply(wire.Frame{Kind: wire.Expire, Session: id})
	}
	return true
}
