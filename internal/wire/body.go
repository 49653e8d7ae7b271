package wire

import (
	"encoding/binary"
	"errors"
)

// ErrBody: a body is not what its method takes, or gives.
var ErrBody = errors.New("wire: bad body")

// AppendUint appends a number of 8 bytes.
func AppendUint(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

// PutUint writes a number of 8 bytes over what is there.
func PutUint(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }

// PutLength writes the length of what follows in 4 bytes over what is there.
func PutLength(b []byte, n int) { binary.LittleEndian.PutUint32(b, uint32(n)) }

// AppendInt appends a number of 8 bytes.
func AppendInt(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

// AppendBool appends a byte, 0 or 1.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendBytes appends the length of v in 4 bytes, and v.
func AppendBytes(b, v []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...)
}

// AppendText is AppendBytes for text.
func AppendText(b []byte, v string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...)
}

// PeekUint is the number of 8 bytes that b begins with, and 0 if it does not.
func PeekUint(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// A Reader reads what AppendX wrote. After something that is not there it gives zeros, and
// Err tells. What it gives refers to the memory that it reads.
type Reader struct {
	b   []byte
	bad bool
}

// Read makes a Reader of a body.
func Read(body []byte) Reader { return Reader{b: body} }

func (r *Reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// Uint reads a number of 8 bytes.
func (r *Reader) Uint() uint64 {
	if v := r.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

// Peek is what Uint would give, and 0 if nothing is there.
func (r *Reader) Peek() uint64 {
	return PeekUint(r.b)
}

// Int reads a number of 8 bytes.
func (r *Reader) Int() int64 { return int64(r.Uint()) }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

// Bool reads a byte that is 0 or 1.
func (r *Reader) Bool() bool {
	v := r.Byte()
	if v > 1 {
		r.bad = true
	}
	return v == 1
}

// Bytes reads bytes that follow their length.
func (r *Reader) Bytes() []byte {
	v := r.take(4)
	if v == nil {
		return nil
	}
	return r.take(int(binary.LittleEndian.Uint32(v)))
}

// Text is Bytes as text, which is a copy.
func (r *Reader) Text() string { return string(r.Bytes()) }

// Rest is all that is left, and nothing is left then.
func (r *Reader) Rest() []byte { return r.take(len(r.b)) }

// Left is all that is left, and stays.
func (r *Reader) Left() []byte { return r.b }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.b) }

// Count reads a number of things that follow, of at least size bytes each, and so is never
// more than what is there.
func (r *Reader) Count(size int) int {
	n := r.Uint()
	if n > uint64(len(r.b)/max(size, 1)) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

// Err is ErrBody if something was not there.
func (r *Reader) Err() error {
	if r.bad {
		return ErrBody
	}
	return nil
}

// End is Err, and ErrBody too if something is left.
func (r *Reader) End() error {
	if r.bad || len(r.b) != 0 {
		return ErrBody
	}
	return nil
}
