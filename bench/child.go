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
	case "echo":
		return echoChild
	case "echo-socket":
		return echoSocketChild
	case "attach-segment":
		return attachSegmentChild
	case "attach-handle":
		return attachHandleChild
	case "attach-name":
		return attachNameChild
	}
	return nil
}

// runChild serves as a child and exits, if this process is one. A child ends when
// its input ends, as it does when the bench dies.
func runChild() {
	name, ok := os.LookupEnv(roleEnv)
	if !ok {
		return
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
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		answer, err := do(n)
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return in.Err()
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
