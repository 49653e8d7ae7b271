package ring_test

import (
	"testing"

	"shmkit/internal/suite"
	"shmkit/internal/suite/queues"
	"shmkit/ring"
	"shmkit/shm"
)

// world is where the suites find queues in shared memory.
var world = suite.NewWorld("actor", func(t testing.TB) suite.Place { return &place{t, segment(t)} })

func init() {
	queues.AddQueue(world, func(at suite.Place, capacity int) (*ring.Queue[queues.Message], error) {
		return ring.NewIn[queues.Message](at.(*place).seg, "it", capacity)
	})
	queues.AddJoinable(world, func(at suite.Place, capacity int) (*ring.Joinable[queues.Message], error) {
		return ring.NewJoinableIn[queues.Message](at.(*place).seg, "it", capacity)
	})
}

// place is a segment.
type place struct {
	t   testing.TB
	seg *shm.Segment
}

// Sleeps counts the calls in which a process has slept.
func (p *place) Sleeps(pid int) uint64 {
	info, err := p.seg.Info()
	must(p.t, err)
	for _, who := range info.Participants {
		if who.Alive && int(who.PID) == pid {
			return who.Sleeps
		}
	}
	return 0
}

// Gone: whoever looks at a queue sees who is dead.
func (p *place) Gone(int) {}

// What queues do in any world, they do in shared memory.

func TestPutFull(t *testing.T)           { queues.PutFull(t, world) }
func TestGetEmpty(t *testing.T)          { queues.GetEmpty(t, world) }
func TestClose(t *testing.T)             { queues.Close(t, world) }
func TestBothEndsAreClosed(t *testing.T) { queues.BothEndsAreClosed(t, world) }
func TestCloseEndsWaits(t *testing.T)    { queues.CloseEndsWaits(t, world) }
func TestContexts(t *testing.T)          { queues.Contexts(t, world) }
func TestOrderAndCapacity(t *testing.T)  { queues.OrderAndCapacity(t, world) }
func TestManyGoroutines(t *testing.T)    { queues.ManyGoroutines(t, world) }

func TestSuiteBasics(t *testing.T)         { queues.Basics(t, world) }
func TestEmptyElsewhere(t *testing.T)      { queues.EmptyElsewhere(t, world) }
func TestSuiteWaits(t *testing.T)          { queues.Waits(t, world) }
func TestSuiteGivesUp(t *testing.T)        { queues.GivesUp(t, world) }
func TestSuiteClosed(t *testing.T)         { queues.ClosedElsewhere(t, world) }
func TestSuiteFlow(t *testing.T)           { queues.Flow(t, world) }
func TestSuiteWaiterKilled(t *testing.T)   { queues.WaiterKilled(t, world) }
func TestSuiteProducerKilled(t *testing.T) { queues.ProducerKilled(t, world) }

func TestSuiteJoins(t *testing.T)          { queues.Joins(t, world) }
func TestSuiteConsumerKilled(t *testing.T) { queues.ConsumerKilled(t, world) }
func TestSuiteUnfinished(t *testing.T)     { queues.Unfinished(t, world) }
func TestJoinHears(t *testing.T)           { queues.JoinHears(t, world) }
