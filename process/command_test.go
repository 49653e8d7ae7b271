package process_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/value"
)

// The program of docs/c.md that is started by Go, with an object of the heap of this process.
func TestProgramOfTheDocs(t *testing.T) {
	watch(t)
	page := must[[]byte](t)(os.ReadFile("../docs/c.md"))
	_, section, _ := strings.Cut(string(page), "\n## Started by a Go program\n")
	_, rest, _ := strings.Cut(section, "\n```c\n")
	source, _, found := strings.Cut(rest, "\n```\n")
	if !found {
		t.Fatal("the section of docs/c.md has no C program")
	}
	program := process.Command(shmtest.BuildC(t, source+"\n"))
	n := must[*value.Value[int64]](t)(value.New[int64](41))
	defer n.Close()
	for _, want := range []string{"counted to 42\n", "counted to 43\n"} {
		var out bytes.Buffer
		p := must[*process.Process](t)(program.Start(t.Context(), process.Share("COUNTER", n), process.Daemon(true), process.Stdout(&out)))
		if err := p.Wait(); err != nil || out.String() != want {
			t.Errorf("%v, it says %q, want %q", err, &out, want)
		}
	}
	if got := n.Load(); got != 43 {
		t.Errorf("the counter is %d", got)
	}
	x := must[*value.Value[float64]](t)(value.New(1.5))
	defer x.Close()
	for key, object := range map[string]*value.Value[float64]{"COUNTER": x, "OTHER": x} {
		var out bytes.Buffer
		p := must[*process.Process](t)(program.Start(t.Context(), process.Share(key, object), process.Stderr(&out)))
		var e *process.ExitError
		if err := p.Wait(); !errors.As(err, &e) || e.Code != 1 || !strings.HasPrefix(out.String(), "COUNTER: ") {
			t.Errorf("what is no counter: %v, it says %q", err, &out)
		}
	}
}
