package model_test

import (
	"fmt"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

func (v *queueVariant) steps(s queueState, emit func(int, string, queueState)) {
	for i, a := range s.A {
		switch {
		case a.PC == queueDone || a.PC >= queueGone:
			continue
		case i < 2:
			v.put(s, i, emit)
		default:
			v.get(s, i, emit)
		}
		if s.Left > 0 {
			next := s
			next.Left--
			next.A[i] = queueActor{PC: queueGone}
			emit(i, "SIGKILL", next)
		}
	}
	v.sweep(s, emit)
}

// put is one step of a producer.
func (v *queueVariant) put(s queueState, i int, emit func(int, string, queueState)) {
	a := &s.A[i]
	pos, turn := v.place(a.T)
	switch a.PC {
	case putLook:
		v.putLook(s, i, emit)
		return
	case putThere:
		if v.there(s.Block[layout.SlotBlock(a.W)], uint64(a.T-v.slots)) && !v.hasty {
			a.PC = putLook // full
		} else if a.PC = putClaim; a.Has {
			a.PC = putName
		}
	case putClaim:
		for b, w := range s.Block[:v.blocks()] {
			if w != word.QueueFree {
				continue
			}
			next := s
			next.Block[b] = layout.CellWord(layout.CellLoaned, queueOwner(i), 0, 0)
			next.Next[b] = 0
			next.A[i].B, next.A[i].PC, next.A[i].Has = uint8(b), putHalf, true
			if v.long && i == 0 {
				next.A[i].PC = putMore
			}
			emit(i, "claims", next)
		}
		return
	case putMore:
		v.putMore(s, i, emit)
		return
	case putHalf:
		s.Payload[a.B], a.PC = halfWritten, putWrite
	case putWrite:
		s.Payload[a.B], a.PC = uint8(i)*v.each+a.N+1, putAgain
		if v.long && i == 0 {
			s.Payload[a.L], a.PC = s.Payload[a.B], putLink
		}
	case putLink:
		s.Version[a.B]++
		s.Next[a.B] = a.L + 1
		s.Block[a.L], a.PC = word.QueueLinked(uint32(a.B), uint32(s.Version[a.B])), putAgain
	case putAgain:
		// The block is ours now: if the slot is open still, nobody publishes this block
		// there but us.
		if a.PC = putName; s.Slot[pos] != a.W && !v.once {
			a.PC = putLook
		}
	case putPublish:
		if s.Slot[pos] != a.W {
			a.PC = putLook // another message has the ticket
			break
		}
		s.Slot[pos] = v.publish(a.W, uint32(a.B))
		if a.T != s.Published || layout.SlotTurn(s.Slot[pos]) != turn {
			s.Wrong = fmt.Sprintf("ticket %d is published after %d", a.T, s.Published)
			emit(i, "publishes", s)
			return
		}
		s.Ticket[a.T] = s.Payload[a.B]
		s.Published++
		if *a = (queueActor{T: a.T + 1, N: a.N + 1}); a.N == v.each {
			*a = queueActor{PC: queueDone}
		}
	case putName:
		if !v.stale || s.Block[a.B]&layout.CellStateMask == layout.CellLoaned {
			s.Block[a.B] = layout.CellWord(layout.CellQueued, queueOwner(i), 0, uint64(a.T))
		}
		a.PC = putPublish
	}
	emit(i, "puts", s)
}

func (v *queueVariant) putLook(s queueState, i int, emit func(int, string, queueState)) {
	a := &s.A[i]
	pos, turn := v.place(a.T)
	a.W = s.Slot[pos]
	switch word.SeatOf(a.W, turn) {
	case word.SeatOpen:
		if a.PC = putClaim; a.Has {
			a.PC = putName
		}
	case word.SeatBefore:
		a.PC = putThere
	case word.SeatTaken, word.SeatPast:
		a.T, a.W = a.T+1, 0
	default:
		s.Wrong = "a slot is damaged"
	}
	emit(i, "looks", s)
}

// get is one step of a consumer.
func (v *queueVariant) get(s queueState, i int, emit func(int, string, queueState)) {
	a := &s.A[i]
	pos, turn := v.place(a.T)
	switch a.PC {
	case getReturns:
		if a.PC = getLook; s.Returns&word.QueuePending != 0 {
			a.PC, a.V, a.I = getScan, s.Returns, 0
		}
	case getScan:
		v.scan(&s, a)
	case getSettle:
		if s.Returns == a.V {
			s.Returns &^= word.QueuePending
		}
		*a = queueActor{PC: getReturns, T: a.T, N: a.N}
	case getLook:
		a.W = s.Slot[pos]
		switch word.SeatOf(a.W, turn) {
		case word.SeatOpen, word.SeatBefore:
			*a = queueActor{PC: getReturns, T: a.T, N: a.N} // empty
		case word.SeatTaken:
			a.PC = getThere
		case word.SeatPast:
			*a = queueActor{PC: getReturns, T: a.T + 1, N: a.N}
		default:
			s.Wrong = "a slot is damaged"
		}
	case getThere:
		a.B = uint8(layout.SlotBlock(a.W))
		if a.BW = s.Block[a.B]; v.there(a.BW, uint64(a.T)) {
			a.PC = getTake
		} else {
			*a = queueActor{PC: getReturns, T: a.T + 1, N: a.N}
		}
	case getTake:
		v.take(&s, i)
	default:
		v.finish(&s, i)
	}
	emit(i, "gets", s)
}

func (v *queueVariant) scan(s *queueState, a *queueActor) {
	w := s.Block[a.I]
	switch {
	case w&layout.CellStateMask == layout.CellReturned:
		a.PC, a.B, a.BW = getTake, a.I, w
	case a.I+1 < v.blocks():
		a.I++
	default:
		a.PC = getSettle
	}
}

func (v *queueVariant) take(s *queueState, i int) {
	a := &s.A[i]
	if s.Block[a.B] != a.BW {
		*a = queueActor{PC: getReturns, T: a.T, N: a.N}
		return
	}
	if a.BW&layout.CellStateMask == layout.CellQueued {
		if a.T != s.Taken {
			s.Wrong = fmt.Sprintf("ticket %d is taken after %d", a.T, s.Taken)
		}
		s.Taken++
		a.T++
	}
	held := word.QueueTake(a.BW, queueOwner(i))
	s.Block[a.B] = held
	*a = queueActor{PC: getCopy, T: a.T, N: a.N, B: a.B, BW: held}
}

// finish is what follows when a consumer has its message.
func (v *queueVariant) finish(s *queueState, i int) {
	a := &s.A[i]
	m := s.Payload[a.B]
	switch a.PC {
	case getUnlink, getFree:
		v.unlink(s, i)
	case getCopy:
		if want := s.Ticket[layout.CellTicket(a.BW)]; m != want {
			s.Wrong = fmt.Sprintf("read message %d, want %d", m, want)
		}
		if a.PC = getDrop; i == 3 && a.N == 0 {
			a.PC = getNote
		}
	case getDrop:
		if s.Acked[m] {
			s.Wrong = fmt.Sprintf("message %d is acknowledged twice", m)
		}
		s.Acked[m] = true
		if s.Next[a.B] != 0 && !v.rash {
			s.Block[a.B], a.PC = layout.CellWord(layout.CellLoaned, queueOwner(i), 0, 0), getUnlink
			break
		}
		s.Block[a.B] = word.QueueFree
		*a = queueActor{PC: getReturns, T: a.T, N: a.N}
	case getNote:
		s.Returns, a.PC = word.QueueReturned(s.Returns), getReturn
	case getReturn:
		s.Block[a.B] = word.QueueReturn(a.BW)
		if a.PC = getNoteAgain; v.mute {
			*a = queueActor{PC: getReturns, T: a.T, N: a.N + 1}
		}
	case getNoteAgain:
		s.Returns = word.QueueReturned(s.Returns)
		*a = queueActor{PC: getReturns, T: a.T, N: a.N + 1}
	}
}

// sweep is one step of the fifth process.
func (v *queueVariant) sweep(s queueState, emit func(int, string, queueState)) {
	const who = queueActors
	if s.S.Dead < 0 {
		for i, a := range s.A {
			if a.PC == queueGone {
				next := s
				next.S = queueSweep{Dead: int8(i)}
				emit(who, "sweeps", next)
			}
		}
		return
	}
	if s.Left > 0 {
		next := s
		next.Left--
		next.S = queueSweep{Dead: -1}
		emit(who, "SIGKILL", next)
	}
	x := &s.S
	switch {
	case x.I == v.blocks() && x.Pass < passLoaned:
		if *x = (queueSweep{Dead: x.Dead, Pass: x.Pass + 1}); !v.long {
			x.Pass = passLoaned
		}
	case x.I == v.blocks():
		if !v.mute {
			s.Returns = word.QueueReturned(s.Returns)
		}
		s.A[x.Dead].PC = queueSwept
		*x = queueSweep{Dead: -1}
	case !x.Read:
		x.W, x.Read = s.Block[x.I], true
		if !x.Pass.concerns(x.W) {
			x.W, x.Read, x.I = 0, false, x.I+1
		}
	case x.Pass == passLinked:
		v.sweepLink(&s)
	default:
		// The slot is read after the block. What is done with both is one step: if the
		// block changes before, the exchange fails, and is done again.
		pos, turn := v.place(uint8(layout.CellTicket(x.W)) % queueMost)
		to, move := v.resolve(x.W, queueOwner(int(x.Dead)), uint32(x.I), s.Slot[pos], turn)
		if x.Read = false; !move {
			x.I++
		} else if s.Block[x.I] == x.W {
			s.Block[x.I] = to
			x.I++
		}
		x.W = 0
	}
	emit(who, "sweeps", s)
}
