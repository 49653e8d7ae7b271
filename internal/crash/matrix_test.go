//go:build linux && (amd64 || arm64)

package crash_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var write bool

func init() {
	flag.BoolVar(&write, "write", false, "with -full: write the table of docs/recovery.md instead of comparing it")
}

const (
	matrixBegin = "<!-- matrix: go test ./internal/crash -full -write -->\n"
	matrixEnd   = "<!-- /matrix -->\n"
	noTrace     = "no trace"
	nobody      = "nobody"
)

var matrixFile = filepath.Join("..", "..", "docs", "recovery.md")

// record is what the kills and stops of one operation have shown.
type record struct {
	op operation
	points
	killed  map[int]report // by the number of events before the kill
	frozen  map[int]report // the same, and what others had to wait for
	stepped int            // kills after single instructions
}

// row is a run of points of which the survivors see the same.
type row struct{ operation, from, sees, waits string }

func (r row) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s |\n", r.operation, r.from, r.sees, r.waits)
}

// sees is what survivors find after a kill at point k.
func (r *record) sees(k int) string {
	if s := r.killed[k].only(r.op.shows); s != "" {
		return s
	}
	return noTrace
}

// where is the function that made event k. A program in C has others at the same
// addresses.
func (r *record) where(k int) string {
	if r.op.c {
		return ""
	}
	return r.events[k-1].Where()
}

// rows needs every point.
func (r *record) rows() (out []row) {
	for k := range len(r.events) + 1 {
		sees, waits := r.sees(k), r.frozen[k].waits()
		if n := len(out); n > 0 && out[n-1].sees == sees && out[n-1].waits == waits {
			continue
		}
		from := "the beginning"
		if k > 0 {
			from = fmt.Sprintf("`%v`", r.events[k-1])
			if in := r.where(k); in != "" {
				from += fmt.Sprintf(" in `%s`", in)
			}
		}
		out = append(out, row{r.op.name, from, sees, waits})
	}
	return out
}

// matrix collects the records of all operations.
type matrix struct {
	mu  sync.Mutex
	all map[string]*record
}

func (m *matrix) add(r *record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[string]*record{}
	}
	m.all[r.op.name] = r
}

// settle compares what was seen with docs/recovery.md, or writes that. A sample
// must agree with it as far as it goes.
func (m *matrix) settle(t *testing.T) {
	text, err := os.ReadFile(matrixFile)
	must(t, err)
	before, rest, found := strings.Cut(string(text), matrixBegin)
	table, after, ends := strings.Cut(rest, matrixEnd)
	if !found || !ends {
		t.Fatalf("%s has no matrix", matrixFile)
	}
	var want strings.Builder
	want.WriteString("\n| operation | killed from … on | survivors see | stopped there, it holds up |\n|---|---|---|---|\n")
	missing := false
	for _, op := range operations() {
		r := m.all[op.name]
		if r == nil {
			missing = true
			want.WriteString(rowsOf(table, op.name)) // they stay as they are
			continue
		}
		if *full {
			for _, row := range r.rows() {
				want.WriteString(row.String())
			}
		}
		r.agrees(t, table)
	}
	want.WriteString("\n")
	switch {
	case !*full:
	case write:
		must(t, os.WriteFile(matrixFile, []byte(before+matrixBegin+want.String()+matrixEnd+after), 0o644))
	case missing:
	case table != want.String():
		t.Errorf("%s is stale; run: go test ./internal/crash -full -write", matrixFile)
	}
}

// rowsOf are the rows of an operation in the table.
func rowsOf(table, name string) (rows string) {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| "+name+" | ") {
			rows += line
		}
	}
	return rows
}

// agrees: the table has the operation, and what survivors saw.
func (r *record) agrees(t *testing.T, table string) {
	t.Helper()
	if write {
		return
	}
	var sees, waits []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) == 4 && cells[0] == "| "+r.op.name {
			sees = append(sees, cells[2])
			waits = append(waits, strings.TrimSuffix(cells[3], " |\n"))
		}
	}
	for k := range r.killed {
		if s := r.sees(k); !slices.Contains(sees, s) {
			t.Errorf("%s, killed at event %d: survivors see %q, which %s does not say", r.op.name, k, s, matrixFile)
		}
	}
	for k := range r.frozen {
		if w := r.frozen[k].waits(); !slices.Contains(waits, w) {
			t.Errorf("%s, stopped at event %d holds up %s, which %s does not say", r.op.name, k, w, matrixFile)
		}
	}
}
