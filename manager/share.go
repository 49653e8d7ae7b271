package manager

import (
	"context"
	"encoding/binary"
	"reflect"

	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// A shared is the memory of an object as this process has it mapped; mem is nil of an object
// that is not shared. It is of use as long as the server is there, which v tells.
type shared struct {
	v   *vigil
	mem host.Memory
}

var notShared = &shared{}

// sharing is whether and how a client shares memory with its server.
type sharing struct {
	life  []byte // what Welcome told; empty if there is no memory
	v     *vigil // once something is mapped
	tried bool
}

// vigil is that of the client, which begins with what it maps first; nil if it cannot map.
func (c *Client) vigil() *vigil {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.share.tried || len(c.share.life) == 0 || c.family == "tcp" || c.err != nil {
		return c.share.v
	}
	c.share.tried = true
	v, err := watch(c.share.life)
	if err == nil {
		c.share.v = v
	}
	return c.share.v
}

// shares tells whether objects of c may be in memory that it maps.
func (c *Client) shares() bool { return c.vigil() != nil }

// memory is that of the object, of numbers of a kind, or nil: then the server is asked, which
// gives the error if there is one.
func (p *proxy) memory(share wire.Method, code byte) host.Memory {
	r := p.ref
	if r == nil || p.steps > 0 || code == 0 {
		return nil
	}
	s := r.shared.Load()
	if s == nil {
		s = r.learn(share, code)
	}
	if s.mem == nil {
		return nil
	}
	if s.v.gone.Load() || r.closed.Load() {
		r.shared.CompareAndSwap(s, notShared) // the garbage collector ends the mapping, when no call uses it
		return nil
	}
	return s.mem
}

// learn asks the server for the memory of an object.
func (r *reference) learn(share wire.Method, code byte) *shared {
	v := r.c.vigil()
	if v == nil {
		r.shared.Store(notShared)
		return notShared
	}
	k, answer, err := r.c.call(context.Background(), wire.Frame{Method: share, Session: r.epoch, Object: r.id})
	if err != nil {
		return notShared // for now
	}
	defer k.free()
	s := notShared
	if handle := answer.Bytes(); len(handle) > 0 {
		if mem, err := blocks[code].open(handle); err == nil {
			s = &shared{v, mem}
		}
	}
	r.shared.Store(s)
	return s
}

// numberCode is the letter of the numbers as which those of a form are shared, 0 if they are not.
func numberCode(f form) byte {
	switch k := reflect.Kind(f); {
	case k >= reflect.Int && k <= reflect.Int64:
		return 'q'
	case k >= reflect.Uint && k <= reflect.Uint64:
		return 'Q'
	case k == reflect.Float32, k == reflect.Float64:
		return 'd'
	}
	return 0
}

// shareMemory lets clients on this machine map what they may. Where there is no shared memory
// the server does without.
func (s *Server) shareMemory(family string) {
	if family == "tcp" || s.private || s.log.path != "" {
		return
	}
	if l, err := newLatch(); err == nil {
		s.latch = l
		s.host = host.New(newMemory)
	}
}

// life is what Welcome tells of the latch.
func (s *Server) life() []byte {
	if s.latch == nil {
		return nil
	}
	return s.latch.handle
}

// shareCode is the letter of T, 0 if Ts are not shared.
func shareCode[T Scalar]() byte {
	if c := code[T](); c != '?' {
		return c
	}
	return 0
}

// shared is the memory of a and where in it an item is, if it is shared and there is one.
func (a *Array[T]) shared(i int) (host.Memory, int) {
	if i < 0 {
		i += a.n
	}
	if i < 0 || i >= a.n {
		return nil, 0
	}
	return a.proxy.memory(wire.ArrayShare, shareCode[T]()), i
}

// bitsAs is the bits of v, a number of at most 8 bytes.
func bitsAs[T Scalar](v *T) uint64 {
	var b [8]byte
	copy(b[:], memory(v))
	return binary.LittleEndian.Uint64(b[:])
}

// ofBits is the number with those bits.
func ofBits[T Scalar](bits uint64) (v T) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], bits)
	copy(memory(&v), b[:])
	return v
}
