package manager

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"shmkit/internal/host"
	"shmkit/pipe"
)

// Serve makes a server in this process, which listens at an address of a family; see
// pipe.Listen. Over tcp it is TLS 1.3 of the key; see [WithKey].
// Errors: those of pipe.Listen, such as pipe.ErrInUse; pipe.ErrWeakKey.
func Serve(family, address string, setups ...Setup) (_ *Server, err error) {
	s := &Server{
		id: number(), setup: *prepare(setups), accepts: make(chan struct{}), ended: make(chan struct{}),
		host: host.New(nil), links: map[uint64]*link{}, all: map[*link]struct{}{}, alarms: newAlarms(),
		lingering: map[uint64]*time.Timer{}, hook: hook,
	}
	options, err := s.connection(family, address, true)
	if err != nil {
		return nil, err
	}
	s.shareMemory(family)
	defer func() {
		if err != nil {
			s.latch.open()
		}
	}()
	if s.l, err = pipe.Listen(family, address, options...); err != nil {
		return nil, err
	}
	s.host.Employ(s.pools.hire)
	if err := s.openLog(); err != nil {
		s.l.Close()
		return nil, err
	}
	if err := s.begin(); err != nil {
		s.l.Close()
		s.ledger.file.Close()
		return nil, err
	}
	go s.accept()
	return s, nil
}

// hook is that of servers; tests set it.
var hook func(point string)

// number is a random number that is not 0.
func number() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) | 1
}
