package pipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
)

func init() {
	shmtest.Register("echo", echo)
	shmtest.Register("flood", flood)
	shmtest.Register("pipe", bePipe)
}

// opened is the end whose text is the first argument.
func opened(c *shmtest.Child) *pipe.Conn {
	conn := new(pipe.Conn)
	c.Must(conn.UnmarshalText([]byte(c.Args[0])))
	return conn
}

func text(t testing.TB, c *pipe.Conn) string {
	t.Helper()
	b, err := c.MarshalText()
	must(t, err)
	return string(b)
}

// echo sends back what it receives, until the end.
func echo(c *shmtest.Child) {
	conn := opened(c)
	for c.Say("ready"); ; {
		b, err := conn.RecvBytes()
		if err == io.EOF {
			c.Say("end")
			return
		}
		c.Must(err)
		c.Must(conn.SendBytes(b))
	}
}

// flood sends messages until it is killed, each of which tells its number; args: end, first
// number, largest length.
func flood(c *shmtest.Child) {
	conn := opened(c)
	var n, most int
	fmt.Sscan(c.Args[1], &n)
	fmt.Sscan(c.Args[2], &most)
	for c.Say("ready"); ; n++ {
		c.Must(conn.SendBytes(floodOf(n, most)))
	}
}

func floodOf(n, most int) []byte {
	return messageOf(n, rand.New(rand.NewPCG(uint64(n), 5)).IntN(most+1))
}

// bePipe does what it is told with its end.
func bePipe(c *shmtest.Child) {
	conn := opened(c)
	for c.Say("ready"); ; {
		what, rest, _ := strings.Cut(c.Hear(), " ")
		var err error
		switch what {
		case "send":
			err = conn.SendBytes([]byte(rest))
		case "long": // one that nobody receives
			c.Say("sends")
			err = conn.SendBytes(make([]byte, 1<<24))
		case "recv":
			var b []byte
			if b, err = conn.RecvBytes(); err == nil && string(b) != rest {
				err = fmt.Errorf("received %q", b)
			}
		case "drain":
			for c.Say("receives"); err == nil; {
				_, err = conn.RecvBytes()
			}
		case "through": // answer over an end that comes in a message
			var job passing
			if err = conn.Recv(&job); err == nil {
				err = job.End.SendBytes([]byte(job.Text))
			}
		case "closewrite":
			err = conn.CloseWrite()
		case "close":
			err = conn.Close()
		}
		c.Say(err)
	}
}

type passing struct {
	End  *pipe.Conn
	Text string
}

func ask(t testing.TB, p *shmtest.Process, what string) {
	t.Helper()
	p.Send(what)
	p.Expect("<nil>")
}

// Messages of every length come back from another process, the parent having closed its own
// copy of the other end; and the other one hears of the end.
//
// conformance: CN-01, CN-03, PO-02
func TestEcho(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		child := shmtest.Start(t, "echo", text(t, b))
		must(t, b.Close())
		child.Expect("ready")
		for n, length := range lengths(room) {
			must(t, a.SendBytes(messageOf(n, length)))
			got, err := a.RecvBytes()
			if err != nil || !bytes.Equal(got, messageOf(n, length)) {
				t.Fatalf("room %d, message %d of %d bytes: %d bytes, %v", room, n, length, len(got), err)
			}
		}
		must(t, a.CloseWrite())
		child.Expect("end")
		_, err := a.RecvBytes()
		is(t, "receiving when the child is gone", err, io.EOF)
		child.Wait()
	}
}

// conformance: CN-01
func TestSixteenMebibytes(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	a, b, err := pipe.New(true)
	must(t, err)
	defer a.Close()
	child := shmtest.Start(t, "echo", text(t, b))
	must(t, b.Close())
	child.Expect("ready")
	want := messageOf(1, 16<<20)
	must(t, a.SendBytes(want))
	got, err := a.RecvBytes()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	child.Kill()
	_, err = a.RecvBytes()
	is(t, "receiving when the child is dead", err, io.EOF)
	is(t, "sending when the child is dead", a.SendBytes(nil), pipe.ErrPeerGone)
	is(t, "sending when the child is dead", a.SendBytes(nil), syscall.EPIPE)
}

