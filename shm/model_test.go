package shm_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/shm"
)

// directory is a segment, and what a model knows of its objects. Its laws:
//
//   - a name leads to the object that was made with it last, until it is removed;
//   - who has an object open keeps what is in it, removed or not;
//   - a handle leads to its object as long as that has a name or is open anywhere, and
//     never to another one;
//   - Check finds nothing.
type directory struct {
	seg   *shm.Segment
	next  uint64            // number of the next object
	named map[string]uint64 // objects that a name leads to
	open  []held
	seen  map[uint64]shm.Handle // a handle of each object there ever was
}

type held struct {
	*shm.Object
	number uint64
}

func numbered() shm.Spec {
	typ, _ := shm.TypeOf[uint64]()
	return shm.Spec{Kind: shm.KindArray, Type: typ, Count: 1, Mutex: true}
}

func (d *directory) create(t rapid.TB, name string) {
	d.next++
	o, err := d.seg.NewObject(name, numbered(), func(o *shm.Object) error {
		shm.Items[uint64](o)[0] = d.next
		return nil
	})
	if _, taken := d.named[name]; taken {
		if !errors.Is(err, shm.ErrExists) {
			t.Fatalf("NewObject of a name in use: %v", err)
		}
		return
	}
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	d.seen[d.next] = h
	if name != "" {
		d.named[name] = d.next
	}
	d.open = append(d.open, held{o, d.next})
}

func (d *directory) find(t rapid.TB, name string) {
	o, err := d.seg.OpenObject(name, numbered())
	number, ok := d.named[name]
	if !ok {
		if !errors.Is(err, shm.ErrNotFound) {
			t.Fatalf("OpenObject of no name: %v", err)
		}
		return
	}
	must(t, err)
	d.open = append(d.open, held{o, number})
}

func (d *directory) remove(t rapid.TB, name string) {
	err := d.seg.RemoveObject(name)
	if _, ok := d.named[name]; !ok {
		if !errors.Is(err, shm.ErrNotFound) {
			t.Fatalf("RemoveObject of no name: %v", err)
		}
		return
	}
	must(t, err)
	delete(d.named, name)
}

func (d *directory) close(t rapid.TB, i int) {
	if len(d.open) > 0 {
		i %= len(d.open)
		must(t, d.open[i].Close())
		d.open = slices.Delete(d.open, i, i+1)
	}
}

func (d *directory) handle(t rapid.TB, number uint64) {
	h, ok := d.seen[number]
	if !ok {
		return
	}
	lives := slices.ContainsFunc(d.open, func(o held) bool { return o.number == number })
	for _, n := range d.named {
		lives = lives || n == number
	}
	o, err := shm.OpenHandle(h, numbered())
	switch {
	case lives && err == nil:
		d.open = append(d.open, held{o, number})
	case lives || !errors.Is(err, shm.ErrGone):
		t.Fatalf("OpenHandle of object %d, lives %v: %v", number, lives, err)
	}
}

func (d *directory) check(t rapid.TB) {
	for _, o := range d.open {
		if n := shm.Items[uint64](o.Object)[0]; n != o.number {
			t.Fatalf("object %d has the content of %d", o.number, n)
		}
	}
	found, err := d.seg.Check()
	must(t, err)
	if len(found) > 0 {
		t.Fatalf("Check: %v", found)
	}
}

// Random histories keep the laws of directory, also when the generations of objects
// and slots wrap around.
func TestDirectoryModel(t *testing.T) {
	path := worn(t)
	rapid.Check(t, func(r *rapid.T) {
		seg, err := shm.Open(path)
		must(r, err)
		d := &directory{seg: seg, named: map[string]uint64{}, seen: map[uint64]shm.Handle{}}
		name := rapid.SampledFrom([]string{"a", "b", "c", "dd"})
		r.Repeat(map[string]func(*rapid.T){
			"create":    func(r *rapid.T) { d.create(r, name.Draw(r, "name")) },
			"anonymous": func(r *rapid.T) { d.create(r, "") },
			"open":      func(r *rapid.T) { d.find(r, name.Draw(r, "name")) },
			"remove":    func(r *rapid.T) { d.remove(r, name.Draw(r, "name")) },
			"close":     func(r *rapid.T) { d.close(r, rapid.IntRange(0, 100).Draw(r, "i")) },
			"handle":    func(r *rapid.T) { d.handle(r, rapid.Uint64Range(1, d.next+1).Draw(r, "number")) },
			"":          func(r *rapid.T) { d.check(r) },
		})
		for name := range d.named {
			d.remove(r, name)
		}
		for len(d.open) > 0 {
			d.close(r, 0)
		}
		must(r, seg.Close())
	})
}
