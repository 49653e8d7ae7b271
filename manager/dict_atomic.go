package manager

import (
	"context"
	"runtime"

	"shmkit/internal/wire"
)

// Add adds delta to the item of a key and gives the sum. A key that is not there gets delta.
// Integers wrap around.
// Errors: ErrType if the item is no number of the kind of V; ErrServerGone.
func (d *Dict[K, V]) Add(key K, delta V) (sum V, err error) {
	var room [96]byte
	body, err := d.pair(room[:0], key, &delta)
	if err != nil {
		return sum, err
	}
	k, r, err := d.call(inherit, wire.DictAdd, body, 0)
	if err != nil {
		return sum, err
	}
	return d.reply(k, r, false)
}

// CompareAndSwap sets the item of a key to x if it is old, and tells whether it was. It
// compares bits. A key that is not there is not old; see SetDefault.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) CompareAndSwap(key K, old, x V) (swapped bool, err error) {
	body, err := d.keys.appendSized(nil, &key)
	for _, v := range []*V{&old, &x} {
		if err == nil {
			body, err = d.appendSized(d.ref.client(), body, v)
		}
	}
	if err != nil {
		return false, err
	}
	swapped, err = d.ask(wire.DictCompareAndSwap, body)
	runtime.KeepAlive(x)
	return swapped, err
}

// Update changes the item of a key by a function of the server, see RegisterUpdate, and gives
// what it is then. arg is of the type that the function takes.
// Errors: ErrType also if the server has no such function; ErrPanic; what the function gives;
// ErrServerGone.
func (d *Dict[K, V]) Update(key K, function string, arg any) (now V, err error) {
	body, err := d.keys.appendSized(nil, &key)
	if err == nil {
		body, err = appendUpdate(d.ref.client(), body, function, arg)
	}
	if err != nil {
		return now, err
	}
	k, r, err := d.call(inherit, wire.DictUpdate, body, 0)
	runtime.KeepAlive(arg)
	if err != nil {
		return now, err
	}
	return d.reply(k, r, true)
}

// A Txn is conditions on a Dict, and changes of it that are made at once if they hold, or not
// at all. It is made by Dict.Txn, belongs to one goroutine, and is used for one Commit.
type Txn[K comparable, V any] struct {
	d                *Dict[K, V]
	conditions, acts uint64
	ifs, does        []byte
	kept             []V // handles in it stay until Commit
	err              error
}

// Txn begins a transaction, of which the server knows nothing until Commit.
func (d *Dict[K, V]) Txn() *Txn[K, V] { return &Txn[K, V]{d: d} }

// IfEqual lets Commit fail unless the key has that item.
func (t *Txn[K, V]) IfEqual(key K, x V) *Txn[K, V] { return t.condition(wire.IfEqual, key, &x) }

// IfAbsent lets Commit fail if the key is there.
func (t *Txn[K, V]) IfAbsent(key K) *Txn[K, V] { return t.condition(wire.IfAbsent, key, nil) }

// IfExists lets Commit fail unless the key is there.
func (t *Txn[K, V]) IfExists(key K) *Txn[K, V] { return t.condition(wire.IfExists, key, nil) }

// Set gives a key an item.
func (t *Txn[K, V]) Set(key K, x V) *Txn[K, V] { return t.act(wire.DoSet, key, &x) }

// Add adds to the item of a key; to nothing, if it is not there.
func (t *Txn[K, V]) Add(key K, delta V) *Txn[K, V] { return t.act(wire.DoAdd, key, &delta) }

// Delete removes a key, if it is there.
func (t *Txn[K, V]) Delete(key K) *Txn[K, V] { return t.act(wire.DoDelete, key, nil) }

func (t *Txn[K, V]) condition(what byte, key K, x *V) *Txn[K, V] {
	t.ifs = t.step(t.ifs, what, key, x)
	t.conditions++
	return t
}

func (t *Txn[K, V]) act(what byte, key K, x *V) *Txn[K, V] {
	t.does = t.step(t.does, what, key, x)
	t.acts++
	return t
}

// step appends byte what, key, item.
func (t *Txn[K, V]) step(b []byte, what byte, key K, x *V) []byte {
	if t.err != nil {
		return b
	}
	if b, t.err = t.d.keys.appendSized(append(b, what), &key); t.err != nil {
		return b
	}
	if x == nil {
		return wire.AppendBytes(b, nil)
	}
	t.kept = append(t.kept, *x)
	b, t.err = t.d.appendSized(t.d.ref.client(), b, x)
	return b
}

// Commit makes the changes, one after the other, if all conditions hold. They are seen at once,
// or none is made.
// Errors: ErrChanged, which names the first key whose condition does not hold; ErrType, also
// for an Add to what is no number; ErrServerGone, after which it is not known whether they were
// made.
func (t *Txn[K, V]) Commit(ctx context.Context) error {
	if t.err != nil {
		return t.err
	}
	body := append(wire.AppendUint(nil, t.conditions), t.ifs...)
	body = append(wire.AppendUint(body, t.acts), t.does...)
	err := t.d.exec(ctx, wire.DictCommit, body, 0)
	runtime.KeepAlive(t.kept)
	return err
}