// A sender that is killed anywhere: what comes is whole, in order, and then the end; and
// the next one that takes the end over goes on.
func TestSenderKilled(t *testing.T) {
	shmtest.Watchdog(t, 5*time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, false, room)
		handle := text(t, b)
		next, r := 0, rand.New(rand.NewPCG(uint64(room), 1))
		for round := range 12 {
			most := []int{20, room, 20 * room}[round%3]
			child := shmtest.Start(t, "flood", handle, fmt.Sprint(next), fmt.Sprint(most))
			child.Expect("ready")
			for alive := r.IntN(50); ; alive-- {
				if alive == 0 {
					child.Signal(syscall.SIGKILL)
				}
				got, err := a.RecvBytes()
				if err == io.EOF {
					break
				}
				if want := floodOf(next, most); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("room %d: message %d: %d bytes, %v, want %d", room, next, len(got), err, len(want))
				}
				next++
			}
			child.Kill()
		}
	}
}

// The kernel tells those who sleep, in either direction.
func TestSleepersHearOfDeath(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for range 5 {
		a, b := newEnds(t, true, 64)
		child := shmtest.Start(t, "pipe", text(t, b))
		child.Expect("ready")
		sent, received, polled := make(chan error), make(chan error), make(chan error)
		go func() { sent <- a.SendBytes(make([]byte, 1000)) }()
		go func() { _, err := a.RecvBytes(); received <- err }()
		child.Signal(syscall.SIGKILL)
		is(t, "SendBytes", <-sent, pipe.ErrPeerGone)
		is(t, "RecvBytes", <-received, io.EOF)
		go func() { _, err := a.Poll(time.Hour); polled <- err }()
		is(t, "Poll", <-polled, nil)
	}
}

// Who takes over from one that died in the middle of a long message sends whole ones.
func TestTakeOverSender(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	a, b, err := pipe.NewIn(seg, "named", true)
	must(t, err)
	defer a.Close()
	defer b.Close()
	child := shmtest.Start(t, "pipe", text(t, b))
	child.Expect("ready")
	ask(t, child, "send whole")
	child.Send("long")
	child.Expect("sends")
	if got, err := a.RecvBytes(); string(got) != "whole" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	waits := make(chan error)
	go func() { _, err := a.RecvBytesMax(10); waits <- err }() // receives some of it
	_, err = pipe.Open(seg, "named", 1)
	var taken *ring.RoleError
	if !errors.As(err, &taken) || !errors.Is(err, ring.ErrTaken) || int(taken.PID) != child.PID() {
		t.Errorf("opening an end that a process has: %v", err)
	}
	child.Signal(syscall.SIGKILL)
	if err := <-waits; err != io.EOF && !errors.Is(err, pipe.ErrTooShort) {
		t.Errorf("receiving from the dead: %v", err)
	}
	child.Kill()
	for { // the long message may have come whole before the kill
		if _, err := a.RecvBytes(); err == io.EOF {
			break
		}
		must(t, err)
	}
	next := shmtest.Start(t, "pipe", text(t, b))
	next.Expect("ready")
	ask(t, next, "send next")
	if got, err := a.RecvBytes(); string(got) != "next" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	must(t, a.SendBytes([]byte("reply")))
	ask(t, next, "recv reply")
	ask(t, next, "close")
	_, err = a.RecvBytes()
	is(t, "receiving at the end", err, io.EOF)
}

// Who takes over from a receiver that died in the middle of a long message gets the next
// whole one.
func TestTakeOverReceiver(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, false, 1<<10)
	end := text(t, a)
	child := shmtest.Start(t, "pipe", end)
	child.Expect("ready")
	child.Send("drain")
	child.Expect("receives")
	sent := make(chan error)
	go func() {
		for {
			if err := b.SendBytes(make([]byte, 1<<20)); err != nil {
				sent <- err
				return
			}
		}
	}()
	child.Signal(syscall.SIGKILL)
	is(t, "sending to the dead", <-sent, pipe.ErrPeerGone)
	child.Kill()
	must(t, a.SetDeadline(time.Time{}))
	if ok, err := a.Poll(0); ok || err != nil { // takes the end over, and skips the rest
		t.Errorf("half a message is there: %t, %v", ok, err)
	}
	must(t, b.SendBytes([]byte("next")))
	if got, err := a.RecvBytes(); string(got) != "next" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
}

