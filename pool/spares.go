package pool

import (
	"encoding/binary"
	"sync"

	"shmkit/array"
	"shmkit/shm"
)

// spares are arrays for items that are too long for the queue. One that is not used any
// more is kept for the next: a new one would have to be found, cleared, and mapped page by
// page. It is used when all others have ended their use, which the word of the place says.
type spares struct {
	heap func() (*shm.Segment, error) // where new ones are
	most int                          // bytes to keep

	mu     sync.Mutex
	list   []*array.Array[byte] // the last one was used last
	bytes  int                  // in list
	closed bool
}

const (
	sparePage   = 4 << 10
	parentSpare = 16 << 20
	workerSpare = 4 << 20
)

// take is an array of n bytes or some more. What is in them does not matter.
func (s *spares) take(n int) (*array.Array[byte], error) {
	if arr := s.find(n); arr != nil {
		return arr, nil
	}
	seg, err := s.heap()
	if err != nil {
		return nil, err
	}
	arr, err := array.NewIn[byte](seg, "", (n+sparePage-1)&^(sparePage-1))
	if err != nil && s.drop(0) {
		return array.NewIn[byte](seg, "", n) // in the room that the others had
	}
	return arr, err
}

// find is a spare array that has room for n bytes, but not for more than twice as many; nil:
// there is none.
func (s *spares) find(n int) *array.Array[byte] {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.list) - 1; i >= 0; i-- {
		if arr := s.list[i]; arr.Len() >= n && arr.Len() <= 2*max(n, sparePage) {
			s.remove(i)
			return arr
		}
	}
	return nil
}

// remove takes an array out of the list. It is called with mu held.
func (s *spares) remove(i int) {
	s.bytes -= s.list[i].Len()
	copy(s.list[i:], s.list[i+1:])
	s.list[len(s.list)-1] = nil
	s.list = s.list[:len(s.list)-1]
}

// give keeps an array that nobody uses, or closes it.
func (s *spares) give(arr *array.Array[byte]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || arr.Len() > s.most {
		arr.Close()
		return
	}
	s.dropLocked(s.most - arr.Len())
	s.list = append(s.list, arr)
	s.bytes += arr.Len()
}

// drop closes what is kept beyond so many bytes, and tells whether that was something.
func (s *spares) drop(most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropLocked(most)
}

func (s *spares) dropLocked(most int) (some bool) {
	for ; s.bytes > most; some = true {
		s.list[0].Close()
		s.remove(0)
	}
	return some
}

// close keeps nothing any more.
func (s *spares) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.dropLocked(0)
}

// spill moves the items of an encoded frame, which is too long for the queue, to an array.
func (s *spares) spill(b []byte) (short []byte, arr *array.Array[byte], err error) {
	from := headSize + int(binary.LittleEndian.Uint16(b[6:]))
	if arr, err = s.take(len(b) - from); err != nil {
		return nil, nil, err
	}
	n := copy(arr.Slice(), b[from:])
	if short, err = refer(b[:from], arr, n); err != nil {
		s.give(arr)
		return nil, nil, err
	}
	return short, arr, nil
}

// refer is a frame whose items are the first n bytes of arr. head is a frame without any.
func refer(head []byte, arr *array.Array[byte], n int) ([]byte, error) {
	part, err := arr.View(0, n)
	if err != nil {
		return nil, err
	}
	defer part.Close()
	handle, err := part.MarshalBinary()
	if err != nil {
		return nil, err
	}
	short := append(append(make([]byte, 0, len(head)+len(handle)), head...), handle...)
	short[5] |= flagSpilled
	return short, nil
}
