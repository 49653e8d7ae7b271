package suite

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// Player is an actor as the test sees it. It makes one call at a time.
type Player struct {
	T    testing.TB
	Name string

	at       Place
	pid      int
	tell     func(line string)
	answered chan string // one answer for each call, capacity 1
	kill     func()      // nil: it cannot die alone
}

// Begin tells a to do something, and does not wait for the answer.
func (a *Player) Begin(call string) { a.tell(call) }

// Block is Begin of a call that must wait: it returns once a has slept in it.
func (a *Player) Block(call string) {
	a.T.Helper()
	before := a.at.Sleeps(a.pid)
	a.Begin(call)
	for a.at.Sleeps(a.pid) == before {
		time.Sleep(100 * time.Microsecond)
	}
}

// Answers fails the test unless the answer to what a began is want.
func (a *Player) Answers(want string) {
	a.T.Helper()
	if got := <-a.answered; got != want {
		a.T.Fatalf("%s answered %q, want %q", a.Name, got, want)
	}
}

// Do fails the test unless a answers call with want.
func (a *Player) Do(call, want string) {
	a.T.Helper()
	a.Begin(call)
	if got := <-a.answered; got != want {
		a.T.Fatalf("%s: %s answered %q, want %q", a.Name, call, got, want)
	}
}

// Ask is the answer of a to call.
func (a *Player) Ask(call string) string {
	a.Begin(call)
	return <-a.answered
}

// Gather is the answers of actors, who have all begun something, sorted.
func Gather(actors ...*Player) []string {
	var all []string
	for _, a := range actors {
		all = append(all, <-a.answered)
	}
	slices.Sort(all)
	return all
}

// First waits for the first answer of actors who have begun something, and tells
// whose it is.
func First(actors ...*Player) (winner int, answer string) {
	var cases []reflect.SelectCase
	for _, a := range actors {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(a.answered)})
	}
	winner, got, _ := reflect.Select(cases)
	return winner, got.String()
}
