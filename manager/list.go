package manager

import (
	"context"
	"math"
	"runtime"

	"shmkit/internal/wire"
)

// Front and Back as an end of a slice are where the list begins and where it ends, in either
// direction.
const (
	Front = math.MinInt
	Back  = math.MaxInt
)

// A List is a handle of a list at the server.
//
// Use NewList or OpenList. A handle may be copied, and used by several goroutines; those of
// several clients and processes may be of one List. Each method is one atomic step, but for
// loops over All, which see the list as it is when they begin. An index less than 0 counts from
// the end. Nobody holds anything of a List, so that nothing happens to it when a client dies.
//
// Items are of type T, which is any type of which all can be sent. Handles of objects of the
// same server are items that stay what they are: references, to what then stays as long as the
// list has them. A map, a slice or an array that is an item of a List[any] becomes a Dict or a
// List of its own, and comes back as a handle. An object cannot be put into itself.
type List[T any] struct{ items[T] }

// NewList makes a List of these items.
// Errors: ErrType; ErrExists; ErrServerGone.
func NewList[T any](c *Client, init []T, options ...Option) (*List[T], error) {
	l := &List[T]{}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	body, err := l.appendAll(c, nil, init)
	if err != nil {
		return nil, err
	}
	l.proxy, err = create(c, wire.TypeList, options, body)
	runtime.KeepAlive(init)
	return l, err
}

// OpenList opens the List of that name. That its items are of type T is seen when they are read.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func OpenList[T any](c *Client, name string) (*List[T], error) {
	l := &List[T]{}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	var err error
	l.proxy, err = open(c, wire.TypeList, name)
	return l, err
}

// Ctx is the same List, whose calls end with ctx.
func (l *List[T]) Ctx(ctx context.Context) *List[T] {
	m := *l
	m.ctx = ctx
	return &m
}

// Len is how many items there are.
func (l *List[T]) Len() (int, error) {
	n, err := l.count(wire.ListLen, nil)
	return int(n), err
}

// At gives an item.
// Errors: ErrRange; ErrType; ErrNoObject if it was a handle and is gone by now; ErrServerGone.
func (l *List[T]) At(i int) (x T, err error) {
	var room [8]byte
	k, r, err := l.call(inherit, wire.ListGet, wire.AppendInt(room[:0], int64(i)), 0)
	if err != nil {
		return x, err
	}
	return l.reply(k, r, false)
}

// one calls a method that takes a prefix and an item.
func (l *List[T]) one(m wire.Method, prefix []byte, x *T) error {
	body, err := l.append(l.ref.client(), prefix, x)
	if err != nil {
		return err
	}
	err = l.exec(inherit, m, body, 0)
	runtime.KeepAlive(x)
	return err
}

// Set replaces an item.
// Errors: ErrRange; ErrType; ErrServerGone.
func (l *List[T]) Set(i int, x T) error {
	var room [64]byte
	return l.one(wire.ListSet, wire.AppendInt(room[:0], int64(i)), &x)
}

// Append appends an item.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Append(x T) error {
	var room [64]byte
	return l.one(wire.ListAppend, room[:0], &x)
}

// Insert puts an item before that one; as Python does, at the end if there is none there.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Insert(i int, x T) error {
	var room [64]byte
	return l.one(wire.ListInsert, wire.AppendInt(room[:0], int64(i)), &x)
}

// Remove removes the first item that is equal to x. Equal is: encoded alike.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func (l *List[T]) Remove(x T) error { return l.one(wire.ListRemove, nil, &x) }

// Delete removes an item.
// Errors: ErrRange; ErrServerGone.
func (l *List[T]) Delete(i int) error {
	return l.exec(inherit, wire.ListDelete, wire.AppendInt(nil, int64(i)), 0)
}

// Pop removes the last item and gives it.
// Errors: ErrRange if there is none; ErrType; ErrServerGone.
func (l *List[T]) Pop() (T, error) { return l.PopAt(-1) }

// PopAt removes an item and gives it.
// Errors: ErrRange; ErrType; ErrServerGone.
func (l *List[T]) PopAt(i int) (x T, err error) {
	k, r, err := l.call(inherit, wire.ListPop, wire.AppendInt(nil, int64(i)), 0)
	if err != nil {
		return x, err
	}
	return l.reply(k, r, true)
}

// Extend appends items.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Extend(all ...T) error {
	body, err := l.appendAll(l.ref.client(), nil, all)
	if err != nil {
		return err
	}
	err = l.exec(inherit, wire.ListExtend, body, 0)
	runtime.KeepAlive(all)
	return err
}

// ExtendFrom appends the items of another List of the server.
// Errors: ErrArgument if it is not one; ErrLimit; ErrServerGone.
func (l *List[T]) ExtendFrom(other *List[T]) error {
	body, err := appendOther(l.ref.client(), nil, &other.proxy)
	if err != nil {
		return err
	}
	return l.exec(inherit, wire.ListExtendFrom, body, 0)
}

// appendOther appends uint object, another one of the server.
// Errors: ErrClosed; ErrArgument.
func appendOther(c *Client, b []byte, p *proxy) ([]byte, error) {
	item, err := appendRef(c, nil, p)
	if err != nil {
		return b, err
	}
	return append(b, wire.Item(item).Payload()[:8]...), nil
}

// Clear removes all items.
func (l *List[T]) Clear() error { return l.exec(inherit, wire.ListClear, nil, 0) }

// Reverse reverses the order.
func (l *List[T]) Reverse() error { return l.exec(inherit, wire.ListReverse, nil, 0) }

// Repeat makes the list what it is n times, one after the other; n less than 1 empties it.
// Errors: ErrLimit for more than 16,777,216 items; ErrServerGone.
func (l *List[T]) Repeat(n int) error {
	return l.exec(inherit, wire.ListRepeat, wire.AppendInt(nil, int64(n)), 0)
}

func (*List[T]) want() wire.Type { return wire.TypeList }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes l, which is new, a handle of
// the List whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (l *List[T]) UnmarshalBinary(b []byte) error { return l.unmarshal(l.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (l *List[T]) UnmarshalText(text []byte) error { return l.unmarshalText(l.want(), text) }
