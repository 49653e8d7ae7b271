package manager

import (
	"runtime"

	"shmkit/internal/wire"
)

// Index gives where the first item is that is equal to x.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func (l *List[T]) Index(x T) (int, error) { return l.IndexIn(Front, Back, x) }

// IndexIn is Index among the items from from up to to.
func (l *List[T]) IndexIn(from, to int, x T) (int, error) {
	body := wire.AppendInt(wire.AppendInt(nil, int64(from)), int64(to))
	body, err := l.append(l.ref.client(), body, &x)
	if err != nil {
		return 0, err
	}
	i, err := l.count(wire.ListIndex, body)
	runtime.KeepAlive(x)
	return int(i), err
}

// Count is how many items are equal to x.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Count(x T) (int, error) {
	body, err := l.append(l.ref.client(), nil, &x)
	if err != nil {
		return 0, err
	}
	n, err := l.count(wire.ListCount, body)
	runtime.KeepAlive(x)
	return int(n), err
}

// Contains tells whether an item is equal to x.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Contains(x T) (bool, error) {
	body, err := l.append(l.ref.client(), nil, &x)
	if err != nil {
		return false, err
	}
	is, err := l.ask(wire.ListContains, body)
	runtime.KeepAlive(x)
	return is, err
}

// Sort sorts the list: numbers of one kind by size, text and bytes byte by byte, false before
// true. Items that are equal stay in their order.
// Errors: ErrType if there are others, or of several kinds; ErrServerGone.
func (l *List[T]) Sort() error { return l.SortBy("", false) }

// SortBy is Sort by a registered order, see RegisterOrder; "" is that of Sort. If reverse, what
// would be last is first.
// Errors: ErrType also if the server has no such order; ErrPanic; as Sort.
func (l *List[T]) SortBy(order string, reverse bool) error {
	return l.exec(inherit, wire.ListSort, wire.AppendText(wire.AppendBool(nil, reverse), order), 0)
}

func span(from, to, step int) []byte {
	return wire.AppendInt(wire.AppendInt(wire.AppendInt(nil, int64(from)), int64(to)), int64(step))
}

// Slice gives the items from from up to to, as many of them as there are.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Slice(from, to int) ([]T, error) { return l.SliceStep(from, to, 1) }

// SliceStep gives the items at from, from+step, … up to to; with a step less than 0 down to to.
// Errors: ErrArgument for a step of 0; ErrType; ErrServerGone.
func (l *List[T]) SliceStep(from, to, step int) ([]T, error) {
	k, r, err := l.call(inherit, wire.ListSlice, span(from, to, step), 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	n := r.Count(4)
	return l.readAll(make([]T, 0, n), &r, n)
}

// SetSlice puts items, however many, where those from from up to to were.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) SetSlice(from, to int, all []T) error { return l.SetSliceStep(from, to, 1, all) }

// SetSliceStep replaces the items that SliceStep gives.
// Errors: ErrArgument if step is 0, or not 1 and they are not as many; ErrType; ErrServerGone.
func (l *List[T]) SetSliceStep(from, to, step int, all []T) error {
	body, err := l.appendAll(l.ref.client(), span(from, to, step), all)
	if err != nil {
		return err
	}
	err = l.exec(inherit, wire.ListSetSlice, body, 0)
	runtime.KeepAlive(all)
	return err
}

// DeleteSlice removes the items from from up to to.
func (l *List[T]) DeleteSlice(from, to int) error { return l.DeleteSliceStep(from, to, 1) }

// DeleteSliceStep removes the items that SliceStep gives.
// Errors: ErrArgument for a step of 0; ErrServerGone.
func (l *List[T]) DeleteSliceStep(from, to, step int) error {
	return l.exec(inherit, wire.ListDeleteSlice, span(from, to, step), 0)
}

// Copy makes a List of the same items at the server, which costs little however long it is.
// Errors: ErrLimit; ErrServerGone.
func (l *List[T]) Copy() (*List[T], error) { return l.fresh(wire.ListCopy, nil) }

// Concat makes a List of the items of l and then those of another List of the server.
// Errors: ErrArgument if it is not one; ErrLimit; ErrServerGone.
func (l *List[T]) Concat(other *List[T]) (*List[T], error) {
	body, err := appendOther(l.ref.client(), nil, &other.proxy)
	if err != nil {
		return nil, err
	}
	return l.fresh(wire.ListConcat, body)
}

// Repeated makes a List of the items of l n times, one after the other.
// Errors: ErrLimit for more than 16,777,216 items; ErrServerGone.
func (l *List[T]) Repeated(n int) (*List[T], error) {
	return l.fresh(wire.ListRepeated, wire.AppendInt(nil, int64(n)))
}

func (l *List[T]) fresh(m wire.Method, body []byte) (*List[T], error) {
	p, err := l.made(m, body, wire.TypeList)
	if err != nil {
		return nil, err
	}
	return &List[T]{items[T]{p, l.form}}, nil
}

// Add adds delta to an item and gives the sum. Integers wrap around.
// Errors: ErrRange; ErrType if the item is no number of the kind of T; ErrServerGone.
func (l *List[T]) Add(i int, delta T) (sum T, err error) {
	body, err := l.append(l.ref.client(), wire.AppendInt(nil, int64(i)), &delta)
	if err != nil {
		return sum, err
	}
	k, r, err := l.call(inherit, wire.ListAdd, body, 0)
	if err != nil {
		return sum, err
	}
	return l.reply(k, r, false)
}

// CompareAndSwap sets an item to x if it is old, and tells whether it was. It compares bits.
// Errors: ErrRange; ErrType; ErrServerGone.
func (l *List[T]) CompareAndSwap(i int, old, x T) (swapped bool, err error) {
	body, err := l.appendSized(l.ref.client(), wire.AppendInt(nil, int64(i)), &old)
	if err == nil {
		body, err = l.appendSized(l.ref.client(), body, &x)
	}
	if err != nil {
		return false, err
	}
	swapped, err = l.ask(wire.ListCompareAndSwap, body)
	runtime.KeepAlive(x)
	return swapped, err
}

// Update changes an item by a function of the server, see RegisterUpdate, and gives what it is
// then. arg is of the type that the function takes.
// Errors: ErrRange; ErrType also if the server has no such function; ErrPanic; what the
// function gives; ErrServerGone.
func (l *List[T]) Update(i int, function string, arg any) (now T, err error) {
	body, err := appendUpdate(l.ref.client(), wire.AppendInt(nil, int64(i)), function, arg)
	if err != nil {
		return now, err
	}
	k, r, err := l.call(inherit, wire.ListUpdate, body, 0)
	runtime.KeepAlive(arg)
	if err != nil {
		return now, err
	}
	return l.reply(k, r, true)
}
