package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

// roleEnv tells a process that it is a child of the bench, and which.
const roleEnv = "SHMKIT_BENCH_ROLE"

// role is what a child does for each number that it reads; it answers with a line.
// Making the role sets it up, from the arguments.
type role func(n int) (string, error)

func roleOf(name string) func(args []string) (role, error) {
	switch name {
	case "tidy":
		return tidyChild
	case "contend":
		return contendChild
	case "handoff":
		return handoffChild
	case "put":
		return putChild
	case "take":
		return takeChild
	case "read":
		return readChild
	case "come":
		return comeChild
	case "wait":
		return waitChild
	case "hold":
		return holdChild
	case "spsc":
		return spscChild
	case "ask":
		return askChild
	case "ask-socket":
		return askSocketChild
	case "echo":
		return echoChild
	case "echo-socket":
		return echoSocketChild
	case "pipe-put":
		return pipePutChild
	case "pipe-take":
		return pipeTakeChild
	case "size-put":
		return sizePutChild
	case "size-take":
		return sizeTakeChild
	case "socket-put":
		return socketPutChild
	case "socket-take":
		return socketTakeChild
	case "attach-segment":
		return attachSegmentChild
	case "attach-handle":
		return attachHandleChild
	case "manager-call":
		return managerCallChild
	case "manager-idle":
		return managerIdleChild
	case "attach-name":
		return attachNameChild
	}
	return nil
}

// runChild serves as a child and exits, if this process is one. A child ends when
// its input ends, as it does when the bench dies, in the middle of its work too: who
// would have to answer it may never have been asked.
func runChild() {
	name, ok := os.LookupEnv(roleEnv)
	if !ok {
		return
	}
	if name == exitRole {
		os.Exit(0)
	}
	if err := serve(name, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench: child %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(name string, args []string) error {
	do, err := roleOf(name)(args)
	if err != nil {
		return err
	}
	fmt.Println(readyLine)
	for line := range questions() {
		n, err := strconv.Atoi(line)
		if err != nil {
			return err
		}
		answer, err := do(n)
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return nil
}

// lastly is what a child does when its input has ended.
var lastly = func() {}

// questions are the lines of the input. Where they end the process ends.
func questions() <-chan string {
	lines := make(chan string)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		lastly()
		os.Exit(0)
	}()
	return lines
}

// tidyChild is there for a bench that is killed: it removes the folder of its lab.
func tidyChild(args []string) (role, error) {
	lastly = func() { os.RemoveAll(args[0]) }
	return still, nil
}

// costs is the role that answers with the nanoseconds that n operations cost.
func costs(run runner) role {
	return func(n int) (string, error) {
		ns, err := run(n)
		return strconv.FormatFloat(ns, 'f', 0, 64), err
	}
}

// still is the role of a child that only has to be there.
func still(int) (string, error) { return "", nil }
