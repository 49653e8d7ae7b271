package manager

import (
	"fmt"
	"iter"

	"shmkit/internal/wire"
)

// A Pair is a key and its item. It is plain data.
type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

// A Range is a part of a Dict, in the order of keys, to loop over. It is made by a Dict and
// belongs to one goroutine.
//
// A loop sees the Dict as it is when the loop begins, whatever happens meanwhile. What does
// not fit into 64 KiB the server keeps for the loop until it ends, or the client dies.
type Range[K comparable, V any] struct {
	d    *Dict[K, V]
	span wire.Span
	err  error
}

// All is the Range of all keys.
func (d *Dict[K, V]) All() *Range[K, V] { return &Range[K, V]{d: d} }

// From is the Range of the keys that are not less than from.
func (d *Dict[K, V]) From(from K) *Range[K, V] { return d.All().from(from) }

// To is the Range of the keys that are less than to.
func (d *Dict[K, V]) To(to K) *Range[K, V] { return d.All().to(to) }

// Range is the Range of the keys that are not less than from, and less than to.
func (d *Dict[K, V]) Range(from, to K) *Range[K, V] { return d.All().from(from).to(to) }

func (r *Range[K, V]) from(key K) *Range[K, V] {
	r.span.From, r.err = r.d.keys.append(nil, &key)
	r.span.HasFrom = true
	return r
}

func (r *Range[K, V]) to(key K) *Range[K, V] {
	var err error
	if r.span.To, err = r.d.keys.append(nil, &key); err != nil {
		r.err = err
	}
	r.span.HasTo = true
	return r
}

// Reverse makes a loop begin with the last key.
func (r *Range[K, V]) Reverse() *Range[K, V] {
	r.span.Reverse = !r.span.Reverse
	return r
}

// Limit makes a loop end after n keys; 0 is no limit.
func (r *Range[K, V]) Limit(n int) *Range[K, V] {
	r.span.Limit = uint64(max(n, 0))
	return r
}

// Err is why the last loop ended before its end.
// Errors: ErrType if a key or an item is not of the types of the Dict; ErrServerGone; the cause
// of Ctx.
func (r *Range[K, V]) Err() error { return r.err }

// each calls f for each pair until it gives false.
func (r *Range[K, V]) each(keysOnly bool, f func(K, V) bool) {
	if r.err != nil {
		return
	}
	span := r.span
	span.KeysOnly = keysOnly
	var readErr error
	err := r.d.pairs(span, wire.DictRange, wire.DictIterate, func(key wire.Key, item wire.Item) bool {
		k, err := r.d.keys.read(key)
		var x V
		if err == nil && !keysOnly {
			x, err = r.d.read(item, false)
		}
		readErr = err
		return err == nil && f(k, x)
	})
	if r.err = err; err == nil {
		r.err = readErr
	}
}

// All loops over keys and items; see Err.
func (r *Range[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { r.each(false, yield) }
}

// Keys loops over keys; see Err.
func (r *Range[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) { r.each(true, func(key K, _ V) bool { return yield(key) }) }
}

// Pairs gives them all.
// Errors: as Err.
func (r *Range[K, V]) Pairs() (all []Pair[K, V], err error) {
	r.each(false, func(key K, x V) bool {
		all = append(all, Pair[K, V]{key, x})
		return true
	})
	return all, r.err
}

// Keys gives all keys, in order.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Keys() (all []K, err error) {
	r := d.All()
	r.each(true, func(key K, _ V) bool {
		all = append(all, key)
		return true
	})
	return all, r.err
}

// Values gives all items, in the order of their keys.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Values() (all []V, err error) {
	r := d.All()
	r.each(false, func(_ K, x V) bool {
		all = append(all, x)
		return true
	})
	return all, r.err
}

// Items gives all keys and their items, in the order of the keys.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Items() ([]Pair[K, V], error) { return d.All().Pairs() }

// Map gives all keys and their items as a map.
// Errors: ErrType; ErrServerGone.
func (d *Dict[K, V]) Map() (map[K]V, error) {
	all, r := map[K]V{}, d.All()
	r.each(false, func(key K, x V) bool {
		all[key] = x
		return true
	})
	return all, r.err
}

// First gives the first key and its item.
// Errors: ErrNotFound if there is none; ErrType; ErrServerGone.
func (d *Dict[K, V]) First() (K, V, error) { return d.All().Limit(1).first() }

// Last gives the last key and its item.
// Errors: as First.
func (d *Dict[K, V]) Last() (K, V, error) { return d.All().Limit(1).Reverse().first() }

func (r *Range[K, V]) first() (key K, x V, err error) {
	err = fmt.Errorf("%w: the Dict is empty", ErrNotFound)
	r.each(false, func(k K, v V) bool {
		key, x, err = k, v, nil
		return true
	})
	if r.err != nil {
		err = r.err
	}
	return key, x, err
}
