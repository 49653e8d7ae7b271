package pipe

import (
	"context"
	"encoding/binary"

	"shmkit/ring"
)

// sendParts sends the concatenation of parts, which it uses up, through w, whose records
// have at most so many bytes. See inbox for their form.
func sendParts(ctx context.Context, w *ring.Writer, most int, parts [][]byte) error {
	left := 0
	for _, part := range parts {
		left += len(part)
	}
	if left <= most-wordSize {
		return put(ctx, w, uint64(left)|firstWord, left, &parts)
	}
	// A quarter of the ring, so that the other end reads while we write.
	piece := max(most/2&^7-wordSize, 8)
	for first := firstWord; left > 0; first = 0 {
		if first == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(left, piece)
		if err := put(ctx, w, uint64(left)|first, n, &parts); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// put sends one record: word, and the next n bytes of parts.
func put(ctx context.Context, w *ring.Writer, word uint64, n int, parts *[][]byte) error {
	rec, err := w.ClaimContext(ctx, wordSize+n)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(rec, word)
	for to := rec[wordSize:]; len(to) > 0; {
		from := (*parts)[0]
		k := copy(to, from)
		to = to[k:]
		if k == len(from) {
			*parts = (*parts)[1:]
		} else {
			(*parts)[0] = from[k:]
		}
	}
	return w.Commit(wordSize + n)
}
