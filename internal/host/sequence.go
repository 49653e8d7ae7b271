package host

import (
	"iter"
	"slices"
	"sort"

	"shmkit/internal/wire"
)

// chunkMost is how many items a chunk may have.
const chunkMost = 512

// A sequence is items in order, in chunks: what is appended moves nothing, what is put in
// between moves one chunk. A picture of it shares the chunks, each until one of both changes
// it. The zero value is empty.
type sequence struct {
	chunks []*chunk
	starts []int // index of the first item of each chunk, as far as known
	known  int
	n      int
	owner  *owner
}

// A chunk may be changed by the sequence that has its owner. It is not empty.
type chunk struct {
	owner *owner
	items []wire.Item
}

type owner struct{ _ byte }

// find gives the chunk that has item i, and where. i may be the end, which is in the last chunk.
func (s *sequence) find(i int) (c, off int) {
	last := len(s.chunks) - 1
	if i == s.n && last >= 0 {
		return last, len(s.chunks[last].items)
	}
	s.starts = slices.Grow(s.starts[:s.known], len(s.chunks)-s.known)[:len(s.chunks)]
	for ; s.known < len(s.chunks); s.known++ {
		s.starts[s.known] = 0
		if s.known > 0 {
			s.starts[s.known] = s.starts[s.known-1] + len(s.chunks[s.known-1].items)
		}
	}
	c = sort.SearchInts(s.starts, i+1) - 1
	return c, i - s.starts[c]
}

func (s *sequence) at(i int) wire.Item {
	c, off := s.find(i)
	return s.chunks[c].items[off]
}

// own makes chunk c one that may be changed.
func (s *sequence) own(c int) *chunk {
	k := s.chunks[c]
	if k.owner != s.owner {
		k = &chunk{s.owner, slices.Clone(k.items)}
		s.chunks[c] = k
	}
	return k
}

func (s *sequence) set(i int, item wire.Item) {
	c, off := s.find(i)
	s.own(c).items[off] = item
}

// splice puts items where i to j-1 were.
func (s *sequence) splice(i, j int, items ...wire.Item) {
	if s.owner == nil {
		s.owner = &owner{}
	}
	if len(s.chunks) == 0 {
		s.replace(0, 0, items)
		return
	}
	c, off := s.find(i)
	size := len(s.chunks[c].items)
	if now := size - (j - i) + len(items); off+j-i <= size && now > 0 && now <= chunkMost {
		k := s.own(c)
		k.items = slices.Replace(k.items, off, off+j-i, items...)
		s.n += now - size
		s.known = min(s.known, c+1)
		return
	}
	if i == s.n { // which the last chunk has no room for: it stays as it is
		s.replace(len(s.chunks), len(s.chunks), items)
		return
	}
	d, end := s.find(j)
	all := slices.Concat(s.chunks[c].items[:off], items, s.chunks[d].items[end:])
	s.replace(c, d+1, all)
}

// replace puts chunks of items where chunks c to d-1 were.
func (s *sequence) replace(c, d int, items []wire.Item) {
	for _, k := range s.chunks[c:d] {
		s.n -= len(k.items)
	}
	s.n += len(items)
	pieces := (len(items) + chunkMost - 1) / chunkMost
	fresh := make([]*chunk, 0, pieces)
	for i := range pieces {
		from, to := len(items)*i/pieces, len(items)*(i+1)/pieces
		fresh = append(fresh, &chunk{s.owner, slices.Clone(items[from:to])})
	}
	s.chunks = slices.Replace(s.chunks, c, d, fresh...)
	s.known = min(s.known, c)
}

// picture is s as it is now.
func (s *sequence) picture() sequence {
	s.owner = &owner{}
	return sequence{chunks: slices.Clone(s.chunks), n: s.n, owner: &owner{}}
}

// from gives the items from i on.
func (s *sequence) from(i int) iter.Seq2[int, wire.Item] {
	return func(yield func(int, wire.Item) bool) {
		if i >= s.n {
			return
		}
		for c, off := s.find(i); c < len(s.chunks); c, off = c+1, 0 {
			for _, item := range s.chunks[c].items[off:] {
				if !yield(i, item) {
					return
				}
				i++
			}
		}
	}
}

// items are all of them, in memory of their own.
func (s *sequence) items() []wire.Item {
	all := make([]wire.Item, 0, s.n)
	for _, k := range s.chunks {
		all = append(all, k.items...)
	}
	return all
}
