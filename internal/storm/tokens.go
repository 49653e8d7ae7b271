package storm

import (
	"errors"

	"shmkit/shm"
	"shmkit/value"
)

// tokens is the actor of Swap: each puts in what nobody else ever put in, and gets
// what another put in.
//
// Its law: what comes out was put in, and never comes out twice; what was put in
// comes out or is in there at the end, but for exactly one for each Swap that a kill
// interrupted.
type tokens struct {
	chains [2]chain
}

// chain is what the ledger knows of one Value.
type chain struct {
	in      map[uint64]bool // put in, not seen to come out
	early   map[uint64]bool // came out, before the ledger heard that it was put in
	unknown int
}

const (
	swapWord = iota
	swapLarge
)

func (*tokens) Name() string    { return "value" }
func (*tokens) Kinds() []string { return []string{"Swap", "Swap large"} }

func (x *tokens) Setup(seg *shm.Segment, _ int) error {
	for i := range x.chains {
		x.chains[i] = chain{in: map[uint64]bool{0: true}, early: map[uint64]bool{}}
	}
	a, err := value.NewIn(seg, "token", uint64(0))
	if err != nil {
		return err
	}
	b, err := value.NewIn(seg, "large token", large{})
	if err != nil {
		return err
	}
	return errors.Join(a.Close(), b.Close())
}

func (*tokens) Open(l *Lane) (Player, error) { return openSwapper(l.Seg) }

func (x *tokens) Learn(d *Deed) {
	c := &x.chains[d.Kind]
	if c.early[d.Args[0]] {
		delete(c.early, d.Args[0])
	} else {
		c.in[d.Args[0]] = true
	}
	if !d.Known {
		c.unknown++
		return
	}
	c.out(d.Result[0])
}

func (c *chain) out(token uint64) {
	if c.in[token] {
		delete(c.in, token)
		return
	}
	// It stays here if it comes out twice, or was never put in.
	c.early[token] = true
}

func (x *tokens) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := openSwapper(seg)
	if err != nil {
		report("token: %v", err)
		return
	}
	big := p.large.Load()
	if big.torn() {
		report("large token: torn: %v", big)
	}
	for i, last := range []uint64{p.word.Load(), big[0]} {
		c := &x.chains[i]
		c.out(last)
		for token := range c.early {
			report("%s: token %#x came out twice, or was never put in", x.Kinds()[i], token)
		}
		// A swap that was interrupted took one out that nobody saw, or its own never came
		// in.
		if len(c.in) != c.unknown {
			report("%s: %d tokens are lost, but %d swaps were interrupted", x.Kinds()[i], len(c.in), c.unknown)
		}
	}
	if err := p.Close(); err != nil {
		report("token: %v", err)
	}
}

// swapper is one lane of tokens.
type swapper struct {
	word  *value.Value[uint64]
	large *value.Value[large]
}

func openSwapper(seg *shm.Segment) (p *swapper, err error) {
	p = new(swapper)
	if p.word, err = value.Open[uint64](seg, "token"); err != nil {
		return nil, err
	}
	p.large, err = value.Open[large](seg, "large token")
	return p, err
}

func (p *swapper) Step(l *Lane) {
	kind, token := l.Rand.IntN(2), l.UID()
	l.Begin(kind, token)
	// What comes out goes in again: at every instant one token is in this hand.
	for range l.Burst(1000) {
		if kind == swapWord {
			token = p.word.Swap(token)
			continue
		}
		var v large
		v.fill(token)
		if v = p.large.Swap(v); v.torn() {
			l.Fault("large token: torn: %v", v)
		}
		token = v[0]
	}
	l.End(token)
}

func (p *swapper) Close() error { return errors.Join(p.word.Close(), p.large.Close()) }
