package storm

import "fmt"

// goods is what the ledger knows of the messages of a queue, by their ids. What is put
// and taken once is forgotten, so that a storm may last: a second one who takes it then
// takes what nobody put.
type goods struct {
	open   map[uint64]fate
	broken []string // laws, so far

	put, taken uint64 // messages, by deeds that are known
	cut        uint64 // how many messages cut off Gets may have taken
	back       uint64 // deliveries of what had been delivered before
	nacked     uint64 // messages given back, or perhaps
}

// fate is what became of one message.
type fate struct {
	begun bool  // somebody put it, or was killed when it did
	known bool  // and was told that it is there
	maybe bool  // who acknowledged it was cut off
	taken uint8 // how often
	shown [2]uint64
}

// deliveriesMost is where the count of deliveries stays, so that it tells nothing more.
const deliveriesMost = 127

func newGoods() *goods { return &goods{open: map[uint64]fate{}} }

func (g *goods) change(id uint64, how func(*fate)) {
	f := g.open[id]
	how(&f)
	if f.begun && f.taken == 1 {
		delete(g.open, id)
		return
	}
	g.open[id] = f
}

// puts notes that a message was put, or perhaps.
func (g *goods) puts(id uint64, known bool) {
	if known {
		g.put++
	}
	g.change(id, func(f *fate) { f.begun, f.known = true, known })
}

// takes notes that a message was taken, and acknowledged.
func (g *goods) takes(id uint64) {
	g.taken++
	g.change(id, func(f *fate) { f.taken++ })
}

// shows notes that a message was delivered with that count of deliveries before. Two
// with the same count are one too many.
func (g *goods) shows(id, count uint64) {
	if count > 0 {
		g.back++
	}
	if count >= deliveriesMost {
		return
	}
	g.change(id, func(f *fate) {
		if bit := uint64(1) << (count % 64); f.shown[count/64]&bit == 0 {
			f.shown[count/64] |= bit
			return
		}
		g.broken = append(g.broken, fmt.Sprintf("queue: message %#x was delivered twice with the count %d", id, count))
	})
}

// lost is how many messages are gone that somebody was told are there: those that
// nobody took, nor was cut off when it acknowledged.
func (g *goods) lost() (n uint64) {
	for _, f := range g.open {
		if f.known && f.taken == 0 && !f.maybe {
			n++
		}
	}
	return n
}

// check is the law, when nothing is in the queue any more.
func (g *goods) check(report func(string, ...any)) {
	for _, text := range g.broken {
		report("%s", text)
	}
	for id, f := range g.open {
		switch {
		case f.taken > 0 && !f.begun:
			report("queue: message %#x was taken, and nobody put it, or somebody else took it", id)
		case f.taken > 1:
			report("queue: message %#x was taken %d times", id, f.taken)
		}
	}
	if n := g.lost(); n > g.cut {
		report("queue: %d messages are gone, but cut off Gets took %d at most", n, g.cut)
	}
}