// Ends travel through connections, those of one direction too, and work where they arrive.
//
// conformance: PK-01, PK-02
func TestEndsTravel(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, duplex := range []bool{true, false} {
		a, b := newEnds(t, true, pipe.Room)
		c, d := newEnds(t, duplex, 1<<10)
		child := shmtest.Start(t, "pipe", text(t, b))
		child.Expect("ready")
		must(t, a.Send(passing{d, "hello"}))
		must(t, d.Close()) // it is the child's
		ask(t, child, "through")
		if got, err := c.RecvBytes(); string(got) != "hello" || err != nil {
			t.Errorf("received %q, %v", got, err)
		}
		child.Kill()
		_, err := c.RecvBytes()
		is(t, "receiving from the dead", err, io.EOF)
	}
}

// An end that was encoded and not opened is still ours.
func TestEncodedAndUsed(t *testing.T) {
	a, b := newEnds(t, true, 1<<10)
	handle := text(t, b)
	must(t, a.SendBytes([]byte("for whoever has it")))
	if got, err := b.RecvBytes(); string(got) != "for whoever has it" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	c := new(pipe.Conn)
	is(t, "opening an end that we use", c.UnmarshalText([]byte(handle)), ring.ErrTaken)
	handle = text(t, b)
	must(t, c.UnmarshalText([]byte(handle)))
	defer c.Close()
	is(t, "decoding twice", c.UnmarshalText([]byte(handle)), pipe.ErrOpen)
	is(t, "sending from what another has", b.SendBytes(nil), ring.ErrTaken)
	must(t, b.Close())
	must(t, c.SendBytes([]byte("new")))
	if got, err := a.RecvBytes(); string(got) != "new" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	go a.SendBytes(make([]byte, 5000))
	if ok, err := c.Poll(time.Hour); !ok || err != nil {
		t.Errorf("Poll: %t, %v", ok, err)
	}
	_, err := c.MarshalBinary()
	is(t, "encoding with a long message in hand", err, pipe.ErrBusy)
}

// Two processes that wait for each other's messages use no processor.
func TestAsleep(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, pipe.Room)
	child := shmtest.Start(t, "pipe", text(t, b))
	child.Expect("ready")
	child.Send("recv wake up")
	done := make(chan error)
	go func() { _, err := a.RecvBytes(); done <- err }()
	for !strings.Contains(a.String(), "waits") || strings.Count(a.String(), "waits") < 2 {
		time.Sleep(time.Millisecond)
	}
	before := cpu(t, child.PID())
	time.Sleep(time.Second)
	used := cpu(t, child.PID()) - before
	if t.Logf("%v of CPU in a second", used); used > 200*time.Millisecond {
		t.Errorf("%v of CPU in a second of waiting", used)
	}
	must(t, a.SendBytes([]byte("wake up")))
	child.Expect("<nil>")
	ask(t, child, "send you too")
	must(t, <-done)
}

// An end that is given back is the next process's, with what was sent to it.
func TestDetach(t *testing.T) {
	seg := segment(t)
	a, b, err := pipe.NewIn(seg, "named", true)
	must(t, err)
	defer a.Close()
	must(t, b.SendBytes([]byte("from the first")))
	must(t, a.SendBytes([]byte("to whoever comes")))
	must(t, b.Detach())
	is(t, "sending after Detach", b.SendBytes(nil), pipe.ErrClosed)
	is(t, "second Detach", b.Detach(), pipe.ErrClosed)
	next, err := pipe.Open(seg, "named", 1)
	must(t, err)
	defer next.Close()
	for c, want := range map[*pipe.Conn]string{a: "from the first", next: "to whoever comes"} {
		if got, err := c.RecvBytes(); string(got) != want || err != nil {
			t.Errorf("received %q, %v, want %q", got, err, want)
		}
	}
}
