package model_test

import (
	"errors"
	"fmt"
	"strings"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// An RWMutex between processes of one thread each. A writer that waits for the word
// just has no step: that half is the Mutex, which has a model of its own. Numbers that
// grow are counted modulo rwTurns.
const (
	rwProcesses = 3
	rwTurns     = 4

	rwOnlyReads, rwOnlyWrites = 0, 2 // processes; the other one does both
)

type rwPC uint8

const (
	rwIdle   rwPC = iota
	rwGone        // killed
	rwLookIn      // reader: counted; looks at the word
	rwWait        // from counted to waiting
	rwWaited      // wakes the writer that it may have let pass
	rwAnnounce
	rwCheck   // was it let in?
	rwLook    // waiting; looks at the word
	rwAsk     // about the writer that it saw
	rwSleep   // about to
	rwAsleep  // until the bell changes, or the writer dies
	rwCount   // from waiting to counted
	rwPass    // woken by a death: wakes the others who sleep on that word, goes on at Then
	rwQuit    // refused, or gives up
	rwReads   // inside
	rwLeft    // wakes the writer that waits for it
	rwTake    // writer: wants the word
	rwDrain   // looks at reader Slot
	rwDoze    // about to sleep for reader Slot
	rwDozing  // until that has left, or dies
	rwWrites  // inside
	rwOut     // looks at the bell
	rwGrant   // lets reader Slot in
	rwRelease // gives the word back
	rwRing
	rwRung
	rwPCs
)

var rwPCNames = [rwPCs]string{
	"idle", "gone", "look in", "wait", "waited", "announce", "check", "look", "ask", "sleep", "ASLEEP", "count", "pass on",
	"quit", "READS", "left", "wants", "drain", "doze", "DOZING", "WRITES", "out", "grant", "release", "ring", "rung",
}

type rwThread struct {
	PC      rwPC
	Phase   uint8 // in which it waits
	Bell    uint8 // as it was announced
	Saw     code  // the word
	On      uint8 // process for which it sleeps, plus 1
	Waiting bool  // as against counted
	Then    rwPC
	Slot    uint8
	Told    bool // of a death
	Bail    bool // gives the word back unused
}

type rwCell struct{ Phase, Waiting, Active uint8 }

type rwState struct {
	Word  code
	Bell  uint8 // W: bit 7
	Cells [rwProcesses]rwCell
	T     [rwProcesses]rwThread
	Swept [rwProcesses]uint8
	Left  uint8 // deaths that may still come
	Debt  bool  // one was killed that was about to wake others
	Dirty bool  // a writer died inside
	Ruin  bool  // and another did not repair
	Wrong uint8
}

const (
	rwReadsDirty = 1 + iota
	rwLostWord
	rwUntold
)

var rwWrongs = map[uint8]string{
	rwReadsDirty: "a reader is let in to what nobody has repaired", rwLostWord: "a holder has lost the word",
	rwUntold: "a writer is not told of a death inside",
}

const rwW = 1 << 7

func (c rwCell) word() uint64 {
	return layout.ReaderWord(uint16(c.Phase), uint32(c.Waiting), uint32(c.Active))
}

func rwCellOf(w uint64) rwCell {
	return rwCell{uint8(layout.ReaderPhaseOf(w) % rwTurns), uint8(layout.ReaderWaits(w)), uint8(w & layout.ReaderActive)}
}

func rwBellWord(b uint8) uint32 { return uint32(b&^rwW) | uint32(b&rwW)<<24 }

func rwBellOf(w uint32) uint8 { return uint8(w%rwTurns) | uint8(w>>24)&rwW }

func (s *rwState) life(p uint8) word.Owner {
	if s.T[p].PC == rwGone {
		return word.Dead
	}
	return word.Alive
}

// law: readers and a writer exclude each other; nobody reads what a writer left when it
// died, until another has repaired it; no wake-up is lost.
func (s rwState) law() error {
	if s.Wrong != 0 {
		return errors.New(rwWrongs[s.Wrong])
	}
	readers, writers, sleepers, busy := 0, 0, 0, false
	for p, t := range s.T {
		switch t.PC {
		case rwReads:
			readers++
			busy = true
		case rwWrites:
			writers++
			busy = true
		case rwAsleep, rwDozing:
			sleepers++
		case rwIdle, rwGone:
		case rwTake:
			_, ok := s.take(uint8(p))
			busy = busy || ok
		default:
			busy = true
		}
	}
	switch {
	case writers > 1:
		return errors.New("two write")
	case writers > 0 && readers > 0:
		return errors.New("a reader beside a writer")
	case sleepers > 0 && !busy && !s.rescued():
		return errors.New("lost wake-up: all that want the lock sleep")
	}
	return nil
}

// rescued tells whether, after one was killed that was about to wake others, some word
// has changed on which one of them sleeps: then the bound of the sleep mends it.
func (s *rwState) rescued() bool {
	for _, t := range s.T {
		asleep := t.PC == rwAsleep || t.PC == rwDozing
		died := asleep && t.On > 0 && s.T[t.On-1].PC == rwGone
		if s.Debt && (died || t.PC == rwAsleep && t.Bell != s.Bell) {
			return true
		}
	}
	return false
}

// rwOld is any number in a register that is not the present one: it never is again.
const rwOld = 0x7f

// same counts bell and phases from 0: what matters is who has seen the present one.
func (s rwState) same() rwState {
	now := s.Bell
	s.Bell &= rwW
	for p := range s.T {
		t, c := &s.T[p], &s.Cells[p]
		bell, phase := t.Bell, t.Phase
		t.Bell, t.Phase = 0, 0
		if t.Waiting && phase != c.Phase {
			t.Phase = 1
		}
		if t.PC >= rwCheck && t.PC <= rwAsleep {
			t.Bell = rwOld
			if bell == now {
				t.Bell = s.Bell
			}
		}
		if t.PC != rwCheck && t.PC != rwAsk {
			t.Saw = 0
		}
	}
	for p := range s.Cells {
		s.Cells[p].Phase = 0
	}
	return s
}

// take is what p's Lock makes of the word, if it can have it.
func (s *rwState) take(p uint8) (word.Move, bool) {
	owner := word.Unasked
	if q, _, ok := s.Word.owner(); ok {
		owner = s.life(q)
	}
	m := word.MutexLock(s.Word.word(), layout.Owner(uint32(p), 1), owner, false)
	return m, m.Verdict.Has()
}

func (s rwState) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "word %v bell %x", s.Word, s.Bell)
	for p, t := range s.T {
		c := s.Cells[p]
		fmt.Fprintf(&b, " | %c %d:%d:%d %s", 'A'+p, c.Phase, c.Waiting, c.Active, rwPCNames[t.PC])
		if t.On > 0 {
			fmt.Fprintf(&b, " on %c", 'A'+t.On-1)
		}
	}
	return b.String()
}
