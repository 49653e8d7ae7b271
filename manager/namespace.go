package manager

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"shmkit/internal/wire"
)

// A Namespace is a handle of values by name at the server. Names that begin with _ are of the
// handle, and not of the server: others do not see them.
//
// Use NewNamespace or OpenNamespace. A handle may be copied, which shares the names that begin
// with _, and used by several goroutines; those of several clients and processes may be of one
// Namespace. Each method is one atomic step. Nobody holds anything of a Namespace, so that
// nothing happens to it when a client dies.
//
// Values come and go as those of a List[any] do; see also Attr.
type Namespace struct {
	items[any]
	own *private
}

// private is the names that begin with _.
type private struct {
	mu     sync.Mutex
	values map[string]any
}

func (n *Namespace) prepare() error {
	n.own = &private{values: map[string]any{}}
	return n.items.prepare()
}

// NewNamespace makes a Namespace of these values.
// Errors: ErrType; ErrArgument for a name that begins with _; ErrExists; ErrServerGone.
func NewNamespace(c *Client, init map[string]any, options ...Option) (*Namespace, error) {
	n := &Namespace{}
	if err := n.prepare(); err != nil {
		return nil, err
	}
	body := wire.AppendUint(nil, uint64(len(init)))
	for name, v := range init {
		if strings.HasPrefix(name, "_") {
			return nil, fmt.Errorf("%w: name %q is of a handle, not of the server", ErrArgument, name)
		}
		body = wire.AppendBytes(body, wire.AppendKeyText(nil, name))
		var err error
		if body, err = n.appendSized(c, body, &v); err != nil {
			return nil, err
		}
	}
	var err error
	n.proxy, err = create(c, wire.TypeNamespace, options, body)
	runtime.KeepAlive(init)
	return n, err
}

// OpenNamespace opens the Namespace of that name.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func OpenNamespace(c *Client, name string) (*Namespace, error) {
	n := &Namespace{}
	if err := n.prepare(); err != nil {
		return nil, err
	}
	var err error
	n.proxy, err = open(c, wire.TypeNamespace, name)
	return n, err
}

// Ctx is the same Namespace, whose calls end with ctx.
func (n *Namespace) Ctx(ctx context.Context) *Namespace {
	m := *n
	m.ctx = ctx
	return &m
}

// Get gives the value of a name.
// Errors: ErrNotFound; ErrNoObject if it was a handle and is gone by now; ErrServerGone.
func (n *Namespace) Get(name string) (any, error) { return attr[any](n, formAny, name) }

// Attr is [Namespace.Get] of a value of type T.
// Errors: ErrType; as Get.
func Attr[T any](n *Namespace, name string) (T, error) {
	f := formsOf(reflect.TypeFor[T]())
	if f.itemErr != nil {
		var none T
		return none, f.itemErr
	}
	return attr[T](n, f.item, name)
}

func attr[T any](n *Namespace, f form, name string) (x T, err error) {
	if strings.HasPrefix(name, "_") && n.own != nil {
		n.own.mu.Lock()
		defer n.own.mu.Unlock()
		v, ok := n.own.values[name]
		if !ok {
			return x, fmt.Errorf("%w: name %q", ErrNotFound, name)
		}
		if x, ok = v.(T); !ok && v != nil {
			return x, &TypeError{Name: name, Got: fmt.Sprintf("%T", v), Want: reflect.TypeFor[T]().String()}
		}
		return x, nil
	}
	k, r, err := n.call(inherit, wire.NamespaceGet, wire.AppendKeyText(nil, name), 0)
	if err != nil {
		return x, err
	}
	defer k.free()
	err = readItem(&n.proxy, f, r.Rest(), &x, false)
	return x, err
}

// Set gives a name a value.
// Errors: ErrType; ErrServerGone.
func (n *Namespace) Set(name string, v any) error {
	if strings.HasPrefix(name, "_") && n.own != nil {
		n.own.mu.Lock()
		n.own.values[name] = v
		n.own.mu.Unlock()
		return nil
	}
	body, err := n.append(n.ref.client(), wire.AppendBytes(nil, wire.AppendKeyText(nil, name)), &v)
	if err != nil {
		return err
	}
	err = n.exec(inherit, wire.NamespaceSet, body, 0)
	runtime.KeepAlive(v)
	return err
}

// Delete removes a name.
// Errors: ErrNotFound; ErrServerGone.
func (n *Namespace) Delete(name string) error {
	if strings.HasPrefix(name, "_") && n.own != nil {
		n.own.mu.Lock()
		defer n.own.mu.Unlock()
		if _, ok := n.own.values[name]; !ok {
			return fmt.Errorf("%w: name %q", ErrNotFound, name)
		}
		delete(n.own.values, name)
		return nil
	}
	return n.exec(inherit, wire.NamespaceDelete, wire.AppendKeyText(nil, name), 0)
}

// Values gives all names, but those that begin with _, with their values, as they are at one
// instant.
// Errors: ErrServerGone; ErrLimit.
func (n *Namespace) Values() (map[string]any, error) {
	all := map[string]any{}
	err := n.whole(func(name string, v any) { all[name] = v })
	return all, err
}

func (n *Namespace) whole(f func(name string, v any)) error {
	span := wire.Span{Bytes: wire.MaxFrame}
	k, r, err := n.call(inherit, wire.NamespaceRange, wire.AppendSpan(nil, &span), 0)
	if err != nil {
		return err
	}
	defer k.free()
	r.Bool()
	for range r.Count(8) {
		key, item := r.Key(), r.Item()
		if r.Err() != nil {
			break
		}
		v, err := n.read(item, false)
		if err != nil {
			return err
		}
		f(string(key[min(1, len(key)):]), v)
	}
	return r.End()
}

// String is all names and values, but those that begin with _, in the order of names.
func (n *Namespace) String() string {
	var all []string
	if err := n.whole(func(name string, v any) { all = append(all, name+"="+show(v)) }); err != nil {
		return fmt.Sprintf("Namespace(%v)", err)
	}
	return "Namespace(" + strings.Join(all, ", ") + ")"
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

func (*Namespace) want() wire.Type { return wire.TypeNamespace }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes n, which is new, a handle of
// the Namespace whose bytes these are, and dials its server if this process has no Client of
// that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (n *Namespace) UnmarshalBinary(b []byte) error {
	if err := n.prepare(); err != nil {
		return err
	}
	return n.decode(n.want(), b)
}

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (n *Namespace) UnmarshalText(text []byte) error {
	if err := n.prepare(); err != nil {
		return err
	}
	return n.decodeText(n.want(), text)
}
