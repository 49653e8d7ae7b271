package array

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"shmkit/internal/hold"
	"shmkit/shm"
)

// A view is encoded as its range and the handle of the whole array. Handles of
// whole arrays are encoded as they are.
const (
	viewText   = "view:%d+%d:" // first item, number of items
	viewBinary = 'V'           // then both as uvarint; a Handle starts with its version
)

// Handle names the array for other processes, the whole of it also for a view; see
// [shm.Handle]. The Array must stay open until they have opened it; if this process
// dies before, they get shm.ErrGone. Errors: [ErrClosed], those of creating a file.
func (a *Array[T]) Handle() (shm.Handle, error) {
	if a.base.Load() == nil {
		return shm.Handle{}, ErrClosed
	}
	return a.hold.Object.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with [Array.Handle]: it encodes
// which array, or view, this is, not what it holds.
func (a *Array[T]) MarshalBinary() ([]byte, error) {
	b, err := shm.EncodeBinary(a)
	if err != nil || !a.view {
		return b, err
	}
	head := binary.AppendUvarint([]byte{viewBinary}, uint64(a.off))
	return append(binary.AppendUvarint(head, uint64(a.n)), b...), nil
}

// MarshalText implements encoding.TextMarshaler like [Array.MarshalBinary]. The text
// has no spaces and suits a command line.
func (a *Array[T]) MarshalText() ([]byte, error) {
	text, err := shm.EncodeText(a)
	if err != nil || !a.view {
		return text, err
	}
	return append(fmt.Appendf(nil, viewText, a.off, a.n), text...), nil
}

// UnmarshalBinary opens, in whatever process, the array or view whose bytes these
// are. a must be new. Errors: shm.ErrHandle; shm.ErrGone; *shm.TypeError if it is
// not an Array of T; [ErrOpen].
func (a *Array[T]) UnmarshalBinary(b []byte) error {
	off, n := uint64(0), uint64(0)
	view := len(b) > 0 && b[0] == viewBinary
	if view {
		r := bytes.NewReader(b[1:])
		var err error
		if off, err = binary.ReadUvarint(r); err == nil {
			n, err = binary.ReadUvarint(r)
		}
		if err != nil {
			return fmt.Errorf("%w: range: %w", shm.ErrHandle, err)
		}
		b = b[len(b)-r.Len():]
	}
	return shm.DecodeBinary(b, func(h shm.Handle) error { return a.open(h, view, off, n) })
}

// UnmarshalText opens the array or view whose text this is, as UnmarshalBinary.
func (a *Array[T]) UnmarshalText(text []byte) error {
	off, n := uint64(0), uint64(0)
	view := bytes.HasPrefix(text, []byte("view:"))
	if view {
		end := bytes.IndexByte(text[5:], ':') + 6
		if got, err := fmt.Sscanf(string(text[:end]), viewText, &off, &n); got != 2 || err != nil {
			return fmt.Errorf("%w: range in %q", shm.ErrHandle, text)
		}
		text = text[end:]
	}
	return shm.DecodeText(text, func(h shm.Handle) error { return a.open(h, view, off, n) })
}

func (a *Array[T]) open(h shm.Handle, view bool, off, n uint64) error {
	if a.hold != nil {
		return ErrOpen
	}
	want, err := specOf[T]()
	if err != nil {
		return err
	}
	o, err := shm.OpenHandle(h, want)
	if err != nil {
		return err
	}
	count := o.Spec().Count
	if !view {
		off, n = 0, count
	}
	if off > count || n > count-off {
		o.Close()
		return fmt.Errorf("%w: items %d+%d of %d", shm.ErrHandle, off, n, count)
	}
	a.view = view
	a.init(hold.New(o, nil), int(off), int(n))
	return nil
}
