package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
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

// writeMarkdown replaces what stands between the first markers of a file.
func (r *report) writeMarkdown(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	before, rest, ok := strings.Cut(string(b), openMark+"\n")
	_, after, ok2 := strings.Cut(rest, closeMark)
	if !ok || !ok2 {
		return fmt.Errorf("%w: %s", errMarks, path)
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
	b.WriteString("| row | ours | peer's | peer | ratio | target |\n|---|---|---|---|---:|---|\n")
	for _, x := range r.Rows {
		if x.LeftOut != "" {
			continue
		}
		ours := fmt.Sprintf("%.3g %s (%.3g–%.3g)", x.Ours, x.Unit, x.OursP10, x.OursP90)
		theirs := fmt.Sprintf("%.3g %s (%.3g–%.3g)", x.PeerValue, x.Unit, x.PeerP10, x.PeerP90)
		if x.Peer == limitPeer {
			theirs = fmt.Sprintf("%.3g %s", x.PeerValue, x.Unit)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %.2f | %s |\n", x.Name, ours, theirs, x.Peer, x.Ratio, x.verdict())
	}
	for _, x := range r.Rows {
		if x.Note != "" {
			fmt.Fprintf(&b, "\n`%s`: %s.\n", x.Name, x.Note)
		}
	}
	return b.String()
}
