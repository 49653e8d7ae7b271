package mutants

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	full = flag.Bool("full", false, "run the tests against every mutant and print the table")
	only = flag.String("only", "", "with -full: only mutants whose names match this pattern")
)

// patience is how long a command may take before go test ends it and calls it a
// hang. No test that mutants point at takes a tenth of that without the bug.
const patience = "-timeout=60s"

// TestMutants prints which test caught which bug, and fails if a bug survives.
func TestMutants(t *testing.T) {
	if !*full {
		t.Skip("skipped: takes minutes; give -full")
	}
	chosen := regexp.MustCompile(*only)
	var clean baseline
	began, caught := time.Now(), 0
	var rows []row
	for _, m := range all() {
		if chosen.MatchString(m.name) {
			rows = append(rows, row{mutant: m, out: make(chan string, 1)})
		}
	}
	fmt.Println("| bug | test that caught it | how |\n|---|---|---|")
	go each(rows, func(r row) { r.out <- try(t, r.mutant, &clean) })
	for _, r := range rows {
		how := <-r.out
		fmt.Printf("| %s | `%s` | %s |\n", r.name, r.test, how)
		if strings.HasPrefix(how, survived) {
			t.Errorf("%s: %s\n%s: %s", r.name, how, r.file, r.bug)
			continue
		}
		caught++
	}
	fmt.Printf("\n%d of %d caught in %v\n", caught, len(rows), time.Since(began).Round(time.Second))
}

type row struct {
	mutant
	out chan string
}

// each runs f for every row, two at a time: more would disturb tests that race
// processes against each other.
func each(rows []row, f func(row)) {
	slots := make(chan struct{}, min(2, runtime.NumCPU()))
	for _, r := range rows {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			f(r)
		}()
	}
}

const survived = "SURVIVED"

// try runs the test of m without the bug and with it, and tells how it was caught.
func try(t *testing.T, m mutant, clean *baseline) string {
	if out := clean.run(t.Context(), m.test); out != "" {
		return survived + ": without the bug the command does not pass: " + out
	}
	overlay, err := m.overlay(t.TempDir())
	if err != nil {
		return survived + ": " + err.Error()
	}
	out, err := goTest(t.Context(), m.test, "-overlay", overlay)
	if err == nil {
		return survived + ": the command passes"
	}
	return verdict(out)
}

// goTest runs go test with the arguments of a mutant, and what comes before them.
func goTest(ctx context.Context, args string, before ...string) (string, error) {
	args = strings.Join(append(append([]string{"test"}, before...), "-vet=off -count=1 -v", patience, args), " ")
	cmd := exec.CommandContext(ctx, "go", strings.Fields(args)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// baseline are the commands that were run without a bug, each once.
type baseline struct {
	mu   sync.Mutex
	runs map[string]func() string
}

// run gives "" if the command passes and really runs its test.
func (b *baseline) run(ctx context.Context, args string) string {
	b.mu.Lock()
	if b.runs == nil {
		b.runs = map[string]func() string{}
	}
	once := b.runs[args]
	if once == nil {
		once = sync.OnceValue(func() string {
			out, err := goTest(ctx, args)
			switch {
			case err != nil:
				return firstLine(out, "")
			case !strings.Contains(out, "--- PASS: "):
				return "it runs no test"
			}
			return ""
		})
		b.runs[args] = once
	}
	b.mu.Unlock()
	return once()
}

var (
	broken = regexp.MustCompile(`(?m)^FAIL\s.*\[(build|setup) failed\]`)
	hang   = regexp.MustCompile(`(?m)^(?:panic: |shmtest: )?(.*(?:test timed out after|hangs).*)`)
	crash  = regexp.MustCompile(`(?m)^(?:panic: |fatal error: |unexpected fault address |SIG[A-Z]+: ).*`)
	failed = regexp.MustCompile(`(?m)^\s*--- FAIL: .*\n`)
)

// verdict reads the output of a go test that failed.
func verdict(out string) string {
	if broken.MatchString(out) {
		return survived + ": does not compile: " + firstLine(out, "# ")
	}
	if m := hang.FindStringSubmatch(out); m != nil {
		return "hang, ended by a watchdog: " + cell(m[1])
	}
	if failed.MatchString(out) {
		return cell(complaint(out))
	}
	if line := crash.FindString(out); line != "" {
		return "crash: " + cell(line)
	}
	if _, after, ok := strings.Cut(out, "shmtest: after the tests:\n"); ok {
		return "leak: " + cell(firstLine(after, ""))
	}
	return survived + ": failed in a way that says nothing: " + cell(firstLine(out, "=== "))
}

// complaint is the first thing that a failed test said. With -v a test says it
// before the line that tells that it failed.
func complaint(out string) string {
	said := regexp.MustCompile(`(?m)^\s+(\w+_test\.go:\d+: .*)`).FindStringSubmatch(out)
	if said == nil {
		return strings.TrimSpace(failed.FindString(out))
	}
	return said[1]
}

// firstLine is the first line of text that does not begin with skip.
func firstLine(text, skip string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && (skip == "" || !strings.HasPrefix(line, skip)) {
			return line
		}
	}
	return "no output"
}

// cell makes a line fit into a table.
func cell(line string) string {
	line = strings.ReplaceAll(strings.TrimSpace(line), "|", "/")
	if len(line) > 160 {
		line = line[:160] + "…"
	}
	return line
}

func TestVerdict(t *testing.T) {
	for out, want := range map[string]string{
		"# shmkit/sync\nx.go:1: no\nFAIL\tshmkit/sync [build failed]\n":            survived + ": does not compile: x.go:1: no",
		"=== RUN   TestX\n    x_test.go:9: wrong\n--- FAIL: TestX (0.00s)\nFAIL\n": "x_test.go:9: wrong",
		"=== RUN   TestX\npanic: test timed out after 1m0s\n":                      "hang, ended by a watchdog: test timed out after 1m0s",
		"shmtest: TestX hangs: not over after 1m0s\n":                              "hang, ended by a watchdog: TestX hangs: not over after 1m0s",
		"=== RUN   TestX\nunexpected fault address 0x1\nfatal error: fault\n":      "crash: unexpected fault address 0x1",
		"PASS\nshmtest: after the tests:\n\ta file is left\nFAIL\n":                "leak: a file is left",
		"=== RUN   TestX\nexit status 3\n":                                         survived + ": failed in a way that says nothing: exit status 3",
	} {
		if got := verdict(out); got != want {
			t.Errorf("verdict of %q: %q, want %q", out, got, want)
		}
	}
	if bytes.ContainsAny([]byte(cell("a|b\n")), "|\n") {
		t.Error("cell")
	}
}
