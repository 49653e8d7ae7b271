package storm

import (
	"errors"
	"fmt"

	"shmkit/array"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// bank is the actor of an Array under its lock, with a repair: money goes from
// account to account, and the holder first notes how to undo it.
//
// Its law: nobody ever sees another sum than the first one, and each lane made the
// transfers that it acknowledged.
type bank struct{ counts []tally }

// account is an item of the Array, and so are the notes: those of undo stand in
// front.
type account int64

const (
	undoOpen = iota // 1 while the rest of the note counts
	undoFrom
	undoTo
	undoFromWas
	undoToWas
	undoLane
	undoLaneWas
	firstAccount = 8
	accounts     = 32
	firstTeller  = firstAccount + accounts // here the counts of the lanes begin
	deposit      = 1000
)

func (*bank) Name() string    { return "array" }
func (*bank) Kinds() []string { return []string{"With", "Lock"} }

func (x *bank) Setup(seg *shm.Segment, lanes int) error {
	x.counts = make([]tally, lanes)
	items := make([]account, firstTeller+lanes)
	for i := range accounts {
		items[firstAccount+i] = deposit
	}
	a, err := array.FromIn(seg, "bank", items)
	if err != nil {
		return err
	}
	return a.Close()
}

func (*bank) Open(l *Lane) (Player, error) {
	a, err := array.Open[account](l.Seg, "bank")
	return &teller{a}, err
}

func (x *bank) Learn(d *Deed) { x.counts[d.Lane].add(d, d.Args[0], d.Args[0]) }

func (x *bank) Verdict(seg *shm.Segment, report func(string, ...any)) {
	a, err := array.Open[account](seg, "bank")
	if err != nil {
		report("bank: %v", err)
		return
	}
	if err := a.With(audit); err != nil {
		report("bank: %v", err)
	}
	for lane := range x.counts {
		x.counts[lane].check(report, fmt.Sprintf("bank, lane %d", lane), uint64(a.At(firstTeller+lane)))
	}
	if err := a.Close(); err != nil {
		report("bank: %v", err)
	}
}

// audit repairs if the last holder died, and counts the money.
func audit(items []account, died bool) error {
	if died && items[undoOpen] != 0 {
		items[items[undoFrom]] = items[undoFromWas]
		items[items[undoTo]] = items[undoToWas]
		items[items[undoLane]] = items[undoLaneWas]
		items[undoOpen] = 0
	}
	sum := account(0)
	for _, n := range items[firstAccount:firstTeller] {
		sum += n
	}
	if sum != accounts*deposit || items[undoOpen] != 0 {
		return fmt.Errorf("%w: %d, want %d; note open: %d", errSum, sum, accounts*deposit, items[undoOpen])
	}
	return nil
}

// teller is one lane of bank.
type teller struct{ a *array.Array[account] }

func (p *teller) Step(l *Lane) {
	kind, n := l.Rand.IntN(2), l.Burst(8)
	l.Begin(kind, n)
	for range n {
		work := func(items []account, died bool) error {
			l.Must(audit(items, died))
			p.transfer(l, items)
			return nil
		}
		if kind == 0 {
			l.Must(p.a.With(work))
		} else {
			p.locked(l, work)
		}
	}
	l.End()
}

// locked is With by hand.
func (p *teller) locked(l *Lane, work func([]account, bool) error) {
	err := p.a.Lock()
	died := errors.Is(err, shsync.ErrOwnerDied)
	if !died {
		l.Must(err)
	}
	l.Must(work(p.a.Slice(), died))
	if died {
		l.Must(p.a.Mutex().MarkConsistent())
	}
	l.Must(p.a.Unlock())
}

// transfer is stores in an order that a kill may cut off anywhere.
func (p *teller) transfer(l *Lane, items []account) {
	from, to, lane := firstAccount+l.Rand.IntN(accounts), firstAccount+l.Rand.IntN(accounts), firstTeller+l.ID
	if from == to {
		to = firstAccount + (to-firstAccount+1)%accounts
	}
	items[undoFrom], items[undoTo], items[undoLane] = account(from), account(to), account(lane)
	items[undoFromWas], items[undoToWas], items[undoLaneWas] = items[from], items[to], items[lane]
	p.a.StoreAt(undoOpen, 1) // atomic, so that the compiler moves nothing across it
	l.Pause()
	items[from]--
	items[to]++
	items[lane]++
	l.Pause()
	p.a.StoreAt(undoOpen, 0)
}

func (p *teller) Close() error { return p.a.Close() }
