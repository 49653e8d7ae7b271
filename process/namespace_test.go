package process_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"shmkit/process"
	"shmkit/ring"
	"shmkit/value"
)

var (
	firstOne  = process.RegisterFunc("first", whoIsFirst)
	contained = process.Register("contained", startContained)
)

// unshared is a program that runs this one in a PID namespace of its own.
func unshared(t *testing.T) string {
	if err := exec.Command("unshare", "-fp", "true").Run(); err != nil {
		t.Skip("skipped: unshare:", err)
	}
	exe := must[string](t)(os.Executable())
	wrapper := filepath.Join(t.TempDir(), "wrapper")
	if err := os.WriteFile(wrapper, []byte("#!/bin/sh\nexec unshare -fp -- "+exe+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return wrapper
}

// whoIsFirst tells the number of this process as it sees it, and whether its parent lives.
func whoIsFirst(context.Context, bool) (string, error) {
	parent, ok := process.Parent()
	return strconv.Itoa(os.Getpid()) + fmt.Sprint(ok, parent.Alive()), nil
}

// The program may be run by way of another one, in a PID namespace of its own.
func TestNamespace(t *testing.T) {
	watch(t)
	p := must[*process.Job[string]](t)(firstOne.Start(t.Context(), true, process.Executable(unshared(t)), process.Daemon(true)))
	if got := must[string](t)(p.Result()); got != "1true true" {
		t.Errorf("it says %s", got)
	}
}

// containedArg is what a process gets that starts another one in a namespace.
type containedArg struct {
	Wrapper string
	Say     *ring.Queue[int64]
}

func startContained(ctx context.Context, arg containedArg) error {
	count, err := value.New[int64](0)
	if err != nil {
		return err
	}
	_, err = stays.Start(ctx, nestling{count, arg.Say}, process.Daemon(true), process.Executable(arg.Wrapper),
		process.Files(os.NewFile(3, "kept")))
	if err != nil {
		return err
	}
	select {}
}

// The first process of a namespace does not heed its own SIGKILL, and ends as a daemon all
// the same.
func TestDaemonInNamespace(t *testing.T) {
	watch(t)
	wrapper, say := unshared(t), newSay(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := must[*process.Job[process.None]](t)(contained.Start(t.Context(), containedArg{wrapper, say}, process.Files(w)))
	w.Close()
	if n := must[int64](t)(say.Get()); n != 1 {
		t.Errorf("it is process %d", n)
	}
	p.Kill()
	p.Wait()
	if _, err := r.Read(make([]byte, 1)); err != io.EOF { // nobody has the other end any more
		t.Errorf("%v", err)
	}
}
