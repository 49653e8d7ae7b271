package history

import (
	"sync"

	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
)

// Nobody, as the victim of Play, lets all processes live.
const Nobody = -1

// Play lets the processes do their operations at once, by a line "go", and gives the
// history of all. Process i is client i; it talks in lines of [Do], until it ends. The
// victim, if it is not Nobody, is killed when it has said so many lines; it should
// not end by itself.
func Play(players []*shmtest.Process, victim, lines int) *History {
	var h History
	var mu sync.Mutex // guards h
	var all sync.WaitGroup
	for client, p := range players {
		p.Send("go")
		all.Go(func() {
			killed := int64(0)
			for i := 0; ; i++ {
				if client == victim && i == lines {
					killed = sys.Monotonic()
					p.Cmd.Process.Kill() // not p.Kill: what it said has to be read
				}
				line, ok := p.Next()
				if !ok {
					break
				}
				mu.Lock()
				h.Add(line)
				mu.Unlock()
			}
			if killed != 0 {
				p.Kill() // returns when it is gone
				mu.Lock()
				h.Kill(client, killed, sys.Monotonic())
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return &h
}
