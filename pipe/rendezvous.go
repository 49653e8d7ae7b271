package pipe

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shmkit/shm"
)

// A connection of the family "shm" begins on a unix socket, with authentication if there
// is a key. Then the listener makes rings, and sends the handle of the client's end. The
// client makes that end its own and says so, from when on the two see each other's death in
// the rings; and the socket is closed.
const accepted = "#RINGS#"

// rendezvousPath is where the socket of a listener of that name is.
func rendezvousPath(name string) (string, error) {
	switch {
	case name == "":
		return somePath()
	case strings.ContainsRune(name, '/'):
		return filepath.Abs(name)
	case strings.HasPrefix(name, "@"), strings.HasPrefix(name, "."), strings.HasPrefix(name, "\x00"):
		return "", fmt.Errorf("%w: the name %q", ErrAddress, name)
	}
	return filepath.Join(shm.Dir(), name+socketSuffix), os.MkdirAll(shm.Dir(), 0o700)
}

// hand makes rings and gives one end to the client of s, which it closes.
func (s *stream) hand(ctx context.Context, o *options) (*Conn, error) {
	defer s.drop()
	here, there, err := NewRoom(true, o.room)
	if err != nil {
		return nil, err
	}
	defer there.Close() // without the roles, which the client has: only our use of it ends
	text, err := there.MarshalText()
	if err == nil {
		err = s.send(ctx, text)
	}
	if err == nil {
		err = s.expect(ctx, accepted)
	}
	if err != nil {
		here.Close()
		return nil, err
	}
	here.rings.allow(o.limit)
	return here, nil
}

// grasp takes the end that the listener at the other end of s gives, and closes s.
func (s *stream) grasp(ctx context.Context, most int) (*Conn, error) {
	defer s.drop()
	n, err := s.next(ctx)
	if err != nil {
		return nil, midway(err)
	}
	text := make([]byte, n)
	if err := s.take(text); err != nil {
		return nil, err
	}
	c := new(Conn)
	if bytes.HasPrefix(text, []byte(challengeMark)) {
		return nil, errWantsKey()
	}
	if err := c.UnmarshalText(text); err != nil {
		return nil, err
	}
	if err := s.send(ctx, []byte(accepted)); err != nil {
		c.Close()
		return nil, err
	}
	c.rings.allow(most)
	return c, nil
}

// expect receives a message of the rendezvous.
func (s *stream) expect(ctx context.Context, want string) error {
	n, err := s.next(ctx)
	if err != nil {
		return midway(err)
	}
	b := make([]byte, n)
	if err := s.take(b); err != nil {
		return err
	}
	if string(b) != want {
		return fmt.Errorf("%w: %.40q instead of %s", ErrFrame, b, want)
	}
	return nil
}
