package manager_test

import (
	"testing"
	"time"

	"shmkit/internal/suite"
	"shmkit/internal/suite/locks"
	"shmkit/manager"
	shsync "shmkit/sync"
)

// suites are where the behaviours find objects at a server: a world for each family.
var suites = func() map[string]*suite.World {
	all := map[string]*suite.World{}
	first := suite.NewWorld("suite-actor", func(t testing.TB) suite.Place { return newHome(t, families[0]) })
	first.Leases = true
	for _, family := range families {
		all[family] = first.In(func(t testing.TB) suite.Place { return newHome(t, family) })
	}
	return all
}()

func init() {
	manager.Credentials(func(string, string) []manager.Setup { return []manager.Setup{testKey} })
	world := suites[families[0]] // the kinds are those of all
	locks.AddMutex(world, func(at suite.Place) (*manager.Mutex, error) { return manager.NewMutex(clientAt(at)) })
	locks.AddRecursiveMutex(world,
		func(at suite.Place) (*manager.RecursiveMutex, error) { return manager.NewRecursiveMutex(clientAt(at)) },
		shsync.NewHolder, func(m *manager.RecursiveMutex) string {
			info, err := m.Info()
			if err != nil {
				return err.Error()
			}
			return info.State
		})
	locks.AddSemaphore(world, func(at suite.Place) (*manager.Semaphore, error) { return manager.NewSemaphore(clientAt(at), 2) })
	locks.AddBoundedSemaphore(world, func(at suite.Place) (*manager.BoundedSemaphore, error) {
		return manager.NewBoundedSemaphore(clientAt(at), 2)
	})
	locks.AddCond(world, locks.CondKind[*manager.Cond]{
		Make: func(at suite.Place) (*manager.Cond, locks.Mutex, error) {
			m, err := manager.NewMutex(clientAt(at))
			if err != nil {
				return nil, nil, err
			}
			c, err := manager.NewCond(m)
			return c, m, err
		},
		Lock: func(c *manager.Cond) locks.Mutex { return c.Mutex() },
		Waiting: func(c *manager.Cond) (waiting, notified int) {
			info, err := c.Info()
			if err != nil {
				return -1, -1
			}
			return info.Waiting, info.Notified
		},
	})
	locks.AddEvent(world, func(at suite.Place) (*manager.Event, error) { return manager.NewEvent(clientAt(at)) })
	locks.AddBarrier(world, func(at suite.Place, parties int, limit time.Duration) (*manager.Barrier, error) {
		return manager.NewBarrier(clientAt(at), parties, manager.BarrierTimeout(limit))
	})
}

// home is a server in this process, and a client of it.
type home struct {
	server *manager.Server
	client *manager.Client
	dead   int // actors that were killed
}

func newHome(t testing.TB, family string) *home {
	t.Helper()
	s, err := manager.Serve(family, "", testKey)
	must(t, err)
	t.Cleanup(func() { must(t, s.Shutdown(background)) })
	c, err := s.Client(background)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return &home{server: s, client: c}
}

func clientAt(at suite.Place) *manager.Client { return at.(*home).client }

// Sleeps counts the calls of all that had to wait.
func (h *home) Sleeps(int) uint64 {
	met, _ := manager.Counts(h.server)
	return met.Waits
}

// Gone: the session of each actor that is a process ends with it.
func (h *home) Gone(int) {
	h.dead++
	for {
		met, living := manager.Counts(h.server)
		if uint64(living+h.dead) == met.Sessions {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// eachSuite runs behaviours over each family.
func eachSuite(t *testing.T, behave func(t *testing.T, w *suite.World)) {
	t.Helper()
	for _, family := range families {
		t.Run(family, func(t *testing.T) { behave(t, suites[family]) })
	}
}
