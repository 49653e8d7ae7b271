package pool_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

var timeLeft = process.RegisterFunc("timeLeft", func(ctx context.Context, _ int) (time.Duration, error) {
	end, _ := ctx.Deadline()
	return time.Until(end), ctx.Err()
})

// The time of a task counts from when a worker has it. While the worker is stopped before
// that it does not pass.
func TestStoppedBeforeItBegins(t *testing.T) {
	watch(t)
	const limit = 2 * time.Second
	hit := filepath.Join(t.TempDir(), "hit")
	p := newPool(t, 1, pool.TaskTimeout(limit), stepAt("noted", "stop", hit))
	r := pool.ApplyAsync(p, timeLeft, 1)
	pid := pidIn(t, hit)
	<-time.After(limit) // it is that which must not count
	syscall.Kill(pid, syscall.SIGCONT)
	if left, err := r.Get(t.Context()); err != nil || left <= 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	works(t, p)
}
