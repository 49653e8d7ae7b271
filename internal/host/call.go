package host

import "shmkit/internal/wire"

// A Call is a request while it is applied.
type Call struct {
	h        *Host
	s        *session
	e        *entry // the object; nil for the server
	id       uint64
	method   wire.Method
	object   uint64
	deadline int64
	in       wire.Reader // the arguments that are left
	out      []byte      // the result
}

// A method is one of a type: it reads its arguments from c.in and appends its result to
// c.out; or gives an error; or makes the call wait, which a later operation answers.
type method struct {
	name  string
	reads bool // changes nothing
	do    func(c *Call) error
}

var table [wire.Types][wire.Methods]method

// A maker makes an object of the arguments of Create, a loader of what save wrote.
type (
	maker  func(c *Call) (object, error)
	loader func(h *Host, r *wire.Reader) (object, error)
)

var (
	makers  [wire.Types]maker
	loaders [wire.Types]loader
)

// define tells what objects of a type can do.
func define(t wire.Type, make maker, load loader, methods map[wire.Method]method) {
	makers[t], loaders[t] = make, load
	for m, spec := range methods {
		table[t][uint8(m)] = spec
	}
}

// find is the method with that number, or nil.
func find(m wire.Method) *method {
	t, n := m.Type(), int(uint8(m))
	if t >= wire.Types || n >= wire.Methods || table[t][n].do == nil {
		return nil
	}
	return &table[t][n]
}

// do applies the call.
func (c *Call) do() error {
	if c.object == 0 {
		return c.serve()
	}
	var err error
	if c.e, err = c.h.entry(c.object); err != nil {
		return err
	}
	if c.method == wire.Path {
		if err := c.walk(); err != nil {
			return err
		}
	}
	return c.dispatch()
}

// dispatch calls the method of the object.
func (c *Call) dispatch() error {
	spec := find(c.method)
	if spec == nil || c.method.Type() != c.e.kind && !ofItems(c.method) {
		return wire.NewFault(wire.CodeNoMethod, "manager: a %v has no method %v", c.e.kind, c.method)
	}
	return spec.do(c)
}

// serve calls a method of the server.
func (c *Call) serve() error {
	if spec := find(c.method); spec != nil && c.method.Type() == wire.TypeServer && !ofItems(c.method) {
		return spec.do(c)
	}
	return wire.NewFault(wire.CodeNoMethod, "manager: the server has no method %v", c.method)
}

// walk goes from c.e along the keys of a path to the object that is there, and reads which
// method of it to call.
func (c *Call) walk() error {
	for range c.in.Count(5) {
		key := c.in.Key()
		box, err := c.container()
		if err != nil {
			return err
		}
		item, err := box.at(c, key)
		if err != nil {
			return err
		}
		id, _, ok := item.Ref()
		if !ok {
			return wire.NewFault(wire.CodeWrongType, "manager: a path ends at a plain value: what is to be changed in place must be an object of its own")
		}
		c.e = c.h.objects[id]
	}
	m := c.in.Uint()
	if err := c.in.Err(); err != nil {
		return err
	}
	c.method = wire.Method(m)
	if uint64(c.method) != m || c.method == wire.Path {
		return wire.NewFault(wire.CodeNoMethod, "manager: no method %#x at the end of a path", m)
	}
	return nil
}

// innermost is the method at the end of a path.
func innermost(body []byte) (wire.Method, error) {
	r := wire.Read(body)
	for range r.Count(5) {
		r.Key()
	}
	m := r.Uint()
	return wire.Method(m), r.Err()
}
