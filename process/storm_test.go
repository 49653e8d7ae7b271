package process_test

import (
	"context"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/value"
)

// parents is how many processes TestParentStorm kills.
var parents = flag.Int("parents", 10, "how many parents TestParentStorm kills")

// Each process of the storm has the other end of a pipe as descriptor 3 and passes it on, so
// that the end of the pipe is the end of them all, of those that were half born too.
var (
	broods  = process.Register("broods", startForEver)
	works   = process.Register("works", func(ctx context.Context, n *value.Value[int64]) error { return work(ctx, n, false) })
	worksOn = process.Register("works on", func(ctx context.Context, n *value.Value[int64]) error { return work(ctx, n, true) })
	heads   = process.Register("heads", headGroup)
)

func passOn() process.Option { return process.Files(os.NewFile(3, "pipe")) }

// startForEver starts daemons, groups, programs and others one after the other, which use an
// object of its heap, and kills some of them.
func startForEver(ctx context.Context, seed uint64) error {
	n, err := value.New[int64](0)
	if err != nil {
		return err
	}
	for r := rand.New(rand.NewPCG(seed, 7)); ctx.Err() == nil; {
		var err error
		switch r.IntN(4) {
		case 0:
			_, err = worksOn.Start(ctx, n, passOn(), process.Daemon(true))
		case 1:
			_, err = heads.Start(ctx, n, passOn(), process.Daemon(true), process.Group())
		case 2:
			_, err = works.Start(ctx, n, passOn(), process.Daemon(false))
		case 3:
			_, err = process.Command("sleep", "1000").Start(ctx, passOn(), process.Daemon(true), process.Share("N", n))
		}
		if err != nil {
			return err
		}
		if list := process.ActiveChildren(); len(list) > 4 {
			p := list[r.IntN(len(list))]
			p.Kill()
			p.Wait()
		}
	}
	return nil
}

// headGroup starts two that do not end by themselves.
func headGroup(ctx context.Context, n *value.Value[int64]) error {
	for range 2 {
		if _, err := worksOn.Start(ctx, n, passOn(), process.Daemon(false)); err != nil {
			return err
		}
	}
	return work(ctx, n, true)
}

// work uses an object, and goes on for ever, or until its parent has ended.
func work(ctx context.Context, n *value.Value[int64], on bool) error {
	for range 100 {
		if err := n.Update(func(n *int64) { *n++ }); err != nil {
			return err
		}
	}
	if on {
		select {}
	}
	<-ctx.Done()
	return nil
}

// Parents are killed at random moments, with their children in all stages of their birth and
// life. Nothing is left of them: no process, no file.
func TestParentStorm(t *testing.T) {
	shmtest.Watchdog(t, time.Minute+time.Duration(*parents)*time.Second)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var longest, tidy time.Duration
	for range *parents {
		before := anonymousFiles(t)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := must[*process.Job[process.None]](t)(broods.Start(t.Context(), random.Uint64(), process.Files(w)))
		w.Close()
		time.Sleep(time.Duration(random.Int64N(int64(100 * time.Millisecond)))) // it is killed at a random moment
		if random.IntN(4) == 0 {
			p.Signal(syscall.SIGSTOP)
		}
		p.Kill()
		killed := time.Now()
		p.Wait()
		if _, err := r.Read(make([]byte, 1)); err != io.EOF { // all have ended
			t.Fatal(err)
		}
		longest = max(longest, time.Since(killed))
		r.Close()
		for anonymousFiles(t) != before { // until the watchdog barks
			time.Sleep(time.Millisecond)
		}
		tidy = max(tidy, time.Since(killed))
		noChildren(t)
	}
	t.Logf("%d parents; the last of their children ended within %v, the last file was removed within %v", *parents, longest, tidy)
}

// noChildren fails if this process has a child, alive or not.
func noChildren(t *testing.T) {
	t.Helper()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("child %d is left: %v", pid, err)
	}
}
