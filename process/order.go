package process

import (
	"encoding/binary"
	"fmt"
)

// order is what a child is to do. It is the first that a child reads, before the packages of
// the program begin; so it is encoded in a way that costs next to nothing: numbers as
// varints, strings and lists with their length before them, in the order of the fields.
type order struct {
	Function string // or Exec
	Types    string
	Exec     *program

	Name     string
	Identity string // 1, 1:1 and so on: who is whose child
	Parent   relative
	Daemon   bool
	Group    bool
	Key      []byte
	Limits   []limit
	Files    int // passed, from descriptor 3 on
}

// relative is who started a process.
type relative struct {
	PID  int
	Name string
}

// program is what Exec runs.
type program struct {
	Path string
	Args []string // with the name
	Env  []string
}

// limit is a resource limit.
type limit struct {
	Resource int
	Value    uint64
}

// encode is the order as it travels.
func (o *order) encode() []byte {
	b := appendStrings(nil, o.Function, o.Types, o.Name, o.Identity, o.Parent.Name, string(o.Key))
	for _, n := range []int{o.Parent.PID, number(o.Daemon), number(o.Group), o.Files, len(o.Limits)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, l := range o.Limits {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(l.Resource)), l.Value)
	}
	if e := o.Exec; e != nil {
		b = appendStrings(b, e.Path)
		b = appendStrings(binary.AppendUvarint(b, uint64(len(e.Args))), e.Args...)
		b = appendStrings(binary.AppendUvarint(b, uint64(len(e.Env))), e.Env...)
	}
	return b
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func appendStrings(b []byte, list ...string) []byte {
	for _, s := range list {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// decode reads what encode made.
func (o *order) decode(b []byte) error {
	p := parser{rest: b}
	o.Function, o.Types = p.text(), p.text()
	o.Name, o.Identity, o.Parent.Name, o.Key = p.text(), p.text(), p.text(), []byte(p.text())
	o.Parent.PID, o.Daemon, o.Group, o.Files = int(p.number()), p.number() == 1, p.number() == 1, int(p.number())
	for range p.count() {
		o.Limits = append(o.Limits, limit{int(p.number()), p.number()})
	}
	if len(p.rest) > 0 {
		o.Exec = &program{p.text(), p.list(), p.list()}
	}
	if p.bad || len(p.rest) > 0 {
		return fmt.Errorf("process: an order of %d bytes makes no sense", len(b))
	}
	return nil
}

// parser reads an order.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) number() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 {
		p.rest, p.bad = nil, true
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

// count is the length of what follows, each of which has one byte at least.
func (p *parser) count() int {
	n := p.number()
	if n > uint64(len(p.rest)) {
		p.rest, p.bad = nil, true
		return 0
	}
	return int(n)
}

func (p *parser) text() string {
	n := p.count()
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return string(s)
}

func (p *parser) list() []string {
	list := make([]string, p.count())
	for i := range list {
		list[i] = p.text()
	}
	return list
}
