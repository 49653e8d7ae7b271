package storm

import (
	"errors"
	"fmt"

	"shmkit/shm"
	"shmkit/value"
)

// letters is the actor of handles that travel: a lane makes a Value without a name,
// in the segment or on the default heap of its process, and posts its handle in one
// of some boxes. Another takes the letter, opens the Value, and may post it again.
//
// Its law: a letter is taken at most once. The Value is the one that was posted, or
// it is gone: then the lane that posted it had been killed, or had closed it.
type letters struct {
	taken  map[uint64]bool
	closed map[uint64]int64 // post → when its lane began to close it
	died   map[uint64]int64 // lane and incarnation → when it was surely gone
	gone   []Deed           // takings that found nothing
	broken []string
}

// letter is what lies in a box; a zero Post is none.
type letter struct {
	Post uint64 // of this posting
	Key  uint64 // what the Value holds
	Len  uint64
	Text [232]byte // the handle
}

const (
	boxes    = 4
	maxPosts = 8 // letters of a lane whose Value it keeps open

	postNew = iota - 2
	postHeap
	takeLetter
	closeLetter
	closeHeap
)

func (*letters) Name() string { return "handle" }
func (*letters) Kinds() []string {
	return []string{"post from segment", "post from default heap", "take", "close", "CloseDefault"}
}

func boxName(i int) string { return fmt.Sprint("box-", i) }

func (x *letters) Setup(seg *shm.Segment, _ int) error {
	x.taken, x.closed, x.died = map[uint64]bool{}, map[uint64]int64{}, map[uint64]int64{}
	for i := range boxes {
		v, err := value.NewIn(seg, boxName(i), letter{})
		if err != nil {
			return err
		}
		if err := v.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (*letters) Open(l *Lane) (Player, error) {
	p := new(postman)
	for i := range boxes {
		v, err := value.Open[letter](l.Seg, boxName(i))
		if err != nil {
			return nil, err
		}
		p.boxes[i] = v
	}
	return p, nil
}

// Ended is called when a process is gone, whatever it was doing.
func (x *letters) Ended(lane int, incarnation uint32, at int64) {
	x.died[uid(lane, incarnation, 0)] = at
}

// Learn: posting gives the letter that lay in the box before, which is dropped;
// taking gives the letter, and 1 if its Value was gone.
func (x *letters) Learn(d *Deed) {
	if d.Kind == closeLetter {
		x.closed[d.Args[0]] = d.Begun
		return
	}
	post := d.Result[0]
	if !d.Known || post == 0 {
		return
	}
	if x.taken[post] {
		x.broken = append(x.broken, fmt.Sprintf("letter %#x was taken twice", post))
	}
	x.taken[post] = true
	if d.Kind == takeLetter && d.Result[1] == 1 {
		x.gone = append(x.gone, *d)
	}
}

func (x *letters) Verdict(_ *shm.Segment, report func(string, ...any)) {
	for _, text := range x.broken {
		report("%s", text)
	}
	for _, d := range x.gone {
		post := d.Result[0]
		if at, ok := x.closed[post]; ok && at < d.Ended {
			continue
		}
		// The signal came before the process was surely gone, so times do not compare.
		if _, ok := x.died[post&^0xffffffff]; !ok {
			report("letter %#x: its Value is gone, but who posted it lived and kept it", post)
		}
	}
}

// postman is one lane of letters.
type postman struct {
	boxes [boxes]*value.Value[letter]
	posts []posted // oldest first
}

type posted struct {
	post uint64
	v    *value.Value[uint64]
}

func (p *postman) Step(l *Lane) {
	box := p.boxes[l.Rand.IntN(boxes)]
	switch dice := l.Rand.IntN(64); {
	case dice == 0:
		l.Begin(closeHeap)
		l.Must(shm.CloseDefault())
		l.End()
	case len(p.posts) == maxPosts || dice < 6 && len(p.posts) > 0:
		old := p.posts[0]
		p.posts = p.posts[1:]
		l.Begin(closeLetter, old.post)
		if key := old.v.Load(); key == 0 {
			l.Fault("letter %#x: its Value is %#x", old.post, key)
		}
		l.Must(old.v.Close())
		l.End()
	case dice < 36:
		p.post(l, box, l.Rand.IntN(2))
	default:
		p.take(l, box)
	}
}

func (p *postman) post(l *Lane, box *value.Value[letter], kind int) {
	key := l.UID()
	l.Begin(kind, key)
	var v *value.Value[uint64]
	var err error
	if kind == postNew {
		v, err = value.NewIn(l.Seg, "", key)
	} else {
		// Another lane of this process may call CloseDefault between the two halves of
		// New.
		for v, err = value.New(key); errors.Is(err, shm.ErrClosed); {
			v, err = value.New(key)
		}
	}
	l.Must(err)
	l.End(p.put(l, box, v, key))
}

// put posts v, keeps it open, and gives the post that lay in the box.
func (p *postman) put(l *Lane, box *value.Value[letter], v *value.Value[uint64], key uint64) uint64 {
	text, err := v.MarshalText()
	l.Must(err)
	x := letter{Post: l.UID(), Key: key}
	if x.Len = uint64(copy(x.Text[:], text)); x.Len < uint64(len(text)) {
		l.Fault("a handle of %d bytes", len(text))
	}
	p.posts = append(p.posts, posted{x.Post, v})
	return box.Swap(x).Post
}

func (p *postman) take(l *Lane, box *value.Value[letter]) {
	l.Begin(takeLetter)
	x := box.Swap(letter{})
	if x.Post == 0 {
		l.End(0, 0)
		return
	}
	v := new(value.Value[uint64])
	err := v.UnmarshalText(x.Text[:x.Len])
	if errors.Is(err, shm.ErrGone) {
		l.End(x.Post, 1)
		return
	}
	l.Must(err)
	if key := v.Load(); key != x.Key {
		l.Fault("letter %#x: %v: its Value holds %#x, want %#x", x.Post, errForeign, key, x.Key)
	}
	if l.Rand.IntN(2) == 0 {
		l.Must(v.Close())
		l.End(x.Post, 0)
		return
	}
	l.End(x.Post, 0)
	l.Begin(postNew, x.Key)
	l.End(p.put(l, box, v, x.Key))
}

func (p *postman) Close() error {
	for _, old := range p.posts {
		if err := old.v.Close(); err != nil {
			return err
		}
	}
	for _, box := range p.boxes {
		if err := box.Close(); err != nil {
			return err
		}
	}
	return nil
}
