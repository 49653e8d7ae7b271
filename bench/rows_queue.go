package main

import (
	"fmt"
	"sync"

	"shmkit/ring"
)

// letter is the message of the queue rows.
type letter [8]uint64

// queueRoom is the capacity of the queues, and of the channels next to them.
const queueRoom = 1024

const channelIn1 = "Go channel in 1 process"

func queueRows() []benchmark {
	return []benchmark{
		{name: "queue/put-get", unit: "ns", scale: 1, peer: channelIn1, start: queueAlone},
		{name: "queue/1p1c", unit: "ns", scale: 1, peer: channelIn1, target: 1, start: queueRow(1, 1)},
		{name: "queue/2p2c", unit: "ns", scale: 1, peer: channelIn1, target: 1.5, start: queueRow(2, 1)},
		{name: "queue/4p4c", unit: "ns", scale: 1, peer: channelIn1, start: queueRow(4, 1)},
		{name: "queue/8p8c", unit: "ns", scale: 1, peer: channelIn1, start: queueRow(8, 1)},
		{name: "queue/batch64", unit: "ns", scale: 1, peer: channelIn1, target: 0.3, start: queueRow(1, 64)},
	}
}

func newQueue[T any](l *lab) (*ring.Queue[T], string, error) {
	q, err := ring.New[T](queueRoom)
	if err != nil {
		return nil, "", err
	}
	l.later(func() { q.Detach() })
	text, err := q.MarshalText()
	return q, string(text), err
}

// queueAlone puts and gets from one goroutine.
func queueAlone(l *lab) (contest, error) {
	q, _, err := newQueue[letter](l)
	if err != nil {
		return contest{}, err
	}
	c := make(chan letter, queueRoom)
	return between(timed(func(n int) {
		for range n {
			if _, err := passOurs(q); err != nil {
				panic("bench: a queue that nobody else has does not work")
			}
		}
	}), timed(func(n int) {
		for range n {
			c <- letter{}
			<-c
		}
	}))
}

//go:noinline
func passOurs(q *ring.Queue[letter]) (letter, error) {
	if err := q.Put(letter{}); err != nil {
		return letter{}, err
	}
	return q.Get()
}

// queueRow sends n messages from so many processes to as many others, batch at a time.
// The cost is the wall time of a message. The peer is a channel between as many
// goroutines.
func queueRow(each, batch int) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		ours, err := queueOurs(l, each, batch)
		if err != nil {
			return contest{}, err
		}
		return between(ours, timed(func(n int) { channelOf(each, (n+each-1)/each) }))
	}
}

func queueOurs(l *lab, each, batch int) (runner, error) {
	_, text, err := newQueue[letter](l)
	if err != nil {
		return nil, err
	}
	var all crew
	for range each {
		for _, role := range []string{"put", "take"} {
			w, err := l.child(role, text, fmt.Sprint(batch))
			if err != nil {
				return nil, err
			}
			all = append(all, w)
		}
	}
	return all.sharing(each), nil
}

// channelOf sends n messages from each of so many goroutines to as many others.
func channelOf(each, n int) {
	c := make(chan letter, queueRoom)
	var all sync.WaitGroup
	for range each {
		all.Go(func() {
			for i := range n {
				c <- letter{uint64(i)}
			}
		})
		all.Go(func() {
			for range n {
				<-c
			}
		})
	}
	all.Wait()
}

// queueChild opens the queue, and batches of args[1] messages.
func queueChild(args []string) (q *ring.Queue[letter], list []letter, err error) {
	q = new(ring.Queue[letter])
	batch := 0
	if _, err = fmt.Sscan(args[1], &batch); err == nil {
		err = q.UnmarshalText([]byte(args[0]))
	}
	return q, make([]letter, batch), err
}

func putChild(args []string) (role, error) {
	q, list, err := queueChild(args)
	return func(n int) (string, error) {
		if len(list) == 1 {
			for i := range n {
				if err := q.Put(letter{uint64(i)}); err != nil {
					return "", err
				}
			}
			return "done", nil
		}
		for n > 0 {
			m, err := q.PutN(list[:min(n, len(list))])
			if err != nil {
				return "", err
			}
			n -= m
		}
		return "done", nil
	}, err
}

func takeChild(args []string) (role, error) {
	q, list, err := queueChild(args)
	return func(n int) (string, error) {
		if len(list) == 1 {
			for range n {
				if _, err := q.Get(); err != nil {
					return "", err
				}
			}
			return "done", nil
		}
		for n > 0 {
			m, err := q.GetN(list[:min(n, len(list))])
			if err != nil {
				return "", err
			}
			n -= m
		}
		return "done", nil
	}, err
}
