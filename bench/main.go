package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"shmkit/process"
	"shmkit/shm"
)

var errNoRow = errors.New("bench: -run matches no row")

// options are the flags.
type options struct {
	pattern  string
	quick    bool
	json     string
	markdown string
	from     string
}

func main() {
	runChild() // a child does its part here and does not come back
	process.Main()
	var o options
	flag.StringVar(&o.pattern, "run", "", "rows to run, a regular expression")
	flag.BoolVar(&o.quick, "quick", false, "few and short repeats: to see that it works, not for numbers")
	flag.StringVar(&o.json, "json", "", "write the rows to this file")
	flag.StringVar(&o.markdown, "markdown", "", "write the table between the <!-- bench --> markers of this file, or of several, with commas between")
	flag.StringVar(&o.from, "from", "", "measure nothing; take the rows that -json wrote to this file, those of -run")
	flag.Parse()
	err := run(o)
	// The default heap is anonymous: its file goes with its last user.
	if err = errors.Join(err, shm.CloseDefault()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func benchmarks() []benchmark {
	return slices.Concat(mutexRows(), fairnessRows(), rwmutexRows(), semaphoreRows(), condRows(), rendezvousRows(),
		queueRows(), peerRows(), sizeRows(), streamRows(), pipeRows(),
		processRows(), poolRows(), managerRows(), deathRows(), valueRows(), arrayRows(), segmentRows(), handleRows())
}

func run(o options) error {
	match, err := regexp.Compile(o.pattern)
	if err != nil {
		return fmt.Errorf("bench: -run: %w", err)
	}
	pages := strings.FieldsFunc(o.markdown, func(r rune) bool { return r == ',' })
	for _, page := range pages { // before minutes are spent
		if _, _, err := around(page); err != nil {
			return err
		}
	}
	var rep *report
	if o.from != "" {
		if rep, err = readReport(o.from); err == nil {
			rep.Rows = slices.DeleteFunc(rep.Rows, func(r row) bool { return !match.MatchString(r.Name) })
		}
	} else {
		rep, err = measureAll(match, o.quick)
	}
	if rep == nil {
		return err
	}
	if o.json != "" {
		err = errors.Join(err, rep.writeJSON(o.json))
	}
	for _, page := range pages {
		err = errors.Join(err, rep.writeMarkdown(page))
	}
	return err
}

// measureAll runs the rows that match. One that fails is left out of the report,
// which is whole otherwise.
func measureAll(match *regexp.Regexp, quick bool) (*report, error) {
	l, err := newLab(quick)
	if err != nil {
		return nil, err
	}
	defer l.close()
	chosen := slices.DeleteFunc(benchmarks(), func(b benchmark) bool { return !match.MatchString(b.name) })
	if len(chosen) == 0 {
		return nil, errNoRow
	}
	rep := newReport(quick)
	var failed error
	for _, b := range chosen {
		r, err := l.measure(b)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("bench: %s: %w", b.name, err))
			continue
		}
		rep.Rows = append(rep.Rows, r)
		fmt.Println(r)
	}
	return rep, failed
}
