package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// row is one result. Field names are what -json writes.
type row struct {
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	Ours      float64 `json:"ours"`
	Peer      string  `json:"peer"`
	PeerValue float64 `json:"peer_value"`
	Ratio     float64 `json:"ratio"`
	Target    float64 `json:"target,omitempty"`
	OursP10   float64 `json:"ours_p10"`
	OursP90   float64 `json:"ours_p90"`
	PeerP10   float64 `json:"peer_p10"`
	PeerP90   float64 `json:"peer_p90"`
	Note      string  `json:"note,omitempty"`
}

func (r *row) fill(ours, peer []float64) {
	r.Ours, r.PeerValue = median(ours), median(peer)
	if r.PeerValue > 0 {
		r.Ratio = r.Ours / r.PeerValue
	}
	r.OursP10, r.OursP90 = quantile(ours, 0.1), quantile(ours, 0.9)
	r.PeerP10, r.PeerP90 = quantile(peer, 0.1), quantile(peer, 0.9)
}

func (r row) verdict() string {
	switch {
	case r.Note != "" || r.Target == 0:
		return ""
	case r.Ratio <= r.Target:
		return fmt.Sprintf("ok (at most %.3g)", r.Target)
	}
	return fmt.Sprintf("MISS (at most %.3g)", r.Target)
}

// String is the row of the table that people see.
func (r row) String() string {
	if r.Note != "" {
		return fmt.Sprintf("%-28s %s", r.Name, r.Note)
	}
	return fmt.Sprintf("%-28s %10.3f %-3s %10.3f %-36s ratio %.3f  %s",
		r.Name, r.Ours, r.Unit, r.PeerValue, r.Peer, r.Ratio, r.verdict())
}

type report struct {
	Date string `json:"date"`
	Go   string `json:"go"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
	Rows []row  `json:"rows"`
}

func newReport() *report {
	return &report{
		Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Rows: []row{},
	}
}

func (r *report) add(x row) { r.Rows = append(r.Rows, x) }

func (r *report) writeJSON(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

const openMark, closeMark = "<!-- bench -->", "<!-- /bench -->"

// writeMarkdown replaces what stands between the markers of a file.
func (r *report) writeMarkdown(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), openMark)
	_, after, ok2 := strings.Cut(rest, closeMark)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no markers", path)
	}
	text := before + openMark + "\n" + r.markdown() + closeMark + after
	return os.WriteFile(path, []byte(text), 0o644)
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %d CPUs, %s; medians.\n\n", r.Date, r.OS, r.Arch, r.CPUs, r.Go)
	b.WriteString("| row | ours | peer | peer's | ratio |\n|---|---:|---|---:|---:|\n")
	for _, x := range r.Rows {
		if x.Note == "" {
			fmt.Fprintf(&b, "| `%s` | %.4g %s | %s | %.4g %s | %.2f |\n", x.Name, x.Ours, x.Unit, x.Peer, x.PeerValue, x.Unit, x.Ratio)
		}
	}
	return b.String()
}
