package suite

import (
	"slices"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

// Stage is one world with its actors and the object that they share. The goroutine of the
// test uses it.
type Stage struct {
	T      testing.TB
	At     Place
	Object Handle
	Actors []*Player

	world *World
	kind  string
	cast  func(s *Stage, i int) *Player
}

// Everywhere plays a scene with n actors of each sort.
func (w *World) Everywhere(t *testing.T, kind string, n int, scene func(s *Stage)) {
	t.Helper()
	w.perform(t, kind, n, false, scene)
}

// WithDeaths plays a scene in which actors are killed, with those that are processes.
func (w *World) WithDeaths(t *testing.T, kind string, n int, scene func(s *Stage)) {
	t.Helper()
	w.perform(t, kind, n, true, scene)
}

// casts are the sorts of actors.
var casts = []struct {
	name string
	cast func(s *Stage, i int) *Player
}{
	{"goroutines", (*Stage).goroutine},
	{"processes", (*Stage).process},
	{"c", func(s *Stage, i int) *Player {
		if i%2 == 1 {
			return s.program(i)
		}
		return s.process(i)
	}},
}

func (w *World) perform(t *testing.T, kind string, n int, deaths bool, scene func(s *Stage)) {
	t.Helper()
	shmtest.Need(w.actor)
	for _, c := range casts {
		if c.name == "goroutines" && deaths || c.name == "c" && !slices.Contains(w.InC, kind) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			at := w.place(t)
			s := &Stage{T: t, At: at, Object: w.Make(t, at, kind), world: w, kind: kind, cast: c.cast}
			for i := range n {
				s.Actors = append(s.Actors, s.cast(s, i))
			}
			scene(s)
		})
	}
}

// Recast gives the part of actor i, who has died, to another of its sort.
func (s *Stage) Recast(i int) { s.Actors[i] = s.cast(s, i) }

// Together lets all actors make a call, and gives the sorted answers.
func (s *Stage) Together(call string) []string {
	for _, a := range s.Actors {
		a.Begin(call)
	}
	return Gather(s.Actors...)
}
