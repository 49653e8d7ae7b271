package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"shmkit/manager"
	"shmkit/pipe"
	shsync "shmkit/sync"
)

// silence is after how long one end asks whether the other one is still there; it has gone
// after a few times as long. That is the least there is, for those who do not want to wait.
const silence = time.Second

const jobs = 5

// play runs the program in a role.
func play(role string, args []string) error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	key, err := hex.DecodeString(strings.TrimSpace(line))
	if err != nil {
		return err
	}
	setups := []manager.Setup{manager.WithKey(key), manager.WithKeepAlive(silence)}
	if role == "server" {
		return serve(in, setups)
	}
	c, err := manager.Dial(context.Background(), "tcp", args[0], setups...)
	if err != nil {
		return err
	}
	defer c.Close()
	if role == "giver" {
		return give(c)
	}
	if err := work(c); err != nil {
		return err
	}
	fmt.Println(signal + "cut off")
	if _, err := in.ReadString('\n'); err != nil { // the cable is there again
		return err
	}
	if c, err = manager.Dial(context.Background(), "tcp", args[0], setups...); err != nil {
		return err
	}
	defer c.Close()
	return look(c)
}

// serve is the server, until nobody can say anything to it any more.
func serve(in io.Reader, setups []manager.Setup) error {
	ctx := context.Background()
	s, err := manager.Serve("tcp", "10.9.0.1:0", setups...)
	if err != nil {
		return err
	}
	fmt.Println("serves at", s.Address())
	fmt.Println(signal+"address", s.Address())
	io.Copy(io.Discard, in)
	return s.Shutdown(ctx)
}

// shared is what all share.
type shared struct {
	status        *manager.Dict[string, string]
	log           *manager.List[string]
	todo, results *manager.Queue[int]
	lock          *manager.Mutex
}

// openShared opens what give has made.
func openShared(c *manager.Client) (s shared, err error) {
	var errs [5]error
	s.status, errs[0] = manager.OpenDict[string, string](c, "status")
	s.log, errs[1] = manager.OpenList[string](c, "log")
	s.todo, errs[2] = manager.OpenQueue[int](c, "todo")
	s.results, errs[3] = manager.OpenQueue[int](c, "results")
	s.lock, errs[4] = manager.OpenMutex(c, "lock")
	return s, errors.Join(errs[:]...)
}

// makeShared makes all with their names.
func makeShared(c *manager.Client) (s shared, err error) {
	var errs [5]error
	s.status, errs[0] = manager.NewDict[string, string](c, nil, manager.Named("status"))
	s.log, errs[1] = manager.NewList[string](c, nil, manager.Named("log"))
	s.todo, errs[2] = manager.NewQueue[int](c, jobs, manager.Named("todo"))
	s.results, errs[3] = manager.NewQueue[int](c, jobs, manager.Named("results"))
	s.lock, errs[4] = manager.NewMutex(c, manager.Named("lock"))
	return s, errors.Join(errs[:]...)
}

// give puts work, takes the results, and waits for the lock that the worker has.
func give(c *manager.Client) error {
	s, err := makeShared(c)
	if err != nil {
		return err
	}
	for i := range jobs {
		if err := s.todo.Put(i); err != nil {
			return err
		}
	}
	fmt.Println(signal + "made")
	sum := 0
	for range jobs {
		square, err := s.results.Get()
		if err != nil {
			return err
		}
		sum += square
	}
	lines, err := s.log.Items()
	if err != nil {
		return err
	}
	fmt.Println("the squares are together", sum)
	fmt.Println("the log says", lines)
	if sum != 30 || len(lines) != 1 {
		return fmt.Errorf("the sum is %d, of 30, and the log has %d lines, of 1", sum, len(lines))
	}
	fmt.Println(signal + "waits")
	return inherit(s)
}

// inherit locks what a program holds that is cut off.
func inherit(s shared) error {
	err := s.lock.Lock()
	fmt.Println("Lock:", err)
	if !errors.Is(err, shsync.ErrOwnerDied) {
		return fmt.Errorf("got %w, want ErrOwnerDied", err)
	}
	half, err := s.status.Get("work")
	if err != nil {
		return err
	}
	fmt.Printf("the work is %q, and is repaired\n", half)
	if err := errors.Join(s.status.Set("work", "repaired"), s.lock.MarkConsistent(), s.lock.Unlock()); err != nil {
		return err
	}
	fmt.Println(signal + "locked")
	return nil
}

// work takes what there is to do, locks the lock, and is cut off.
func work(c *manager.Client) error {
	s, err := openShared(c)
	if err != nil {
		return err
	}
	if err := s.log.Append("the worker is there"); err != nil {
		return err
	}
	if err := errors.Join(s.lock.Lock(), s.status.Set("work", "half done")); err != nil {
		return err
	}
	fmt.Println("holds the lock")
	for range jobs {
		n, err := s.todo.Get()
		if err != nil {
			return err
		}
		if err := s.results.Put(n * n); err != nil {
			return err
		}
	}
	fmt.Println(signal + "locked")
	_, err = s.todo.Get() // nobody puts any more
	fmt.Println("Get:", err)
	if !errors.Is(err, manager.ErrServerGone) || !errors.Is(err, pipe.ErrCutOff) {
		return fmt.Errorf("got %w, want ErrServerGone and ErrCutOff", err)
	}
	return nil
}

// look sees what the other one has done.
func look(c *manager.Client) error {
	s, err := openShared(c)
	if err != nil {
		return err
	}
	now, err := s.status.Get("work")
	if err != nil {
		return err
	}
	lock, err := s.lock.Info()
	if err != nil {
		return err
	}
	fmt.Printf("is there again: the work is %q, the lock is %v\n", now, lock)
	if now != "repaired" {
		return fmt.Errorf("the work is %q", now)
	}
	return s.lock.With(func(died bool) error {
		if died {
			return fmt.Errorf("the lock was not repaired")
		}
		return nil
	})
}
