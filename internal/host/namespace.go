package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A namespace is items by name.
type namespace struct {
	still
	pairs
}

func init() {
	define(wire.TypeNamespace, makeNamespace, loadNamespace, map[wire.Method]method{
		wire.NamespaceGet:    {"Get", true, func(c *Call) error { return c.getItem(&c.e.object.(*namespace).pairs) }},
		wire.NamespaceSet:    {"Set", false, func(c *Call) error { return c.setItem(&c.e.object.(*namespace).pairs) }},
		wire.NamespaceDelete: {"Delete", false, func(c *Call) error { return c.removeItem(&c.e.object.(*namespace).pairs) }},
		wire.NamespaceRange:  {"All", true, func(c *Call) error { return c.readPairs(&c.e.object.(*namespace).pairs) }},
	})
}

func makeNamespace(c *Call) (object, error) {
	n := &namespace{}
	return n, n.fill(c, &c.in, 0)
}

func loadNamespace(_ *Host, r *wire.Reader) (object, error) {
	return &namespace{pairs: loadPairs(r)}, r.Err()
}

func (n *namespace) drop(h *Host) { n.pairs.drop(h) }
func (n *namespace) info() string { return fmt.Sprintf("%d names", n.len()) }
