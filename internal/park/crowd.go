package park

import (
	"context"
	"slices"
	"sync/atomic"

	"shmkit/internal/sys"
)

// Crowd is Sleep for attempts that name words of many things, any number of them, and
// take nothing of what they find. A wake-up that came for a thing may be the only one
// for it: so, however the loop ends, each word of the last sleep that has changed since
// wakes one more sleeper. What has changed before is what the last attempt has looked
// at, and then somebody else has taken it.
//
// Up to 127 words are one sleep of one thread; more than that, and those of the ninth
// sleeper of the process, go through the hub, whose threads take 127 distinct words
// each.
func Crowd(ctx context.Context, attempt func(r *Round) (done bool, err error)) error {
	var last []sys.Word
	seen := map[sys.Word]bool{}
	err := Sleep(ctx, func(r *Round) (bool, error) {
		done, err := attempt(r)
		if !done && err == nil {
			r.once(seen)
			last = append(last[:0], r.words...)
		}
		return done, err
	})
	for _, w := range last {
		if atomic.LoadUint32(w.Addr) != w.Val {
			Wake(w.Addr, 1)
		}
	}
	return err
}

// once drops words that were named before in this turn. Things of one segment share many.
// Which of the others tell of deaths only is forgotten with that: they have other numbers now.
func (r *Round) once(seen map[sys.Word]bool) {
	clear(seen)
	r.deaths = 0
	r.words = slices.DeleteFunc(r.words, func(w sys.Word) bool {
		again := seen[w]
		seen[w] = true
		return again
	})
}
