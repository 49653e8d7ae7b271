package pool

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const (
	barWidth = 30
	barPause = 50 * time.Millisecond
)

// bar draws how much is done.
type bar struct {
	to       io.Writer
	label    string
	terminal bool
	began    time.Time
	drawn    time.Time
}

// ProgressBar is [Progress] that draws a bar: on a terminal again and again in one line, on
// anything else once, when all is done.
func ProgressBar(w io.Writer, label string) CallOption {
	return callOption(func(c *call) error {
		b := &bar{to: w, label: label, terminal: isTerminal(w), began: time.Now()}
		c.progress = b.draw
		return nil
	})
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (b *bar) draw(done, total int) {
	over := done == total
	now := time.Now()
	if !over && (!b.terminal || now.Sub(b.drawn) < barPause) {
		return
	}
	b.drawn = now
	line := b.label + ": " + barOf(done, total) + " " + now.Sub(b.began).Round(100*time.Millisecond).String()
	switch {
	case !b.terminal:
		line += "\n"
	case over:
		line = "\r" + line + "\x1b[K\n"
	default:
		line = "\r" + line + "\x1b[K"
	}
	io.WriteString(b.to, line)
}

// barOf is a bar of text.
func barOf(done, total int) string {
	if total < 0 {
		return fmt.Sprint(done)
	}
	part := 1.0
	if total > 0 {
		part = float64(done) / float64(total)
	}
	n := int(part * barWidth)
	return fmt.Sprintf("[%s%s] %d/%d %3.0f%%", strings.Repeat("#", n), strings.Repeat(".", barWidth-n), done, total, 100*part)
}
