package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"shmkit/process"
	"shmkit/shm"
)

// stop is the net under the tour: it takes about two seconds, and must not hang.
const stop = time.Minute

// part is one stop of the tour.
type part struct {
	title string
	run   func() error
}

var parts = []part{
	{"Value and Array: a child stores, the parent reads", valueAndArray},
	{"Process: goroutines and processes print their ids under one lock", lockedPrinting},
	{"Event and Semaphore: processes wait for a gate, and go in two at a time", gateAndTickets},
	{"Queue of 3: ten processes put, ten get and print under a lock", tenPutTenGet},
	{"Pipe: two processes talk, and a third one dies in the middle of a message", twoWays},
	{"Pool: five processes square ten numbers", squaresFromPool},
	{"Mutex: the holder is killed, the next one is told", killedHolder},
	{"C: the same segment from a C program", fromC},
	{"Manager: a server has a Value, an Array and a list, which a child changes", managerOfChild},
	{"Manager over tcp, with key and TLS: another program changes them", managerOverTCP},
}

// errSkipped is returned by a part that this machine cannot show.
var errSkipped = errors.New("left out")

func main() {
	process.Main() // a child does its part here and does not come back
	if len(os.Args) == 3 && os.Args[1] == elsewhere {
		if err := changeElsewhere(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "tour:", err)
			os.Exit(1)
		}
		return
	}
	time.AfterFunc(stop, func() {
		fmt.Fprintln(os.Stderr, "tour: still not done after", stop)
		os.Exit(1)
	})
	os.Exit(tour())
}

func tour() int {
	defer shm.CloseDefault()
	failed := 0
	for i, p := range parts {
		fmt.Printf("%d. %s\n", i+1, p.title)
		switch err := p.run(); {
		case errors.Is(err, errSkipped):
			fmt.Printf("   %v\n", err)
		case err != nil:
			fmt.Printf("   WRONG: %v\n", err)
			failed++
		}
	}
	if failed > 0 {
		fmt.Printf("%d of %d parts went wrong\n", failed, len(parts))
		return 1
	}
	fmt.Println("all as it should be")
	return 0
}

// check is an error if got is not what the tour promises.
func check[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}
