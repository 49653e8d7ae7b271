package manager

import (
	"iter"

	"shmkit/internal/wire"
)

// piece is about how many bytes a loop over a container reads at a time.
const piece = 64 << 10

// pairs calls each for those of a span, in order, until it gives false: of how they are when
// it begins. If they are more than a piece, the server makes an Iterator of them, which is
// given back at the end; or with the session.
func (p *proxy) pairs(span wire.Span, direct, iterate wire.Method, each func(key wire.Key, item wire.Item) bool) error {
	span.Bytes = piece
	k, r, err := p.call(inherit, direct, wire.AppendSpan(nil, &span), 0)
	if err != nil {
		return err
	}
	if !r.Bool() {
		defer k.free()
		_, _, err := eachPair(&r, &span, each)
		return err
	}
	k.free() // too much of it: all of it may change before the rest is read
	it, err := p.made(iterate, nil, wire.TypeIterator)
	if err != nil {
		return err
	}
	defer it.Close()
	for more, going := true, true; more && going; {
		k, r, err := it.call(inherit, wire.IteratorRange, wire.AppendSpan(nil, &span), 0)
		if err != nil {
			return err
		}
		more = r.Bool()
		n, ended, err := eachPair(&r, &span, each)
		k.free()
		if err != nil {
			return err
		}
		if going = !ended; span.Limit != 0 {
			if span.Limit -= uint64(n); span.Limit == 0 {
				going = false
			}
		}
	}
	return nil
}

// eachPair reads uint n, n × (key, item), and makes the span begin after them.
func eachPair(r *wire.Reader, span *wire.Span, each func(key wire.Key, item wire.Item) bool) (n int, ended bool, err error) {
	n = r.Count(8)
	var last wire.Key
	for range n {
		key, item := r.Key(), r.Item()
		if err := r.Err(); err != nil {
			return n, true, err
		}
		if !each(key, item) {
			return n, true, nil
		}
		last = key
	}
	if n > 0 && span.Reverse {
		span.HasTo, span.Through, span.To = true, false, append(wire.Key(nil), last...)
	} else if n > 0 {
		span.HasFrom, span.After, span.From = true, true, append(wire.Key(nil), last...)
	}
	return n, false, r.End()
}

// All gives one item after the other, as the list is when the loop begins, whatever happens
// meanwhile. An error comes last, with a zero T: ErrType; ErrServerGone; the cause of Ctx.
func (l *List[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ended := false
		err := l.each(func(item wire.Item) bool {
			x, err := l.read(item, false)
			ended = !yield(x, err) || err != nil
			return !ended
		})
		if err != nil && !ended {
			var none T
			yield(none, err)
		}
	}
}

// each calls f for each item, until it gives false.
func (l *List[T]) each(f func(item wire.Item) bool) error {
	at := &l.proxy
	for i, m := uint64(0), wire.ListRead; ; m = wire.IteratorRead {
		k, r, err := at.call(inherit, m, wire.AppendUint(wire.AppendUint(nil, i), piece), 0)
		if err != nil {
			return err
		}
		more := r.Bool()
		if more && m == wire.ListRead { // too much of it: all of it may change before the rest is read
			k.free()
			it, err := l.made(wire.ListIterate, nil, wire.TypeIterator)
			if err != nil {
				return err
			}
			defer it.Close()
			at = &it
			continue
		}
		n := r.Count(4)
		for range n {
			item := r.Item()
			if r.Err() == nil && !f(item) {
				k.free()
				return nil
			}
		}
		err = r.End()
		k.free()
		if i += uint64(n); err != nil || !more {
			return err
		}
	}
}

// Items gives all items.
// Errors: ErrType; ErrServerGone.
func (l *List[T]) Items() ([]T, error) {
	var all []T
	var readErr error
	err := l.each(func(item wire.Item) bool {
		var x T
		if x, readErr = l.read(item, false); readErr == nil {
			all = append(all, x)
		}
		return readErr == nil
	})
	if err == nil {
		err = readErr
	}
	return all, err
}
