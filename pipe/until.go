package pipe

import (
	"context"
	"time"
)

// elapsed is a deadline that has passed.
var elapsed = time.Unix(1, 0)

// until lets a deadline of a socket pass when ctx ends. finish must be called when the
// operation is over: it takes that deadline away again, and then nothing is left running.
func until(ctx context.Context, deadline func(time.Time) error) (finish func()) {
	passed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		deadline(elapsed)
		close(passed)
	})
	return func() {
		if !stop() {
			<-passed
			deadline(time.Time{})
		}
	}
}
