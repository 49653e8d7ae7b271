package shmtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const faultEnv = "SHMKIT_TEST_FAULT"

func TestMain(m *testing.M) { Main(m) }

// TestFault does what a test must not do, if it is told to.
func TestFault(t *testing.T) {
	switch os.Getenv(faultEnv) {
	case "descriptor":
		f, err := os.Open(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		kept = f
	case "child":
		cmd := exec.Command(self())
		cmd.Env = append(os.Environ(), roleEnv+"=park")
		kept, _ = cmd.StdinPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	case "file":
		if err := os.WriteFile(filepath.Join(os.Getenv(dirEnv), "segment"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	case "hang":
		p := Start(t, "park")
		p.Expect("parked")
		Watchdog(t, time.Millisecond, func() { fmt.Fprintln(os.Stderr, "dump called") }, func() { panic("dump panicked") })
		select {}
	}
}

// kept keeps the garbage collector from repairing what TestFault does.
var kept any

func TestFaultsAreSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("leaks are counted in /proc")
	}
	Watchdog(t, time.Minute)
	Need("park")
	defer sweep(shmRoot()) // a process that a watchdog ends leaves its directory for inspection
	for fault, want := range map[string][]string{
		"none":       nil,
		"descriptor": {"1 descriptors of " + os.Args[0]},
		"child":      {"1 child processes ", "(shmtest.test)"},
		"file":       {"segment file ", "/segment is left"},
		"hang": {
			"TestFault hangs", "shmtest.TestFault(", "dump called", "dump panicked",
			"shmtest: child ", "SIGQUIT: quit", "shmtest.runHelper(",
		},
	} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self(), "-test.run=^TestFault$")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault)
			out, err := cmd.CombinedOutput()
			if (err != nil) != (want != nil) {
				t.Errorf("ended with %v", err)
			}
			for _, text := range want {
				if !strings.Contains(string(out), text) {
					t.Errorf("no %q in the output", text)
				}
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}

func TestUnusedHelpersAreNamed(t *testing.T) {
	defer func(args []string) { os.Args = args }(os.Args)
	os.Args = []string{os.Args[0], "-test.v=true", "-test.run=", "-test.short=false"}
	Register("never", func(*Child) {})
	defer delete(helpers.all, "never")
	if bad := fmt.Sprint(unusedHelpers()); !strings.Contains(bad, "helper never ") {
		t.Error("an unused helper went unnoticed: ", bad)
	}
	os.Args = append(os.Args, "-test.run=TestX")
	if bad := unusedHelpers(); bad != nil {
		t.Error("one test alone need not use all helpers: ", bad)
	}
}

// A directory is removed by the next run if its owner was killed, and only then.
func TestSweepOfDirectories(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("directories are swept on Linux only")
	}
	root := t.TempDir()
	dead, alive := filepath.Join(root, dirPattern+"dead"), filepath.Join(root, dirPattern+"alive")
	for _, path := range []string{dead, alive} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(alive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !tryLock(f) {
		t.Fatal("a new directory is locked")
	}
	sweep(root)
	if _, err := os.Stat(dead); err == nil {
		t.Error("the directory of the dead is left")
	}
	if _, err := os.Stat(alive); err != nil {
		t.Error("the directory of the living is gone")
	}
}

func TestBuildC(t *testing.T) {
	const source = "#include <stdio.h>\nint main(void) { puts(WORD); fflush(stdout); return getchar() == 'x' ? 0 : 1; }\n"
	p := StartCommand(t, exec.Command(BuildC(t, source, `-DWORD="built"`)))
	p.Expect("built")
	p.Send("x")
	p.Wait()
}
