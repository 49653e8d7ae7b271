package main

import (
	"context"
	"fmt"
	"strconv"

	"shmkit/manager"
)

// managerKey is what a client and a server know of each other.
var managerKey = []byte("the key that servers of the bench have")

// managerSetup is of both ends. Over tcp TLS is made of the key.
func managerSetup(family string) []manager.Setup {
	if family == "tcp" {
		return []manager.Setup{manager.WithKey(managerKey)}
	}
	return nil
}

// client is processes of ours that do an errand: a server, and one that has the clients.
type client struct {
	errand
	family  string
	clients int  // connections
	callers int  // goroutines, each of which has one of the clients
	maps    bool // numbers are shared with the server, which is not asked
}

// over is one caller of one client.
func (e errand) over(family string) client {
	return client{errand: e, family: family, clients: 1, callers: 1}
}

// start starts both processes, and gives what the clients do.
func (c client) start(l *lab) (runner, error) {
	m, err := l.manager(c.family)
	if err != nil {
		return nil, err
	}
	w, err := l.child("manager-call", c.family, m.Address(), c.what,
		strconv.Itoa(c.size), strconv.Itoa(c.clients), strconv.Itoa(c.callers), strconv.FormatBool(c.maps))
	if err != nil {
		return nil, err
	}
	return w.run, nil
}

// manager starts a server in a process of its own, which ends with the row.
func (l *lab) manager(family string) (*manager.Manager, error) {
	m, err := manager.Start(context.Background(), append(managerSetup(family), manager.WithAddress(family, ""))...)
	if err == nil {
		l.later(func() { m.Shutdown(context.Background()) })
	}
	return m, err
}

// managerCallChild does an errand, with all callers together.
func managerCallChild(args []string) (role, error) {
	var numbers [3]int // size, clients, callers
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[3+i]); err != nil {
			return nil, err
		}
	}
	e := errand{what: args[2], size: numbers[0]}
	does := make([]func(i int) error, numbers[2])
	setups := managerSetup(args[0])
	if args[6] == "false" {
		setups = append(setups, manager.WithoutSharedMemory())
	}
	clients := make([]*manager.Client, numbers[1])
	for i := range clients {
		c, err := manager.Dial(context.Background(), args[0], args[1], setups...)
		if err != nil {
			return nil, err
		}
		clients[i] = c
	}
	for k := range does {
		var err error
		if does[k], err = e.prepare(clients[k%len(clients)]); err != nil {
			return nil, err
		}
	}
	return costs(sharing(does)), nil
}

// prepare gives what is done the i-th time.
func (e errand) prepare(c *manager.Client) (func(i int) error, error) {
	switch e.what {
	case "value-get":
		v, err := manager.NewValue(c, 3.14)
		return func(int) error {
			x, err := v.Load()
			return wrong(err, x == 3.14)
		}, err
	case "value-set":
		v, err := manager.NewValue(c, 0.0)
		return func(int) error { return v.Store(3.14) }, err
	case "list-append":
		l, err := manager.NewList[int](c, nil)
		return func(int) error { return l.Append(7) }, err
	case "dict-set":
		return e.prepareDict(c)
	case "queue-put-get":
		q, err := manager.NewQueue[int](c, 0)
		return func(int) error {
			if err := q.Put(7); err != nil {
				return err
			}
			x, err := q.Get()
			return wrong(err, x == 7)
		}, err
	}
	m, err := manager.NewMutex(c)
	return func(int) error {
		if err := m.Lock(); err != nil {
			return err
		}
		return m.Unlock()
	}, err
}

func (e errand) prepareDict(c *manager.Client) (func(i int) error, error) {
	d, err := manager.NewDict[string, []byte](c, nil)
	keys, text := make([]string, max(1, min(1000, (16<<20)/e.size))), make([]byte, e.size) // as the peers have
	for i := range keys {
		keys[i] = fmt.Sprint("key-", i)
	}
	return func(i int) error { return d.Set(keys[i%len(keys)], text) }, err
}

// wrong is the error that something wrong came back, if no other is there.
func wrong(err error, ok bool) error {
	if err == nil && !ok {
		return errWrong
	}
	return err
}
