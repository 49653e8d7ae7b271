package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"

	"shmkit/shm"
)

func main() {
	runChild() // a child does its part here and does not come back
	pattern := flag.String("run", "", "rows to run, a regular expression")
	quick := flag.Bool("quick", false, "few and short repeats: to see that it works, not for numbers")
	jsonFile := flag.String("json", "", "write the rows to this file")
	markdown := flag.String("markdown", "", "write the table between the <!-- bench --> markers of this file")
	flag.Parse()
	err := run(*pattern, *quick, *jsonFile, *markdown)
	shm.CloseDefault()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(pattern string, quick bool, jsonFile, markdown string) error {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	lab, err := newLab(quick)
	if err != nil {
		return err
	}
	defer lab.close()
	report := newReport()
	for _, b := range benchmarks {
		if !match.MatchString(b.name) {
			continue
		}
		r, err := lab.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		report.add(r)
		fmt.Println(r)
	}
	if jsonFile != "" {
		err = report.writeJSON(jsonFile)
	}
	if err == nil && markdown != "" {
		err = report.writeMarkdown(markdown)
	}
	return err
}
