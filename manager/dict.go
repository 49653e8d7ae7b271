package manager

import (
	"context"
	"errors"
	"runtime"

	"shmkit/internal/wire"
)

// A Dict is a handle of a dictionary at the server, in the order of its keys: numbers by size,
// text and bytes byte by byte.
//
// Use NewDict or OpenDict. A handle may be copied, and used by several goroutines; those of
// several clients and processes may be of one Dict. Each method is one atomic step; what Range
// gives is as it is when a loop over it begins, whatever happens meanwhile. Nobody holds
// anything of a Dict, so that nothing happens to it when a client dies.
//
// Items are of type V, as those of a List are of type T. Keys are of type K: numbers, bools,
// text, arrays of bytes; or arrays and structs of such, whose order has no meaning; or any of
// these if K is any. Keys are the same if their values are equal; those of several integer
// types are the same key only if these are all signed, or all unsigned.
type Dict[K comparable, V any] struct {
	items[V]
	keys keys[K]
}

func (d *Dict[K, V]) prepare() error {
	if err := d.keys.prepare(); err != nil {
		return err
	}
	return d.items.prepare()
}

// NewDict makes a Dict of these items.
// Errors: ErrType; ErrExists; ErrServerGone.
func NewDict[K comparable, V any](c *Client, init map[K]V, options ...Option) (*Dict[K, V], error) {
	d := &Dict[K, V]{}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	body, err := d.appendPairs(c, init)
	if err != nil {
		return nil, err
	}
	d.proxy, err = create(c, wire.TypeDict, options, body)
	runtime.KeepAlive(init)
	return d, err
}

// OpenDict opens the Dict of that name. That keys and items are of these types is seen when
// they are read.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func OpenDict[K comparable, V any](c *Client, name string) (*Dict[K, V], error) {
	d := &Dict[K, V]{}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	var err error
	d.proxy, err = open(c, wire.TypeDict, name)
	return d, err
}

// DictFromKeys makes a Dict that has x for each of the keys.
// Errors: as NewDict.
func DictFromKeys[K comparable, V any](c *Client, all []K, x V, options ...Option) (*Dict[K, V], error) {
	init := make(map[K]V, len(all))
	for _, key := range all {
		init[key] = x
	}
	return NewDict(c, init, options...)
}

