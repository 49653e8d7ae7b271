package include_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Codes of shmkit_error.h that the tests meet.
const (
	ok             = 0
	ownerDead      = 1
	notRecoverable = 2
	timedOut       = 3
	busy           = 4
	perm           = 5
	eSize          = 10
	eMagic         = 11
	eVersion       = 12
	eFingerprint   = 13
	eFeatures      = 14
	eCorrupt       = 15
	eDestroyed     = 16
	eBoot          = 17
	eFull          = 20
	eNotFound      = 21
	eType          = 22
	eClosed        = 23
	watchdog       = 2 * time.Minute // a test that hangs ends by it; nothing else does
	counter        = 1               // object indexes of newImage
	lockObj        = 2
)

// peer is a C process that runs testdata/peer.c.
type peer struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	ended bool
}

func startPeer(t *testing.T) *peer {
	t.Helper()
	return startProgram(t, program(t, "peer"))
}

func startProgram(t *testing.T, path string) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), watchdog)
	t.Cleanup(cancel)
	p := &peer{t: t, cmd: exec.CommandContext(ctx, path)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// open starts a peer that is attached to path and has found name.
func openPeer(t *testing.T, path, name string) *peer {
	t.Helper()
	p := startPeer(t)
	p.want(ok, "open", path)
	p.want(ok, "find", name)
	return p
}

// send gives a command without waiting for the answer.
func (p *peer) send(command ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, command...); err != nil {
		p.t.Fatal(err)
	}
}

// answer waits for an answer.
func (p *peer) answer() (code int, rest string) {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("peer ended: %v (%v)", err, p.cmd.Wait())
	}
	text, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if code, err = strconv.Atoi(text); err != nil {
		p.t.Fatalf("answer %q", line)
	}
	return code, rest
}

func (p *peer) wantAnswer(want int) string {
	p.t.Helper()
	code, rest := p.answer()
	if code != want {
		p.t.Fatalf("code %d %s, want %d", code, rest, want)
	}
	return rest
}

// want gives a command and checks the code of its answer.
func (p *peer) want(want int, command ...any) string {
	p.t.Helper()
	p.send(command...)
	code, rest := p.answer()
	if code != want {
		p.t.Fatalf("%v: code %d %s, want %d", command, code, rest, want)
	}
	return rest
}

func (p *peer) slot() uint32 {
	p.t.Helper()
	p.send("slot")
	code, _ := p.answer()
	return uint32(code)
}

// kill is SIGKILL, and waits until the process is gone.
func (p *peer) kill() {
	if !p.ended {
		p.ended = true
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// exit lets the process end by itself.
func (p *peer) exit() {
	p.t.Helper()
	p.ended = true
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

// eventually waits until cond holds; only the watchdog ends it otherwise.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(watchdog); !cond(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("hang: %s", what)
		}
	}
}
