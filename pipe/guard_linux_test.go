package pipe_test

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pipe"
)

// machine runs functions on a thread in a network namespace of its own, where sockets
// belong that they open.
type machine struct {
	tid  int
	work chan func()
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{work: make(chan func())}
	t.Cleanup(func() { close(m.work) })
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		m.tid = syscall.Gettid()
		failed <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range m.work {
			f()
		}
	}()
	if err := <-failed; err != nil {
		t.Skip("skipped, it needs a network namespace, which only root may make: ", err)
	}
	return m
}

func (m *machine) do(f func()) {
	done := make(chan struct{})
	m.work <- func() { f(); close(done) }
	<-done
}

// ip runs ip(8) there.
func (m *machine) ip(t testing.TB, args string) {
	t.Helper()
	var out []byte
	var err error
	m.do(func() { out, err = exec.Command("ip", strings.Fields(args)...).CombinedOutput() })
	if err != nil {
		t.Fatalf("ip %s: %v %s", args, err, out)
	}
}

// cabled gives both ends of a tcp connection from one machine to another.
func cabled(t testing.TB, forServer, forClient []pipe.Option) (a, b *machine, server, client *pipe.Conn) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("skipped, it needs ip(8): ", err)
	}
	a, b = newMachine(t), newMachine(t)
	var out []byte
	var err error
	a.do(func() {
		out, err = exec.Command("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", fmt.Sprint(b.tid)).CombinedOutput()
	})
	if err != nil {
		t.Skipf("skipped, it needs veth: %v %s", err, out)
	}
	a.ip(t, "addr add 10.9.0.1/24 dev cable")
	b.ip(t, "addr add 10.9.0.2/24 dev cable")
	a.ip(t, "link set cable up")
	b.ip(t, "link set cable up")
	var l *pipe.Listener
	a.do(func() { l = listen(t, "tcp", "10.9.0.1:0", forServer...) })
	b.do(func() { client = dial(t, l, forClient...) })
	return a, b, accept(t, l), client
}

// misdirect makes what a sends to b, and back, go nowhere, without a word to anybody.
func misdirect(t testing.TB, a, b *machine) {
	t.Helper()
	a.ip(t, "neigh replace 10.9.0.2 lladdr 02:00:00:00:09:09 dev cable nud permanent")
	b.ip(t, "neigh replace 10.9.0.1 lladdr 02:00:00:00:09:09 dev cable nud permanent")
}

// unplug lets the machines see that the cable has gone.
func unplug(t testing.TB, a, _ *machine) {
	t.Helper()
	a.ip(t, "link set cable down")
}

// Who receives, who sends, and who waits for an answer to what it has sent, are told that the
// other end is cut off.
func TestCutOff(t *testing.T) {
	forServer, forClient := certificate(t)
	forClient.ServerName = "127.0.0.1"
	quick := pipe.WithKeepAlive(time.Second)
	for name, opts := range map[string][2][]pipe.Option{
		"plain": {{quick}, {quick}},
		"tls":   {{quick, pipe.WithTLS(forServer)}, {quick, pipe.WithTLS(forClient)}},
	} {
		for how, cut := range map[string]func(testing.TB, *machine, *machine){"misdirected": misdirect, "unplugged": unplug} {
			t.Run(name+"/"+how, func(t *testing.T) {
				shmWatch(t)
				t.Parallel()
				a, b, server, client := cabled(t, opts[0], opts[1])
				must(t, client.SendBytes([]byte("before")))
				expectBytes(t, server, "before")
				cut(t, a, b)
				failed := make(chan error)
				go func() { failed <- client.SendBytes(huge) }()
				_, err := server.RecvBytes() // nothing is on the way from there
				is(t, "who receives", err, pipe.ErrCutOff)
				is(t, "who receives", err, syscall.ETIMEDOUT)
				is(t, "who sends", <-failed, pipe.ErrCutOff)
				_, err = client.RecvBytes()
				is(t, "who waits for an answer", err, pipe.ErrCutOff)
				is(t, "later", client.SendBytes(nil), pipe.ErrCutOff)
				_, err = server.TrySendBytes(nil)
				is(t, "later", err, pipe.ErrCutOff)
			})
		}
	}
}

// An end that is there and does not receive is not cut off, whatever the time.
func TestFullIsNotCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it takes 8 s")
	}
	shmWatch(t)
	t.Parallel()
	server, client := connected(t, "tcp", "", pipe.WithKeepAlive(time.Second))
	next := fillUp(t, server, 0)
	time.Sleep(8 * time.Second) // nothing can be waited for where nothing is to happen
	expectAll(t, client, 0, next)
	must(t, server.SendBytes(numbered(next)))
	expectAll(t, client, next, next+1)
}
