package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var errUsage = errors.New("usage: redis FOLDER WHAT BYTES CALLERS")

func main() {
	runtime.LockOSThread() // the server ends with the thread that has started it
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "redis:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return errUsage
	}
	size, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	callers, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	socket, err := startServer(args[0])
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer client.Close()
	what, err := prepare(client, args[1], size)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return answer(what, callers)
}

// answer does as much as each line says.
func answer(what operation, callers int) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := share(what, n, callers); err != nil {
			return err
		}
		fmt.Println(time.Since(begin).Nanoseconds())
	}
	return in.Err()
}

// share lets so many callers do n things together.
func share(what operation, n, callers int) error {
	if callers == 1 {
		return repeat(what, 0, n)
	}
	var all sync.WaitGroup
	failed := make([]error, callers)
	for k := range callers {
		all.Go(func() { failed[k] = repeat(what, n*k/callers, n*(k+1)/callers) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func repeat(what operation, begin, end int) error {
	for i := begin; i < end; i++ {
		if err := what(i); err != nil {
			return err
		}
	}
	return nil
}
