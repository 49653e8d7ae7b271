package manager

import (
	"context"
	"fmt"
	"runtime"

	"shmkit/internal/wire"
)

// A Path is a way to what is inside of an object: a Dict, a List or a Namespace at the end of
// some keys, of which one leads to the next. The server goes the way with each call, in one
// round trip, and what is there then is changed in place:
//
//	d.At("a").Set("b", 1)
//
// Use At of Dict, List and Namespace. A Path is a handle like that which it begins at, and has
// its context; it has no reference of its own, and is no value that can be stored or sent. Keys
// of a List are indices. Values come and go as those of a List[any] do.
//
// All its methods give ErrNotFound or ErrRange if the way ends before its end, and ErrType if
// there is something in it that is no container.
type Path struct{ items[any] }

// at is the way to what is at a key, which the caller has appended with its length.
func (p *proxy) at(key []byte) proxy {
	q := *p
	q.keys, q.steps = append(p.keys[:len(p.keys):len(p.keys)], key...), p.steps+1
	return q
}

// sized is an any as a key with its length.
func sized(key any) ([]byte, error) {
	k, err := appendAnyKey([]byte{0, 0, 0, 0}, key)
	wire.PutLength(k, len(k)-4)
	return k, err
}

// At is the way to what is at a key of the Dict. What is no key leads nowhere.
func (d *Dict[K, V]) At(key K) *Path {
	k, _ := d.keys.appendSized(nil, &key)
	return &Path{items[any]{d.proxy.at(k), formAny}}
}

// In is the way to what is at an index of the List.
func (l *List[T]) In(i int) *Path {
	k, _ := sized(i)
	return &Path{items[any]{l.proxy.at(k), formAny}}
}

// At is the way to what has that name in the Namespace.
func (n *Namespace) At(name string) *Path {
	k, _ := sized(name)
	return &Path{items[any]{n.proxy.at(k), formAny}}
}

// At goes one step more. What is no key leads nowhere.
func (p *Path) At(key any) *Path {
	k, _ := sized(key)
	return &Path{items[any]{p.proxy.at(k), formAny}}
}

// DictAt is the Dict at the end of a Path, as one of these types. It has no reference of its
// own: each call goes the way anew.
// Errors: ErrType for types that cannot be sent.
func DictAt[K comparable, V any](p *Path) (*Dict[K, V], error) {
	d := &Dict[K, V]{}
	err := d.prepare()
	d.proxy = p.proxy
	return d, err
}

// ListAt is the List at the end of a Path, as one of that type; otherwise as DictAt.
func ListAt[T any](p *Path) (*List[T], error) {
	l := &List[T]{}
	err := l.prepare()
	l.proxy = p.proxy
	return l, err
}

// Ctx is the same Path, whose calls end with ctx.
func (p *Path) Ctx(ctx context.Context) *Path {
	q := *p
	q.ctx = ctx
	return &q
}

// keyed calls a method that takes a key.
func (p *Path) keyed(m wire.Method, key any) (*call, wire.Reader, error) {
	k, err := appendAnyKey(nil, key)
	if err != nil {
		return nil, wire.Reader{}, err
	}
	return p.call(inherit, m, k, 0)
}

// Get gives what is at a key.
// Errors: see Path; ErrNoObject if it was a container and is gone by now; ErrServerGone.
func (p *Path) Get(key any) (any, error) {
	k, r, err := p.keyed(wire.ItemGet, key)
	if err != nil {
		return nil, err
	}
	return p.reply(k, r, false)
}

// Set sets what is at a key, or an index.
// Errors: see Path; ErrType; ErrServerGone.
func (p *Path) Set(key, v any) error {
	body, err := sized(key)
	if err != nil {
		return err
	}
	if body, err = p.append(p.ref.client(), body, &v); err != nil {
		return err
	}
	err = p.exec(inherit, wire.ItemSet, body, 0)
	runtime.KeepAlive(v)
	return err
}

// Append appends to the List that is there.
// Errors: see Path; ErrType also if it is no List; ErrServerGone.
func (p *Path) Append(v any) error {
	body, err := p.append(p.ref.client(), nil, &v)
	if err != nil {
		return err
	}
	err = p.exec(inherit, wire.ItemAppend, body, 0)
	runtime.KeepAlive(v)
	return err
}

// Add adds delta to the number at a key, or an index, and gives the sum. A key that is not there
// gets delta. Integers wrap around.
// Errors: see Path; ErrType if it is no number of the kind of delta; ErrServerGone.
func (p *Path) Add(key, delta any) (sum any, err error) {
	body, err := sized(key)
	if err != nil {
		return nil, err
	}
	if body, err = p.append(p.ref.client(), body, &delta); err != nil {
		return nil, err
	}
	k, r, err := p.call(inherit, wire.ItemAdd, body, 0)
	if err != nil {
		return nil, err
	}
	return p.reply(k, r, false)
}

// Delete removes a key, or the item at an index.
// Errors: see Path; ErrServerGone.
func (p *Path) Delete(key any) error {
	k, _, err := p.keyed(wire.ItemDelete, key)
	if err == nil {
		k.free()
	}
	return err
}

// Len is how many items there are.
// Errors: see Path; ErrServerGone.
func (p *Path) Len() (int, error) {
	n, err := p.count(wire.ItemLen, nil)
	return int(n), err
}

// Value gives what is there, with all that is inside however deep, as it is at one instant, as
// map[string]any or map[any]any, and []any. What is no container stays a handle.
// Errors: see Path; ErrLimit if that is longer than a frame; ErrServerGone.
func (p *Path) Value() (any, error) { return p.deep() }

func (p *proxy) deep() (any, error) {
	k, r, err := p.call(inherit, wire.ItemPlain, nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	return readAny(p, r.Rest(), false, 0)
}

// Value gives the Dict, with all that is inside however deep, as it is at one instant, as
// map[string]any or, if not all keys are text, map[any]any. What is no container stays a handle.
// Errors: ErrLimit if that is longer than a frame; ErrServerGone.
func (d *Dict[K, V]) Value() (any, error) { return d.deep() }

// Value gives the List, with all that is inside however deep, as it is at one instant. What is
// no container stays a handle.
// Errors: as of Dict.Value.
func (l *List[T]) Value() ([]any, error) {
	v, err := l.deep()
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: a List is %T", ErrProtocol, v)
	}
	return list, nil
}

// String tells where the Path goes, for people.
func (p *Path) String() string { return p.proxy.String() }
