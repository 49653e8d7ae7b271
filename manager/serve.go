package manager

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/pipe"
)

// Serve serves.
func Serve(family, address string, options ...pipe.Option) (*Server, error) {
	l, err := pipe.Listen(family, address, options...)
	if err != nil {
		return nil, err
	}
	s := &Server{id: number(), limits: wire.DefaultLimits, l: l, host: host.New(nil), links: map[uint64]*link{}, all: map[*link]struct{}{}}
	s.apply(&wire.Frame{Kind: wire.Begin, Object: s.id<<32 | 1})
	s.group.Go(func() { s.accept() })
	return s, nil
}

// A DialOption changes how Dial connects.
type DialOption = pipe.Option

// Dial dials.
func Dial(ctx context.Context, family, address string, options ...DialOption) (*Client, error) {
	conn, err := pipe.Dial(ctx, family, address, options...)
	if err != nil {
		return nil, err
	}
	c, err := greet(ctx, conn, number(), wire.DefaultLimits)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c.family, c.address = family, address
	enroll(c)
	return c, nil
}

// number is a random number that is not 0.
func number() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) | 1
}
