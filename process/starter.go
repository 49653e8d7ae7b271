package process

import (
	"os/exec"
	"runtime"
	"sync"

	"shmkit/internal/sys"
)

// launcher is a thread that starts processes, and that lives as long as this process. The
// kernel kills a daemon when the thread that started it ends; on this one that is when the
// process does. What it changes of itself, for its child to have, nobody else sees.
type launcher struct {
	once  sync.Once
	queue chan func()
}

var starter launcher

// start starts cmd, on cpus alone if there are any.
func (l *launcher) start(cmd *exec.Cmd, cpus []int) (err error) {
	l.once.Do(func() {
		l.queue = make(chan func())
		go l.serve()
	})
	done := make(chan struct{})
	l.queue <- func() {
		defer close(done)
		before, e := sys.SetAffinity(cpus)
		if err = e; err != nil {
			return
		}
		defer before.Restore()
		err = cmd.Start()
	}
	<-done
	return err
}

func (l *launcher) serve() {
	runtime.LockOSThread()
	for f := range l.queue {
		f()
	}
}