// appendPairs appends uint n, n × (key, item).
func (d *Dict[K, V]) appendPairs(c *Client, all map[K]V) (b []byte, err error) {
	b = wire.AppendUint(nil, uint64(len(all)))
	for key, x := range all {
		if b, err = d.keys.appendSized(b, &key); err == nil {
			b, err = d.appendSized(c, b, &x)
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

// Ctx is the same Dict, whose calls end with ctx.
func (d *Dict[K, V]) Ctx(ctx context.Context) *Dict[K, V] {
	e := *d
	e.ctx = ctx
	return &e
}

// Len is how many keys there are.
func (d *Dict[K, V]) Len() (int, error) {
	n, err := d.count(wire.DictLen, nil)
	return int(n), err
}

// Get gives the item of a key.
// Errors: ErrNotFound; ErrType; ErrNoObject if it was a handle and is gone by now; ErrServerGone.
func (d *Dict[K, V]) Get(key K) (x V, err error) { return d.take(wire.DictGet, key, false) }

// take calls a method that takes a key and gives an item.
func (d *Dict[K, V]) take(m wire.Method, key K, given bool) (x V, err error) {
	var room [64]byte
	body, err := d.keys.append(room[:0], &key)
	if err != nil {
		return x, err
	}
	k, r, err := d.call(inherit, m, body, 0)
	if err != nil {
		return x, err
	}
	return d.reply(k, r, given)
}

// GetOr is Get that gives other if there is no such key.
func (d *Dict[K, V]) GetOr(key K, other V) (V, error) {
	x, err := d.Get(key)
	if errors.Is(err, ErrNotFound) {
		return other, nil
	}
	return x, err
}

// Set gives a key an item.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Set(key K, x V) error {
	var room [96]byte
	body, err := d.pair(room[:0], key, &x)
	if err != nil {
		return err
	}
	err = d.exec(inherit, wire.DictSet, body, 0)
	runtime.KeepAlive(x)
	return err
}

// pair appends key, rest of body: an Item.
func (d *Dict[K, V]) pair(b []byte, key K, x *V) ([]byte, error) {
	b, err := d.keys.appendSized(b, &key)
	if err != nil {
		return b, err
	}
	return d.append(d.ref.client(), b, x)
}

// SetDefault gives the item of a key, which gets x if it has none, and tells whether it had one.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) SetDefault(key K, x V) (now V, was bool, err error) {
	body, err := d.pair(nil, key, &x)
	if err != nil {
		return now, false, err
	}
	k, r, err := d.call(inherit, wire.DictSetDefault, body, 0)
	runtime.KeepAlive(x)
	if err != nil {
		return now, false, err
	}
	was = r.Bool()
	now, err = d.reply(k, r, true)
	return now, was, err
}

// Delete removes a key.
// Errors: ErrNotFound; ErrServerGone.
func (d *Dict[K, V]) Delete(key K) error {
	body, err := d.keys.append(nil, &key)
	if err != nil {
		return err
	}
	return d.exec(inherit, wire.DictDelete, body, 0)
}

// Pop removes a key and gives its item.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func (d *Dict[K, V]) Pop(key K) (V, error) { return d.take(wire.DictPop, key, true) }

// PopOr is Pop that gives other if there is no such key.
func (d *Dict[K, V]) PopOr(key K, other V) (V, error) {
	x, err := d.Pop(key)
	if errors.Is(err, ErrNotFound) {
		return other, nil
	}
	return x, err
}

// PopItem removes the last key and gives it and its item.
// Errors: ErrNotFound if there is none; ErrType; ErrServerGone.
func (d *Dict[K, V]) PopItem() (K, V, error) { return d.popEdge(true) }

// PopFirst removes the first key and gives it and its item.
// Errors: as PopItem.
func (d *Dict[K, V]) PopFirst() (K, V, error) { return d.popEdge(false) }

func (d *Dict[K, V]) popEdge(last bool) (key K, x V, err error) {
	k, r, err := d.call(inherit, wire.DictPopItem, wire.AppendBool(nil, last), 0)
	if err != nil {
		return key, x, err
	}
	key, keyErr := d.keys.read(r.Key())
	x, err = d.reply(k, r, true)
	return key, x, errors.Join(keyErr, err)
}

// Contains tells whether there is such a key.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Contains(key K) (bool, error) {
	body, err := d.keys.append(nil, &key)
	if err != nil {
		return false, err
	}
	return d.ask(wire.DictContains, body)
}

// Clear removes all keys.
func (d *Dict[K, V]) Clear() error { return d.exec(inherit, wire.DictClear, nil, 0) }

// SetMany gives all these keys their items, at once.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) SetMany(all map[K]V) error {
	body, err := d.appendPairs(d.ref.client(), all)
	if err != nil {
		return err
	}
	err = d.exec(inherit, wire.DictSetMany, body, 0)
	runtime.KeepAlive(all)
	return err
}

// Merge gives all keys of another Dict of the server the items that they have there.
// Errors: ErrArgument if it is not one; ErrServerGone.
func (d *Dict[K, V]) Merge(other *Dict[K, V]) error {
	body, err := appendOther(d.ref.client(), nil, &other.proxy)
	if err != nil {
		return err
	}
	return d.exec(inherit, wire.DictMerge, body, 0)
}

// Copy makes a Dict of the same items at the server, which costs little however many they are.
// Errors: ErrLimit; ErrServerGone.
func (d *Dict[K, V]) Copy() (*Dict[K, V], error) {
	p, err := d.made(wire.DictCopy, nil, wire.TypeDict)
	if err != nil {
		return nil, err
	}
	return &Dict[K, V]{items[V]{p, d.form}, d.keys}, nil
}

func (*Dict[K, V]) want() wire.Type { return wire.TypeDict }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes d, which is new, a handle of
// the Dict whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (d *Dict[K, V]) UnmarshalBinary(b []byte) error {
	if err := d.keys.prepare(); err != nil {
		return err
	}
	return d.unmarshal(d.want(), b)
}

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (d *Dict[K, V]) UnmarshalText(text []byte) error {
	if err := d.keys.prepare(); err != nil {
		return err
	}
	return d.unmarshalText(d.want(), text)
}
