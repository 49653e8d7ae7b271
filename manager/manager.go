package manager

import (
	"context"
	"fmt"
	"sync"

	"shmkit/pipe"
	"shmkit/process"
)

// A Manager is a server in a process of its own, which this process has started.
//
// Use [Start]; a Manager must not be copied. All methods may be called concurrently, by the
// process that made it; others dial. If that process dies the server does. If the server dies
// calls of all clients give ErrServerGone.
type Manager struct {
	process *process.Process
	line    *pipe.Conn
	setup   *setup
	address string
	client  *Client

	once    sync.Once
	stopped chan struct{} // closed when the process has ended, after Shutdown
	err     error         // of Shutdown
}

// Client is the client of this process. Shutdown closes it.
func (m *Manager) Client() *Client { return m.client }

// Family is where the server listens; see WithAddress.
func (m *Manager) Family() string { return m.setup.family }

// Address is where the server listens: what Dial needs.
func (m *Manager) Address() string { return m.address }

// Process is that of the server. When it has ended, its ExitCode is 0 if the server was shut
// down, by Shutdown or by SIGTERM.
func (m *Manager) Process() *process.Process { return m.process }

// String is for people.
func (m *Manager) String() string {
	return fmt.Sprintf("Manager(%s:%s, process %d)", m.Family(), m.address, m.process.PID())
}

// Shutdown ends the server, as Server.Shutdown does, and waits until its process has ended. A
// server that does not end when it is asked gets SIGTERM after the time of
// [WithShutdownTimeout], and SIGKILL after as long again; when ctx ends it gets that at once.
// Calling it again waits as the first call does, and gives the same.
// Errors: how the process ended, if it was not well: *process.ExitError if it was killed.
func (m *Manager) Shutdown(ctx context.Context) error {
	m.once.Do(func() { go m.end(ctx) })
	<-m.stopped
	return m.err
}

func (m *Manager) end(ctx context.Context) {
	defer close(m.stopped)
	m.client.Close()
	m.line.Close()
	for _, next := range []func() error{m.process.Terminate, m.process.Kill} {
		within, cancel := context.WithTimeout(ctx, m.setup.shutdown)
		select {
		case <-m.process.Done():
		case <-within.Done():
			next()
		}
		cancel()
	}
	m.err = m.process.Wait()
}
