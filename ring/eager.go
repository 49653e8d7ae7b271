package ring

import "shmkit/internal/park"

// eager is how an end of a stream of records decides whether to look again a while before
// it sleeps. Such an end often is one of two that ask and answer, and every look that
// comes late is time of both. Where items flow one way only, an end that looks at once
// takes the lines from the other one that it is about to write: there the looks of
// park.Loop are better, which are further apart each time.
//
// A sleep costs the sleeper and the one who wakes it some microseconds each, and what they
// wait for that much more. So an end first looks for about as long; if the other end answers
// at once, it never sleeps. If that was for nothing it goes to sleep at once the next time,
// then two times, four times, and so on: so the looks of one who waits long are few.
//
// They never cease. Two ends that ask and answer can fall asleep for a reason that is
// over, a busy machine say. Then each finds the other asleep, however soon it answers, and
// both would go on so for good. Therefore every so often an end looks for as long as it takes
// to wake the other one. While it finds something then it goes on: on a processor that is at
// rest the wake-up takes longer than all else, and an answer to one who looks needs none.
type eager struct {
	vain uint8 // looks that were for nothing, less those that took long
	skip uint8 // so many waits are sleeps at once
}

// The looks: a pause before each, of the processor's. Short: the other end was awake. Long:
// it had to be woken first.
const (
	quickLooks, quickPause = 64, 1
	shortLooks, shortPause = 32, 4
	longLooks, longPause   = 48, 16

	mostVain = 4 // at least one wait in 16 begins with looks
)

// spin looks for what the end waits for, and gives again if it should sleep.
func (e *end) spin() error {
	g := &e.eager
	switch {
	case park.Alone():
		return e.again
	case g.skip > 0:
		g.skip--
		return e.again
	}
	err := e.look(quickLooks, quickPause)
	if err == e.again {
		err = e.look(shortLooks, shortPause)
	}
	if err != e.again {
		g.vain = 0
		return err
	}
	err = e.look(longLooks, longPause)
	if err != e.again {
		g.vain -= min(g.vain, 1)
		return err
	}
	g.vain = min(g.vain+1, mostVain)
	g.skip = 1<<g.vain - 1
	return e.again
}

// look looks so many times.
func (e *end) look(times int, pauses uint32) error {
	for range times {
		park.Pause(pauses)
		if err := e.ready(); err != e.again {
			return err
		}
	}
	return e.again
}
