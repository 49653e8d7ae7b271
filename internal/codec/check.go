package codec

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// FieldError tells why no value of a type can be encoded, or not all of it. It is plain data.
type FieldError struct {
	Type   string // that was to be sent
	Field  string // where in it the reason is, as Jobs[].done; empty: all of it
	Reason string
	// Lost tells that it is only a field of which nothing would be encoded, without an error.
	Lost bool
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Type + ": " + e.Reason
	}
	return e.Type + ": field " + e.Field + ": " + e.Reason
}

// Reasons of a FieldError.
const (
	foreign  = "a %s means nothing in another process"
	noForm   = "CBOR has no %s"
	noExport = "it is not exported and would be lost: export it, tag it `cbor:\"-\"` to leave it out, or give %s a MarshalBinary and an UnmarshalBinary"
	partial  = "it would be lost: the %s of an embedded field is that of all of %s; give that field a name"
	twice    = "it has the name of another field and would be lost: rename it, or tag it `cbor:\"-\"` to leave it out"
)

// faults is what is wrong with a type: the first thing that makes an encoding of it impossible,
// and the first that would be lost.
type faults struct{ never, lost *FieldError }

var known sync.Map // reflect.Type to faults

// Check tells whether values of type t can be encoded, and, unless lossy, all of them. What
// lies behind an interface is not looked at. Errors: *FieldError.
func Check(t reflect.Type, lossy bool) error {
	f, ok := known.Load(t)
	if !ok {
		w := walk{root: t, seen: map[reflect.Type]bool{}}
		w.value(t, "")
		f, _ = known.LoadOrStore(t, w.faults)
	}
	switch f := f.(faults); {
	case f.never != nil:
		return f.never
	case f.lost != nil && !lossy:
		return f.lost
	}
	return nil
}

// walk is a walk over the types that a type is made of.
type walk struct {
	root reflect.Type
	seen map[reflect.Type]bool
	faults
}

func (w *walk) fault(to **FieldError, path, reason string) {
	if *to == nil {
		*to = &FieldError{w.root.String(), strings.TrimPrefix(path, "."), reason, to == &w.lost}
	}
}

var ownForm = []reflect.Type{
	reflect.TypeFor[time.Time](), reflect.TypeFor[big.Int](), reflect.TypeFor[cbor.Tag](),
}

// isHandle tells whether t is a handle of a shared object that has its methods from what all
// handles of its package embed. What is beside that is found again where the handle is opened.
func isHandle(t reflect.Type) bool {
	for _, part := range []string{"use", "proxy"} {
		if f, ok := t.FieldByName(part); ok && f.Anonymous && strings.HasPrefix(f.Type.PkgPath(), "shmkit/") {
			return true
		}
	}
	return false
}

// self tells whether values of type t are encoded by a method or by rules of their own. A
// method that is only that of a part of t leaves the rest out.
func (w *walk) self(t reflect.Type, path string) bool {
	for _, own := range ownForm {
		if t == own {
			return true
		}
	}
	m, ok := method(t)
	if ok && t.Kind() == reflect.Struct && !isHandle(t) {
		if f, more := beside(t); more && promoted(m) {
			w.fault(&w.lost, path+"."+f.Name, fmt.Sprintf(partial, m.Name, t))
		}
	}
	return ok
}

func (w *walk) value(t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		if w.seen[t] {
			return
		}
	}
	if w.seen[t] || w.self(t, path) {
		return
	}
	w.seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		w.fault(&w.never, path, fmt.Sprintf(foreign, t))
	case reflect.Complex64, reflect.Complex128:
		w.fault(&w.never, path, fmt.Sprintf(noForm, t))
	case reflect.Slice, reflect.Array:
		w.value(t.Elem(), path+"[]")
	case reflect.Map:
		w.value(t.Key(), path+"[key]")
		w.value(t.Elem(), path+"[]")
	case reflect.Struct:
		w.fields(t, path, map[string]bool{})
	}
}

// fields looks at those of struct t. names are those that are taken in the struct that it is
// embedded in, or is.
func (w *walk) fields(t reflect.Type, path string, names map[string]bool) {
	var inner []reflect.StructField // what is embedded comes last: its names give way
	for f := range t.Fields() {
		tag, name, key := tagOf(f)
		at := path + "." + f.Name
		switch {
		case tag == "-" || f.Name == "_":
		case f.Anonymous && f.Type.Kind() == reflect.Struct && name == "":
			inner = append(inner, f)
		case !f.IsExported() && f.Type.Size() == 0: // there is nothing to lose
		case !f.IsExported():
			w.fault(&w.lost, at, fmt.Sprintf(noExport, t))
		case names[key]:
			w.fault(&w.lost, at, twice)
		default:
			names[key] = true
			w.value(f.Type, at)
		}
	}
	for _, f := range inner {
		w.fields(f.Type, path+"."+f.Name, names)
	}
}

// tagOf is the tag of f, the name in it, and what it is encoded as among those of its struct.
func tagOf(f reflect.StructField) (tag, name, key string) {
	if tag = f.Tag.Get("cbor"); tag == "" {
		tag = f.Tag.Get("json")
	}
	name, rest, _ := strings.Cut(tag, ",")
	if key = name; key == "" {
		key = f.Name
	}
	if strings.Contains(rest, "keyasint") {
		key = "#" + key
	}
	return tag, name, key
}
