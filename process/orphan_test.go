package process_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"shmkit/process"
	"shmkit/ring"
	"shmkit/shm"
	"shmkit/value"
)

// nestArg is what a process starts that has many children.
type nestArg struct {
	Daemons, Others int
	Groups          int // of three
	Say             *ring.Queue[int64]
}

// nestling is what one of them gets: an object of the process that is killed.
type nestling struct {
	Count *value.Value[int64]
	Say   *ring.Queue[int64]
}

var (
	nest  = process.Register("nest", startMany)
	stays = process.Register("stays", stayForEver)
	goes  = process.Register("goes", goWithParent)
	leads = process.Register("leads", leadGroup)
)

func startMany(ctx context.Context, arg nestArg) error {
	count, err := value.New[int64](0)
	if err != nil {
		return err
	}
	for range arg.Daemons {
		if _, err := stays.Start(ctx, nestling{count, arg.Say}, process.Daemon(true)); err != nil {
			return err
		}
	}
	for range arg.Groups {
		if _, err := leads.Start(ctx, nestling{count, arg.Say}, process.Daemon(true), process.Group()); err != nil {
			return err
		}
	}
	for range arg.Others {
		if _, err := goes.Start(ctx, nestling{count, arg.Say}, process.Daemon(false)); err != nil {
			return err
		}
	}
	<-ctx.Done() // when the test dies
	return nil
}

// leadGroup starts two that would not end by themselves.
func leadGroup(ctx context.Context, arg nestling) error {
	for range 2 {
		if _, err := stays.Start(ctx, arg, process.Daemon(false)); err != nil {
			return err
		}
	}
	return stayForEver(ctx, arg)
}

// stayForEver uses the object of its parent without an end.
func stayForEver(_ context.Context, arg nestling) error {
	arg.Count.Add(1)
	if err := arg.Say.Put(int64(os.Getpid())); err != nil {
		return err
	}
	for {
		if err := arg.Count.Update(func(n *int64) { *n++ }); err != nil {
			return err
		}
	}
}

// goWithParent ends by itself when its parent has ended.
func goWithParent(ctx context.Context, arg nestling) error {
	if err := arg.Say.Put(int64(os.Getpid())); err != nil {
		return err
	}
	<-ctx.Done()
	arg.Count.Add(1)
	return nil
}

func anonymousFiles(t *testing.T) int {
	list, err := filepath.Glob(filepath.Join(shm.Dir(), "anon-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// When a process is killed its daemons end, and those of its other children that do so by
// themselves; and the last of them removes the file of its heap, which it cannot do itself.
func TestParentIsKilled(t *testing.T) {
	watch(t)
	for name, c := range map[string]struct {
		arg  nestArg
		stop bool
	}{
		"daemons":         {nestArg{Daemons: 8}, false},
		"others":          {nestArg{Others: 4}, false},
		"both":            {nestArg{Daemons: 2, Others: 2}, false},
		"stopped":         {nestArg{Daemons: 3}, true},
		"group":           {nestArg{Groups: 1}, false},
		"groups":          {nestArg{Daemons: 1, Others: 1, Groups: 2}, false},
		"groups, stopped": {nestArg{Daemons: 1, Groups: 2}, true},
	} {
		t.Run(name, func(t *testing.T) {
			arg := c.arg
			arg.Say = newSay(t)
			if _, err := arg.Say.Handle(); err != nil { // this heap has a file of its own from now on
				t.Fatal(err)
			}
			before := anonymousFiles(t)
			p := must[*process.Job[process.None]](t)(nest.Start(t.Context(), arg))
			var all []*os.File
			var pids []int64
			for range arg.Daemons + arg.Others + 3*arg.Groups {
				pids = append(pids, must[int64](t)(arg.Say.Get()))
				all = append(all, follow(t, pids[len(pids)-1]))
			}
			for _, pid := range pids { // all have what they are to do
				if c.stop {
					syscall.Kill(int(pid), syscall.SIGSTOP)
				}
			}
			if n := anonymousFiles(t); n != before+1 {
				t.Errorf("%d files while all live, want %d", n, before+1)
			}
			p.Kill()
			p.Wait()
			for _, f := range all {
				ends(f)
			}
			if n := anonymousFiles(t); n != before {
				t.Errorf("%d files when all have ended, want %d", n, before)
			}
		})
	}
}
