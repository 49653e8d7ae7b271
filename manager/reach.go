package manager

import (
	"context"
	"fmt"
	"sync"
)

// clients are those of this process, by the number of their servers: handles that are decoded
// use the first that is there, and dial if there is none.
var clients struct {
	sync.Mutex
	of   map[uint64][]*Client
	dial func(family, address string) []Setup
	busy map[uint64]*sync.Mutex // one dials at a time
}

// Credentials tells how to dial the server of a handle that is decoded when this process has
// no Client of that server: with what f gives. Without it that is with none; see WithKey. Call it before handles come.
func Credentials(f func(family, address string) []Setup) {
	clients.Lock()
	clients.dial = f
	clients.Unlock()
}

// enroll makes c known to handles.
func enroll(c *Client) {
	clients.Lock()
	if clients.of == nil {
		clients.of = map[uint64][]*Client{}
	}
	clients.of[c.server.Load()] = append(clients.of[c.server.Load()], c)
	clients.Unlock()
}

// strike makes c known no more as a client of that server, unless it is one again.
func strike(c *Client, server uint64) {
	clients.Lock()
	defer clients.Unlock()
	if c.usable() && c.server.Load() == server {
		return
	}
	list := clients.of[server]
	for i, x := range list {
		if x == c {
			clients.of[server] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(clients.of[server]) == 0 {
		delete(clients.of, server)
	}
}

// known is a client of that server, or nil.
func known(server uint64) *Client {
	clients.Lock()
	defer clients.Unlock()
	for _, c := range clients.of[server] {
		if c.usable() {
			return c
		}
	}
	return nil
}

// reach gives a client of the server at a, and dials if this process has none.
// Errors: as Dial; ErrServerGone if another server is there now.
func reach(ctx context.Context, a *address) (*Client, error) {
	if c := known(a.server); c != nil {
		return c, nil
	}
	clients.Lock()
	if clients.busy == nil {
		clients.busy = map[uint64]*sync.Mutex{}
	}
	turn := clients.busy[a.server]
	if turn == nil {
		turn = &sync.Mutex{}
		clients.busy[a.server] = turn
	}
	dial := clients.dial
	clients.Unlock()

	turn.Lock()
	defer turn.Unlock()
	if c := known(a.server); c != nil {
		return c, nil
	}
	var options []Setup
	if dial != nil {
		options = dial(a.family, a.address)
	}
	c, err := Dial(ctx, a.family, a.address, options...)
	if err != nil {
		return nil, err
	}
	if c.server.Load() != a.server {
		c.Close()
		return nil, fmt.Errorf("%w: another one is at %s:%s now", ErrServerGone, a.family, a.address)
	}
	return c, nil
}
