package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// piece is how much of a record is read before more memory is taken for it.
const piece = 1 << 20

// errNotWhole: what stands here is no record, or not all of one. Whether it is the end that was
// cut off or damage is for scan.tail to say.
var errNotWhole = errors.New("journal: no whole record")

// scan reads the records of a file, one after another. The file does not change up to size.
type scan struct {
	file io.ReaderAt
	path string
	salt uint64
	size int64  // of what there is to read
	at   int64  // where the next record begins
	next uint64 // its index

	in  *bufio.Reader // of the file from at on
	buf []byte        // the last record, head and zeros included
}

func newScan(file io.ReaderAt, path string, h *header, size int64) *scan {
	s := &scan{file: file, path: path, salt: h.salt, size: size, at: h.start(), next: h.index + 1}
	s.in = bufio.NewReaderSize(s.section(s.at), 256<<10)
	return s
}

func (s *scan) section(at int64) *io.SectionReader {
	return io.NewSectionReader(s.file, at, s.size-at)
}

// record gives the bytes of the next record, until the next call. It ends with io.EOF, or with
// errNotWhole and s.at where that is.
func (s *scan) record() ([]byte, error) {
	if s.at == s.size {
		return nil, io.EOF
	}
	index, length, err := s.read(s.in, s.size-s.at)
	if err != nil {
		return nil, err
	}
	if index != s.next {
		return nil, &CorruptError{s.path, s.at, fmt.Sprintf("record %d, where %d belongs", index, s.next)}
	}
	s.at += int64(len(s.buf))
	s.next++
	return s.buf[recordHead : recordHead+length], nil
}

// read takes one record, of any index, from in, which has room bytes, into s.buf.
func (s *scan) read(in io.Reader, room int64) (index uint64, length int, err error) {
	if room < minRecord {
		return 0, 0, errNotWhole
	}
	s.buf = slices.Grow(s.buf[:0], minRecord)[:recordHead]
	if _, err := io.ReadFull(in, s.buf); err != nil {
		return 0, 0, fail("read", s.path, err)
	}
	length = int(binary.LittleEndian.Uint32(s.buf) &^ joined)
	total := recordHead + int64(aligned(uint64(length)))
	if length == 0 || length > MaxLength || total > room {
		return 0, 0, errNotWhole
	}
	// In pieces: a file may have a size without having the bytes, and then this is all that a
	// length in it costs before the zeros are found out.
	for n := total - recordHead; n > 0; {
		k := int(min(n, piece))
		s.buf = slices.Grow(s.buf, k)
		s.buf = s.buf[:len(s.buf)+k]
		if _, err := io.ReadFull(in, s.buf[len(s.buf)-k:]); err != nil {
			return 0, 0, fail("read", s.path, err)
		}
		n -= int64(k)
	}
	end := recordHead + length
	if recordSum(s.buf[:end]) != binary.LittleEndian.Uint32(s.buf[4:]) || !blank(s.buf[end:]) {
		return 0, 0, errNotWhole
	}
	return binary.LittleEndian.Uint64(s.buf[8:]) ^ s.salt, length, nil
}

func blank(b []byte) bool { return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) }

// tail is called where record found errNotWhole. It returns nil if that is where writing was
// cut off, and a *CorruptError if something was damaged that had been written before something
// else.
//
// A kill or a full disk leaves the beginning of what was to be written, so nothing whole is
// behind it; a loss of power leaves any part of what one write was to sync, so what is joined to
// that may be behind it. Whatever else is whole was written later.
func (s *scan) tail() error {
	budget := s.size - s.at // records do not overlap
	in := bufio.NewReaderSize(s.section(s.at), 256<<10)
	for at := s.at; ; {
		step := int64(alignTo8)
		if at > s.at && s.mayBegin(in, at) {
			if budget -= s.lengthAt(in); budget < 0 {
				return s.corrupt("a bad record, and too many behind it that might be records")
			}
			index, _, err := s.read(s.section(at), s.size-at)
			switch {
			case err == nil && binary.LittleEndian.Uint32(s.buf)&joined == 0:
				return s.corrupt(fmt.Sprintf("a bad record, where %d belongs; record %d at byte %d is whole", s.next, index, at))
			case err == nil:
				step = int64(len(s.buf))
			case !errors.Is(err, errNotWhole):
				return err
			}
		}
		if at += step; at > s.size-minRecord {
			return nil
		}
		if _, err := in.Discard(int(step)); err != nil {
			return fail("read", s.path, err)
		}
	}
}

func (s *scan) corrupt(what string) error { return &CorruptError{s.path, s.at, what} }

// mayBegin tells whether the mark of a record that may come after the bad one is at at. Only
// who knows the salt can make it be there.
func (s *scan) mayBegin(in *bufio.Reader, at int64) bool {
	head, err := in.Peek(recordHead)
	if err != nil {
		return false
	}
	index := binary.LittleEndian.Uint64(head[8:]) ^ s.salt
	return index-s.next <= uint64(at-s.at)/minRecord+1
}

// lengthAt is what reading the record there costs.
func (s *scan) lengthAt(in *bufio.Reader) int64 {
	head, err := in.Peek(4)
	if err != nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(head) &^ joined)
}
