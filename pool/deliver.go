package pool

import (
	"errors"
	"fmt"
)

// What is lost because a method of the caller's has ended its goroutine.
var (
	errInputRanAway = errors.New("pool: the input has ended the goroutine that makes tasks of it")
	errRanAway      = fmt.Errorf("%w: it has ended the goroutine that decodes it", ErrResult)
)

// delivery gives the items of a result to their job.
type delivery struct {
	task  *task
	from  *member
	items []byte
	next  int
	ok    bool // all of them are well
}

// run gives the items from next on. Whatever the methods of a result do, all have an outcome
// then.
func (d *delivery) run() {
	t, returned := d.task, false
	defer func() {
		if !returned { // this goroutine is ending, but has time for the others
			d.ok = false
			t.job.fail(t.first+d.next-1, 1, errRanAway)
			d.run()
		}
	}()
	for d.next < t.count {
		s, body, rest, err := nextItem(d.items, resultHead)
		if err != nil {
			d.ok = false
			t.job.fail(t.first+d.next, t.count-d.next, err)
			break
		}
		d.items = rest
		d.next++
		d.ok = t.job.item(t.first+d.next-1, s, body, d.from) && d.ok
	}
	returned = true
}
