package pipe_test

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/race"
	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("often", answerOften) }

const oftenTrips = 400

// answerOften answers messages, and sleeps in between. It tells how often its threads did.
func answerOften(c *shmtest.Child) {
	end := new(pipe.Conn)
	c.Must(end.UnmarshalText([]byte(c.Args[0])))
	var ball [8]byte
	var before, after syscall.Rusage
	for n := range 2 * oftenTrips {
		if n == oftenTrips {
			c.Must(syscall.Getrusage(syscall.RUSAGE_SELF, &before))
		}
		_, err := end.RecvInto(ball[:])
		c.Must(err)
		c.Must(end.SendBytes(ball[:]))
	}
	c.Must(syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	c.Say(after.Nvcsw - before.Nvcsw)
	c.Park()
}

// A process that sleeps often, and for short, does not wake threads of the runtime each time
// that it is woken. Other work on the machine wakes some, so one of a few tries must do; if
// they were woken each time none would.
func TestSleepsOften(t *testing.T) {
	if race.Enabled {
		t.Skip("skipped: the race detector has its own switches of threads")
	}
	shmtest.Watchdog(t, 2*time.Minute)
	var switches, most int
	for range 8 {
		if switches, most = switchesOften(t); switches <= most {
			return
		}
	}
	t.Errorf("%d switches, want about one for each trip, and not more than %d", switches, most)
}

// switchesOften is how often the threads of the one that answers slept, and how often they may.
func switchesOften(t *testing.T) (switches, most int) {
	a, b, err := pipe.New(true)
	must(t, err)
	defer a.Close()
	defer b.Close()
	text, err := b.MarshalText()
	must(t, err)
	child := shmtest.Start(t, "often", string(text))
	var ball [8]byte
	slow := 0 // trips after which the runtime may do so: that was no short sleep
	for n, begin := 0, time.Now(); n < 2*oftenTrips; n++ {
		time.Sleep(time.Millisecond)
		must(t, a.SendBytes(ball[:]))
		_, err := a.RecvInto(ball[:])
		must(t, err)
		if now := time.Now(); now.Sub(begin) > 4*time.Millisecond {
			slow++
		}
		begin = time.Now()
	}
	switches, err = strconv.Atoi(child.Line())
	must(t, err)
	child.Kill()
	t.Logf("%d trips, %d slow ones in twice as many: %d switches", oftenTrips, slow, switches)
	return switches, 3*oftenTrips + 8*slow
}
