package include_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shmkit/ring"
)

// The worker of docs/c.md is compiled, as C and as C++, and does what a Go program wants.
func TestWorkerOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/c.md")
	need(t, err)
	_, rest, _ := strings.Cut(string(page), "## Queues\n")
	_, rest, _ = strings.Cut(rest, "\n```c\n")
	source, _, found := strings.Cut(rest, "\n```\n")
	if !found {
		t.Fatal("docs/c.md has no worker")
	}
	type job struct{ A, B uint32 }
	type result struct {
		Of      job
		Product uint64
	}
	for compiler, suffix := range map[string]string{"cc": ".c", "c++": ".cc"} {
		t.Run(compiler, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "worker"+suffix)
			need(t, os.WriteFile(path, []byte(source+"\n"), 0o600))
			program := compile(t, compiler, warnings, path)
			seg, path := segment(t)
			jobs, err := ring.NewIn[job](seg, "jobs", 100)
			need(t, err)
			defer jobs.Detach()
			results, err := ring.NewIn[result](seg, "results", 100)
			need(t, err)
			defer results.Detach()
			cmd := exec.CommandContext(t.Context(), program, path)
			cmd.Stderr = os.Stderr
			need(t, cmd.Start())
			need(t, jobs.Put(job{6, 7}))
			if r, err := results.Get(); err != nil || r.Product != 42 {
				t.Errorf("%+v %v", r, err)
			}
			need(t, jobs.Close())
			need(t, cmd.Wait())
		})
	}
}
