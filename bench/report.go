package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what a run found, and where. Tags are what -json writes.
type report struct {
	Date   string `json:"date"`
	Go     string `json:"go"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus"`
	Quick  bool   `json:"quick,omitempty"` // its numbers mean little
	Rows   []row  `json:"rows"`
}

func newReport(quick bool) *report {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // only Linux has it
	return &report{
		Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(),
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel: strings.TrimSpace(string(kernel)), CPU: cpuModel(), CPUs: runtime.NumCPU(),
		Quick: quick, Rows: []row{},
	}
}

// cpuModel is the name that the CPU has for itself, or "".
func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, name, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

func readReport(path string) (*report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r := new(report)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", path, err)
	}
	return r, nil
}

func (r *report) writeJSON(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

const openMark, closeMark = "<!-- bench -->", "<!-- /bench -->"

var errMarks = errors.New("bench: the file has no " + openMark + " followed by " + closeMark)

// around is what stands before and after the first markers of a file.
func around(path string) (before, after string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", fmt.Errorf("bench: %w", err)
	}
	before, rest, ok := strings.Cut(string(b), openMark+"\n")
	_, after, ok2 := strings.Cut(rest, closeMark)
	if !ok || !ok2 {
		return "", "", fmt.Errorf("%w: %s", errMarks, path)
	}
	return before, after, nil
}

// writeMarkdown replaces what stands between the markers.
func (r *report) writeMarkdown(path string) error {
	before, after, err := around(path)
	if err != nil {
		return err
	}
	text := before + openMark + "\n\n" + r.markdown() + "\n" + closeMark + after
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %d CPUs, %s; medians, in brackets where the middle 80 %% lie.\n\n",
		r.Date, r.OS, r.Arch, r.CPUs, r.Go)
	for i, series := range r.series() {
		if i > 0 {
			b.WriteByte('\n')
		}
		r.table(&b, series)
	}
	for _, x := range r.Rows {
		if x.Note != "" {
			fmt.Fprintf(&b, "\n`%s`: %s.\n", x.Name, x.Note)
		}
		if x.LeftOut != "" {
			fmt.Fprintf(&b, "\n`%s` was left out: %s.\n", x.Name, strings.TrimPrefix(x.LeftOut, errLeftOut.Error()+": "))
		}
	}
	return b.String()
}

// series are the tables that have rows: the large one, and then the small ones.
func (r *report) series() []string {
	var list []string
	for _, x := range r.Rows {
		if x.LeftOut == "" && !slices.Contains(list, x.Series) {
			list = append(list, x.Series)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return min(len(a), 1) - min(len(b), 1) })
	return list
}

// table writes the rows of a series; "" is the one of those that are in none.
func (r *report) table(b *strings.Builder, series string) {
	if series == "" {
		b.WriteString("| row | ours | peer's | peer | ratio | target |\n|---|---|---|---|---:|---|\n")
	} else {
		fmt.Fprintf(b, "| %s | ours | peer's | peer | ratio |\n|---|---|---|---|---:|\n", series)
	}
	for _, x := range r.Rows {
		if x.LeftOut != "" || x.Series != series {
			continue
		}
		ours := fmt.Sprintf("%s %s (%s–%s)", digits(x.Ours), x.Unit, digits(x.OursP10), digits(x.OursP90))
		theirs := fmt.Sprintf("%s %s (%s–%s)", digits(x.PeerValue), x.Unit, digits(x.PeerP10), digits(x.PeerP90))
		if x.Peer == limitPeer {
			theirs = fmt.Sprintf("%s %s", digits(x.PeerValue), x.Unit)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |", x.Name, ours, theirs, x.Peer, x.ratio())
		if series == "" {
			fmt.Fprintf(b, " %s |", x.verdict())
		}
		b.WriteByte('\n')
	}
}
