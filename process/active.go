package process

import (
	"slices"
	"sync"
)

// family is the children of this process that have not been reaped.
type family struct {
	mu   sync.Mutex
	list []*Process
}

var active family

func (f *family) add(p *Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, p)
}

func (f *family) remove(p *Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(other *Process) bool { return other == p })
}

// ActiveChildren are the processes that this process has started and that have not ended,
// the oldest first.
func ActiveChildren() []*Process {
	active.mu.Lock()
	defer active.mu.Unlock()
	return slices.Clone(active.list)
}
