package shm

import (
	"encoding/hex"
	"fmt"

	"shmkit/internal/sys"
)

// ID names a segment for ever: 16 random bytes, made when it was created. A name
// or path may be used again, an ID never is.
type ID [16]byte

func newID() (id ID) {
	sys.Random(id[:])
	return id
}

// String is the 32 hexadecimal digits of id.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText is String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what String writes.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != 2*len(id) {
		return fmt.Errorf("%w: segment id %q", ErrHandle, text)
	}
	if _, err := hex.Decode(id[:], text); err != nil {
		return fmt.Errorf("%w: segment id: %w", ErrHandle, err)
	}
	return nil
}
