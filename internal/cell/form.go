package cell

import "reflect"

// Form tells which operations do for a type. It is found once, when a handle is
// made.
type Form struct {
	// Size is the size of the type in bytes.
	Size uint64
	// Kind is what kind of number it is, for Sum; reflect.Invalid if it is none.
	Kind reflect.Kind
	// Solid tells that every bit counts: there is no padding.
	Solid bool
}

// FormOf is the form of T.
func FormOf[T any]() Form {
	t := reflect.TypeFor[T]()
	f := Form{Size: uint64(t.Size()), Solid: solid(t)}
	if k := t.Kind(); k >= reflect.Int && k <= reflect.Complex128 && k != reflect.Uintptr {
		f.Kind = k
	}
	return f
}

// Atomic tells whether the type fits a machine word, so that Change does for it.
func (f Form) Atomic() bool { return f.Size == 8 || f.Wide() || f.Size == 2 || f.Size == 1 }

// Wide tells whether the type fills one: Load, Store and Swap do, wherever it lies.
func (f Form) Wide() bool { return f.Size == 4 || f.Size == 8 }

// Exact tells whether CompareAndSwap does.
func (f Form) Exact() bool { return f.Wide() && f.Solid }

// Counts tells whether Add does.
func (f Form) Counts() bool { return f.Wide() && f.Kind >= reflect.Int && f.Kind <= reflect.Uint64 }

// Number tells whether Sum does.
func (f Form) Number() bool { return f.Kind != reflect.Invalid }
