package main

import (
	"errors"
	"fmt"
	"time"

	shsync "shmkit/sync"
	"shmkit/value"
)

const (
	visitors = 6
	tickets  = 2
)

// gateAndTickets: six processes wait for one Event, and then for one of two permits of
// a Semaphore.
func gateAndTickets() error {
	gate, err1 := shsync.NewEvent()
	sem, err2 := shsync.NewSemaphore(tickets)
	inside, err3 := value.New[int64](0)
	most, err4 := value.New[int64](0)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	defer gate.Close()
	defer sem.Close()
	defer inside.Close()
	defer most.Close()
	var all [visitors]*child
	for i := range all {
		c, err := start("visit", gate, sem, inside, most)
		if err != nil {
			return err
		}
		if _, err := c.line(); err != nil {
			return err
		}
		all[i] = c
	}
	fmt.Printf("   %d processes are there; %v, %v\n", visitors, gate, sem)
	if err := gate.Set(); err != nil {
		return err
	}
	for _, c := range all {
		if err := c.wait(); err != nil {
			return err
		}
	}
	fmt.Printf("   never more than %d at once; %v\n", most.Load(), sem)
	if most.Load() > tickets {
		return fmt.Errorf("%d were inside at once, %d permits", most.Load(), tickets)
	}
	return check("number still inside", inside.Load(), 0)
}

func visit(args []string) error {
	gate, sem := new(shsync.Event), new(shsync.Semaphore)
	inside, most := new(value.Value[int64]), new(value.Value[int64])
	if err := receive(args, gate, sem, inside, most); err != nil {
		return err
	}
	fmt.Println("here")
	if err := errors.Join(gate.Wait(), sem.Acquire()); err != nil {
		return err
	}
	n := inside.Add(1)
	if err := most.Update(func(m *int64) { *m = max(*m, n) }); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // what one does inside
	inside.Add(-1)
	return sem.Release()
}
