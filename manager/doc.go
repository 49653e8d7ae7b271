// Package manager gives objects that one process has, the server, to others: clients, on this
// machine or another.
//
// The model: the server has the objects, and applies one request at a time, whoever sent it. A
// client is a connection, over shared memory, a unix socket or tcp, and a session, which has
// what the client holds: locks, permits, messages, references. A proxy, such as a [Mutex], is
// one object as a client sees it; it is a handle, and may be sent to other processes. Callers
// share the connection of their client, and none waits for another's answer.
//
// Guarantees: a request is applied whole or not at all, and once. When a client dies, at any
// instruction, or is cut off, all that its session has is given back, and those who get it
// next are told, as package sync tells it. When the server dies all calls end, with
// [ErrServerGone]. A call ends when its context does: what it has been given by then is its
// result; what it would be given later is given back. Who comes in has the key, if there is
// one; over tcp all is TLS 1.3. What a client sends is input: one that is slow, silent or
// hostile is cut off, is told why if it reads, costs bounded memory, and holds up nobody.
//
// What it does not do: the objects end with their server, unless that has a log. All clients are
// equal: each can do to every object what its type allows. A server that is stopped holds up
// its clients, as long as their contexts let it. Values of clients are their copies: what is to
// be changed in place is an object of its own.
//
//	s, err := manager.Serve("tcp", "0.0.0.0:7000", manager.WithKey(key))
//	…
//	c, err := manager.Dial(ctx, "tcp", "server:7000", manager.WithKey(key)) // elsewhere
//	m, err := manager.NewMutex(c, manager.Named("turn"))
//	err = m.Lock()
package manager
