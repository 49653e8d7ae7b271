package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/shm"
)

func TestMain(m *testing.M) {
	runChild() // the rows start this binary as their child
	process.Main()
	if err := startOne(1); err != nil { // a process keeps a descriptor of itself from its first child on
		fmt.Println(err)
		os.Exit(1)
	}
	shmtest.Main(m, shm.CloseDefault)
}

// All rows run, with their children; the numbers are not looked at.
func TestQuick(t *testing.T) {
	shmtest.Watchdog(t, 5*time.Minute)
	file := filepath.Join(t.TempDir(), "rows.json")
	if err := run(options{quick: true, json: file}); err != nil {
		t.Fatal(err)
	}
	rep, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Quick || len(rep.Rows) != len(benchmarks()) {
		t.Fatalf("%d rows, want %d: %+v", len(rep.Rows), len(benchmarks()), rep)
	}
	for _, r := range rep.Rows {
		if r.LeftOut != "" {
			t.Logf("%s: %s", r.Name, r.LeftOut)
		} else if r.Ours <= 0 || r.PeerValue <= 0 || r.Ratio <= 0 {
			t.Errorf("no numbers: %+v", r)
		}
	}
}

func TestPattern(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	file := filepath.Join(t.TempDir(), "rows.json")
	if err := run(options{quick: true, json: file, pattern: "^value/(load|add)$"}); err != nil {
		t.Fatal(err)
	}
	rep, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Rows) != 2 || rep.Rows[0].Name != "value/load" || rep.Rows[1].Name != "value/add" {
		t.Errorf("got %+v", rep.Rows)
	}
	if err := run(options{pattern: "("}); err == nil {
		t.Error("a pattern that is none was taken")
	}
	if err := run(options{pattern: "nothing"}); !errors.Is(err, errNoRow) {
		t.Errorf("got %v, want %v", err, errNoRow)
	}
}
