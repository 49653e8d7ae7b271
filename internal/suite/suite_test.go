package suite_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
)

func TestMain(m *testing.M) { shmtest.Main(m) }

// The world of these tests is a directory. Its object is a file, for whose content one can
// wait.
var world = suite.NewWorld("actor", newDirectory)

func init() {
	world.Arrive = func(greeting string) error { return os.WriteFile(greeting, nil, 0o600) }
	world.Add("file", suite.KindOf(func(at suite.Place) (*file, error) {
		f := &file{filepath.Join(at.(*directory).path, "it")}
		return f, os.WriteFile(f.path, nil, 0o600)
	}, func(f *file) suite.Perform { return f.perform }))
}

type directory struct {
	path string
	gone []int
}

func newDirectory(t testing.TB) suite.Place { return &directory{path: t.TempDir()} }

func (d *directory) Sleeps(int) uint64 {
	list, _ := filepath.Glob(filepath.Join(d.path, "slept*"))
	return uint64(len(list))
}

func (d *directory) Gone(pid int) { d.gone = append(d.gone, pid) }

func (d *directory) Greeting() string { return filepath.Join(d.path, "arrived") }

type file struct{ path string }

func (f *file) MarshalText() ([]byte, error) { return []byte(f.path), nil }

func (f *file) UnmarshalText(b []byte) error { f.path = string(b); return nil }

func (f *file) Close() error { return nil }

func (f *file) perform(args []string) string {
	switch args[0] {
	case "arrived":
		if _, err := os.Stat(filepath.Join(filepath.Dir(f.path), "arrived")); err != nil {
			return "nobody has arrived"
		}
		return "ok"
	case "write": // at once, for those who look
		err := os.WriteFile(f.path+"+", []byte(args[1]), 0o600)
		if err == nil {
			err = os.Rename(f.path+"+", f.path)
		}
		return suite.Outcomes{}.Of(err)
	case "wait":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		if s, err := os.CreateTemp(filepath.Dir(f.path), "slept"); err == nil {
			s.Close()
		}
		for ctx.Err() == nil {
			if b, err := os.ReadFile(f.path); err != nil || len(b) > 0 {
				return string(b)
			}
			time.Sleep(100 * time.Microsecond)
		}
		return suite.Outcomes{"timeout": ctx.Err()}.Of(ctx.Err())
	}
	return "what?"
}

func TestScript(t *testing.T) {
	var played []string
	world.Everywhere(t, "file", 3, func(s *suite.Stage) {
		played = append(played, s.Actors[0].Name)
		s.Play(
			suite.At(0, "wait 5", "timeout"),
			suite.At(0, "wait", suite.Sleeps),
			suite.At(1, "wait", suite.Sleeps),
			suite.At(2, "write 7", "ok"),
			suite.At(1, suite.Ends, "7"),
			suite.At(0, suite.Ends, "7"),
		)
		if got := s.Together("wait"); !slices.Equal(got, []string{"7", "7", "7"}) {
			t.Error(got)
		}
	})
	if want := []string{"goroutine 0", "process 0"}; !slices.Equal(played, want) {
		t.Errorf("played %v, want %v", played, want)
	}
}

func TestDeaths(t *testing.T) {
	world.WithDeaths(t, "file", 2, func(s *suite.Stage) {
		at := s.At.(*directory)
		for n := range 3 {
			s.Play(
				suite.At(1, "arrived", "ok"),
				suite.At(1, "wait", suite.Sleeps),
				suite.At(1, suite.Dies, ""),
			)
			if len(at.gone) != n+1 {
				t.Errorf("%d deaths were told, want %d", len(at.gone), n+1)
			}
			s.Recast(1)
		}
		if pids := slices.Compact(slices.Sorted(slices.Values(at.gone))); len(pids) != 3 {
			t.Error(at.gone)
		}
	})
}

// Another place of the same world has the same kinds and actors.
func TestIn(t *testing.T) {
	made := 0
	other := world.In(func(t testing.TB) suite.Place { made++; return newDirectory(t) })
	other.Everywhere(t, "file", 1, func(s *suite.Stage) { s.Actors[0].Do("write 1", "ok") })
	if made != 2 || !other.Has("file") || other.Has("lock") {
		t.Errorf("%d places", made)
	}
}

func TestRun(t *testing.T) {
	var ran []string
	test := func(name string) suite.Behaviour[*suite.World] {
		return suite.Behaviour[*suite.World]{Name: name, Test: func(*testing.T, *suite.World) { ran = append(ran, name) }}
	}
	suite.Run(t, world, []suite.Behaviour[*suite.World]{test("a"), test("b"), test("c")}, suite.Except{"b": "not here"})
	if !slices.Equal(ran, []string{"a", "c"}) {
		t.Error(ran)
	}
}
