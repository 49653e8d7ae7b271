package array

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"

	"shmkit/shm"
)

// Chars is an Array of bytes that holds text, with type code 'c': Array('c', n) of
// Python, char[n] of C. Text shorter than the array ends at the first zero byte.
//
// Use [FromString], [FromStringIn], [OpenChars] or unmarshal one; the zero value is
// only good for that, and it must not be copied. It may be used by several
// processes as an [Array] may: Text and SetString are plain access, so take the lock
// where others write. A process that dies inside SetString leaves what it has
// written so far.
type Chars struct {
	Array[shm.Char]
}

// FromString makes Chars of n bytes without a name on the default heap, that hold s.
// Errors: [ErrLength] if s does not fit, and those of [New].
func FromString(n int, s string) (*Chars, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return FromStringIn(seg, "", n, s)
}

// FromStringIn makes Chars of n bytes called name in seg, that hold s. Errors:
// [ErrLength] if s does not fit, and those of [NewIn].
func FromStringIn(seg *shm.Segment, name string, n int, s string) (*Chars, error) {
	if err := checkText(s, n); err != nil {
		return nil, err
	}
	items := make([]shm.Char, n)
	put(items, s)
	c := new(Chars)
	if err := c.create(seg, name, n, items); err != nil {
		return nil, err
	}
	return c, nil
}

// OpenChars opens the Chars called name in seg. Errors as [Open].
func OpenChars(seg *shm.Segment, name string) (*Chars, error) {
	c := new(Chars)
	if err := c.openName(seg, name); err != nil {
		return nil, err
	}
	return c, nil
}

// SetString makes s the text, and all bytes after it zero. Errors: [ErrLength] if s
// has more than Len bytes or holds a zero byte, and then nothing changes;
// [ErrClosed].
func (c *Chars) SetString(s string) error {
	if c.base.Load() == nil {
		return ErrClosed
	}
	if err := checkText(s, c.n); err != nil {
		return err
	}
	put(c.items(), s)
	runtime.KeepAlive(c)
	return nil
}

// Text is the text: the bytes before the first zero, all if there is none. It
// panics if c is closed.
func (c *Chars) Text() string {
	b := c.Raw()
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return string(b)
}

// Raw is a copy of all bytes, zeros included. It panics if c is closed.
func (c *Chars) Raw() []byte {
	b := make([]byte, c.n)
	for i, x := range c.items() {
		b[i] = byte(x)
	}
	runtime.KeepAlive(c)
	return b
}

func checkText(s string, n int) error {
	if n < 0 || len(s) > n {
		return fmt.Errorf("%w: text of %d bytes, array of %d", ErrLength, len(s), n)
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		return fmt.Errorf("%w: text has a zero at byte %d of %d", ErrLength, i, len(s))
	}
	return nil
}

func put(items []shm.Char, s string) {
	for i := range len(s) {
		items[i] = shm.Char(s[i])
	}
	clear(items[len(s):])
}
