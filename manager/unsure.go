package manager

import "shmkit/internal/wire"

// askEvery is after how many Tells the server is asked whether it has them, if no answer to a
// call tells.
const askEvery = 256

// unsure are the Tells of a client of which it does not know whether the server has applied
// them: they are sent again over the next connection. An answer to a call that was sent after
// one tells that it has, and so does a Pong.
//
// All is guarded by the client's mu. The memory is used again.
type unsure struct {
	last   uint64 // number of the last Tell
	frames []byte // of those of list
	list   []told
}

// told is a Tell: its number, that of the next call, and where its frame ends.
type told struct {
	number, before uint64
	end            int
}

// add numbers a Tell that comes before a call, and tells whether it is time to ask.
func (u *unsure) add(before uint64, f *wire.Frame) (ask bool) {
	u.last++
	f.Call = u.last
	u.frames = wire.Append(u.frames, f)
	u.list = append(u.list, told{u.last, before, len(u.frames)})
	return len(u.list)%askEvery == 0
}

// answered: the server has answered a call.
func (u *unsure) answered(call uint64) {
	n := 0
	for n < len(u.list) && u.list[n].before <= call {
		n++
	}
	u.drop(n)
}

// applied: the server has that Tell, and those before.
func (u *unsure) applied(number uint64) {
	n := 0
	for n < len(u.list) && u.list[n].number <= number {
		n++
	}
	u.drop(n)
}

// drop forgets the first n.
func (u *unsure) drop(n int) {
	switch n {
	case 0:
	case len(u.list):
		u.list, u.frames = u.list[:0], u.frames[:0]
		if cap(u.frames) > full {
			u.frames = nil
		}
	default:
		cut := u.list[n-1].end
		u.frames = u.frames[:copy(u.frames, u.frames[cut:])]
		u.list = u.list[:copy(u.list, u.list[n:])]
		for i := range u.list {
			u.list[i].end -= cut
		}
	}
}

// frame is that of the i-th.
func (u *unsure) frame(i int) []byte {
	from := 0
	if i > 0 {
		from = u.list[i-1].end
	}
	return u.frames[from:u.list[i].end]
}
