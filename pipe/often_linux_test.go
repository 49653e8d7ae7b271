package pipe_test

import (
	"strconv"
	"syscall"
	"testing"
	"time"

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
// that it is woken.
func TestSleepsOften(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
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
	switches, err := strconv.Atoi(child.Line())
	must(t, err)
	t.Logf("%d trips, %d slow ones in twice as many: %d switches", oftenTrips, slow, switches)
	if most := 3*oftenTrips + 8*slow; switches > most {
		t.Errorf("%d switches, want about one for each trip, and not more than %d", switches, most)
	}
}
