package pool

import (
	"sync/atomic"
)

// meter tells a function how much is done, in a goroutine of its own.
type meter struct {
	done atomic.Int64
	kick chan struct{}
}

// newMeter calls report until total is done, and then end.
func newMeter(report func(done, total int), total int, end func()) *meter {
	m := &meter{kick: make(chan struct{}, 1)}
	m.kick <- struct{}{} // a bar shows that it has begun
	go func() {
		defer end()
		for done := -1; done < total; {
			<-m.kick
			done = int(m.done.Load())
			careful(func() { report(done, total) })
		}
	}()
	return m
}

// note says that so much is done. Notes may come late: the largest counts.
func (m *meter) note(done int) {
	for old := m.done.Load(); int64(done) > old && !m.done.CompareAndSwap(old, int64(done)); old = m.done.Load() {
	}
	select {
	case m.kick <- struct{}{}:
	default:
	}
}
