package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/process"
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
	here, err3 := shsync.NewSemaphore(0)
	inside, err4 := value.New[int64](0)
	most, err5 := value.New[int64](0)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	defer gate.Close()
	defer sem.Close()
	defer here.Close()
	defer inside.Close()
	defer most.Close()
	var all []*process.Process
	for range visitors {
		p, err := visit.Start(context.Background(), visitor{gate, sem, here, inside, most})
		if err != nil {
			return err
		}
		all = append(all, p.Process)
	}
	if err := here.AcquireN(visitors); err != nil {
		return err
	}
	fmt.Printf("   %d processes are there; %v, %v\n", visitors, gate, sem)
	if err := gate.Set(); err != nil {
		return err
	}
	if err := waitFor(all); err != nil {
		return err
	}
	fmt.Printf("   never more than %d at once; %v\n", most.Load(), sem)
	if most.Load() > tickets {
		return fmt.Errorf("%d were inside at once, %d permits", most.Load(), tickets)
	}
	return check("number still inside", inside.Load(), 0)
}

// visitor is what each process gets.
type visitor struct {
	Gate         *shsync.Event
	Tickets      *shsync.Semaphore
	Here         *shsync.Semaphore // a permit for each process that is there
	Inside, Most *value.Value[int64]
}

var visit = process.Register("visit", func(_ context.Context, v visitor) error {
	if err := errors.Join(v.Here.Release(), v.Gate.Wait(), v.Tickets.Acquire()); err != nil {
		return err
	}
	n := v.Inside.Add(1)
	if err := v.Most.Update(func(m *int64) { *m = max(*m, n) }); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // what one does inside
	v.Inside.Add(-1)
	return v.Tickets.Release()
})
