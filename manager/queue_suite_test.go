package manager_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"shmkit/internal/suite"
	"shmkit/internal/suite/queues"
	"shmkit/manager"
)

// What queues do in any world, they do at a server: see package suite/queues.

// queueWorld is where the suite finds queues at a server in a process of its own.
var queueWorld = suite.NewWorld("queue-actor", func(t testing.TB) suite.Place { return newQueuePlace(t, "shm") })

func init() {
	queueWorld.Load = 300
	queues.AddQueue(queueWorld, func(at suite.Place, capacity int) (*suiteQueue, error) {
		p := at.(*queuePlace)
		q, err := manager.NewQueue[queues.Message](p.client, capacity)
		if err != nil {
			return nil, err
		}
		p.info = q.Info
		return &suiteQueue{*q, p.mark()}, nil
	})
	queues.AddJoinable(queueWorld, func(at suite.Place, capacity int) (*suiteJoinable, error) {
		p := at.(*queuePlace)
		j, err := manager.NewJoinableQueue[queues.Message](p.client, capacity)
		if err != nil {
			return nil, err
		}
		p.info = j.Info
		return &suiteJoinable{*j, p.mark()}, nil
	})
}

// queuePlace is a server, and the queue of a scene.
type queuePlace struct {
	t      testing.TB
	w      *world
	client *manager.Client
	info   func() (manager.QueueInfo, error)
}

func newQueuePlace(t testing.TB, family string) *queuePlace {
	w := newWorld(t, family)
	return &queuePlace{t: t, w: w, client: w.dial(t)}
}

// Sleeps counts the calls that wait now, of all processes.
func (p *queuePlace) Sleeps(int) uint64 {
	i, err := p.info()
	must(p.t, err)
	return uint64(i.Getters + i.Putters + i.Joiners)
}

// Gone waits for what the process holds as long as it lives.
func (p *queuePlace) Gone(pid int) {
	m, err := manager.OpenMutex(p.client, fmt.Sprint("alive-", pid))
	must(p.t, err)
	m.Lock()
}

// mark tells an actor where the server is.
func (p *queuePlace) mark() marker { return marker{p.w.family, p.w.address} }

// A marker goes with a handle: an actor in another process holds a lock there, which tells
// when its session has ended.
type marker struct{ family, address string }

func (m *marker) text(handle []byte, err error) ([]byte, error) {
	return []byte(m.family + " " + m.address + " " + string(handle)), err
}

var marked sync.Once

func (m *marker) read(text []byte, open func(text []byte) error) error {
	part := strings.SplitN(string(text), " ", 3)
	m.family, m.address = part[0], part[1]
	var err error
	if os.Getenv("SHMKIT_TEST_HELPER") != "" {
		marked.Do(func() { err = m.hold() })
	}
	if err != nil {
		return err
	}
	return open([]byte(part[2]))
}

func (m *marker) hold() error {
	c, err := dialAt(m.family, m.address)
	if err != nil {
		return err
	}
	alive, err := manager.NewMutex(c, manager.Named(fmt.Sprint("alive-", os.Getpid())))
	if err != nil {
		return err
	}
	return alive.Lock()
}

type suiteQueue struct {
	manager.Queue[queues.Message]
	at marker
}

func (q *suiteQueue) MarshalText() ([]byte, error) { return q.at.text(q.Queue.MarshalText()) }

func (q *suiteQueue) UnmarshalText(text []byte) error { return q.at.read(text, q.Queue.UnmarshalText) }

type suiteJoinable struct {
	manager.JoinableQueue[queues.Message]
	at marker
}

func (j *suiteJoinable) MarshalText() ([]byte, error) {
	return j.at.text(j.JoinableQueue.MarshalText())
}

func (j *suiteJoinable) UnmarshalText(text []byte) error {
	return j.at.read(text, j.JoinableQueue.UnmarshalText)
}

// conformance
func TestQueueSuite(t *testing.T) { queues.All(t, queueWorld, nil) }

func TestQueueSuiteOverTCP(t *testing.T) {
	queues.All(t, queueWorld.In(func(t testing.TB) suite.Place { return newQueuePlace(t, "tcp") }), nil)
}
