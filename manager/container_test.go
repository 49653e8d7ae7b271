package manager_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// What children do with containers of their parents, by name.
func init() {
	shmtest.Register("array", func(c *shmtest.Child) {
		a, err := manager.OpenArray[int32](dialed(c), "a")
		c.Must(err)
		all, err := a.Copy()
		c.Must(err)
		c.Must(a.Set(2, -7))
		_, err = a.AddAt(4, 10)
		c.Must(err)
		c.Say(fmt.Sprint(a.Len(), all))
	})
	shmtest.Register("list", func(c *shmtest.Child) {
		l, err := manager.OpenList[int](dialed(c), "x")
		c.Must(err)
		n, err := l.Count(10)
		c.Must(err)
		i, err := l.Index(50)
		c.Must(err)
		c.Must(l.Sort())
		c.Must(l.Reverse())
		all, err := l.Items()
		c.Must(err)
		last, err := l.Pop()
		c.Must(err)
		c.Must(l.Clear())
		c.Say(fmt.Sprint(n, i, all, last))
	})
	shmtest.Register("dict", func(c *shmtest.Child) {
		d, err := manager.OpenDict[string, int](dialed(c), "x")
		c.Must(err)
		n, err := d.Len()
		c.Must(err)
		foo, err := d.Get("foo")
		c.Must(err)
		none, err := d.GetOr("none", 7)
		c.Must(err)
		all, err := d.Items()
		c.Must(err)
		same, err := d.Copy()
		c.Must(err)
		m, err := same.Len()
		c.Must(err)
		key, x, err := d.PopItem()
		c.Must(err)
		c.Must(d.Clear())
		c.Say(fmt.Sprintf("%d %d %d %v %d %s:%d", n, foo, none, all, m, key, x))
	})
	shmtest.Register("value", func(c *shmtest.Child) {
		v, err := manager.OpenValue[int](dialed(c), "x")
		c.Must(err)
		x, err := v.Load()
		c.Must(err)
		c.Must(v.Store(2))
		c.Say(fmt.Sprint(x))
	})
	shmtest.Register("namespace", func(c *shmtest.Child) {
		n, err := manager.OpenNamespace(dialed(c), "x")
		c.Must(err)
		x, err := manager.Attr[int](n, "x")
		c.Must(err)
		_, err = n.Get("_y")
		c.Say(fmt.Sprint(x, errors.Is(err, manager.ErrNotFound)))
	})
	// Adds to keys, and moves what is there from one to the other, until it is told to end.
	shmtest.Register("mover", func(c *shmtest.Child) {
		d, err := manager.OpenDict[string, int](dialed(c), "accounts")
		c.Must(err)
		c.Say("begins")
		for i := 0; ; i++ {
			from, to := strconv.Itoa(i%3), strconv.Itoa((i+1)%3)
			x, err := d.Get(from)
			c.Must(err)
			err = d.Txn().IfEqual(from, x).Add(from, -1).Add(to, 1).Commit(context.Background())
			if err != nil && !errors.Is(err, manager.ErrChanged) {
				c.Must(err)
			}
		}
	})
}

// conformance: MS-11
func TestListElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		l, err := manager.NewList(w.dial(t), []int{10, 40, 10, 50, 30}, manager.Named("x"))
		must(t, err)
		w.start(t, "list").Expect("2 3 [50 40 30 10 10] 10")
		want(t, "Len", 0)(l.Len())
	})
}

// conformance: MS-12
func TestDictElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d, err := manager.NewDict(w.dial(t), map[string]int{"foo": 1, "bar": 2}, manager.Named("x"))
		must(t, err)
		w.start(t, "dict").Expect("2 1 7 [{bar 2} {foo 1}] 2 foo:1")
		want(t, "Len", 0)(d.Len())
	})
}

// conformance: MS-13
func TestValueElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		v, err := manager.NewValue(w.dial(t), 1, manager.Named("x"))
		must(t, err)
		w.start(t, "value").Expect("1")
		want(t, "Load", 2)(v.Load())
	})
}

// conformance: MS-15
func TestNamespaceElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		n, err := manager.NewNamespace(w.dial(t), map[string]any{"x": 10}, manager.Named("x"))
		must(t, err)
		must(t, n.Set("_y", 1))
		w.start(t, "namespace").Expect("10 true")
	})
}

// conformance: MC-07
func TestQueuesInside(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		q, err := manager.NewQueue[int](c, 0)
		must(t, err)
		l := newList[any](t, c)
		must(t, l.Append(q))
		must(t, q.Put(123))
		inner, err := l.At(0)
		must(t, err)
		want[any](t, "Get", 123)(inner.(*manager.Queue[any]).Get())

		d := newDict[string, *manager.Queue[int]](t, c, map[string]*manager.Queue[int]{"q": q})
		must(t, q.Put(456))
		same, err := d.Get("q")
		must(t, err)
		want(t, "Get", 456)(same.Get())
		queues, err := manager.NewQueue[*manager.Queue[int]](c, 0)
		must(t, err)
		must(t, queues.Put(q))
		same, err = queues.Get()
		must(t, err)
		must(t, q.Put(789))
		want(t, "Get", 789)(same.Get())
		self, err := manager.NewQueue[any](c, 0)
		must(t, err)
		is(t, "a queue in itself", self.Put(self), manager.ErrArgument)
	})
}

// TestTransactionsOfTheDead: processes that are killed at any instant leave whole transactions,
// and others go on.
func TestTransactionsOfTheDead(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		all := map[string]int{"0": 100, "1": 100, "2": 100}
		d, err := manager.NewDict(w.dial(t), all, manager.Named("accounts"))
		must(t, err)
		for range 5 {
			a, b := w.start(t, "mover"), w.start(t, "mover")
			a.Expect("begins")
			b.Expect("begins")
			for range 50 {
				values, err := d.Values()
				must(t, err)
				if values[0]+values[1]+values[2] != 300 {
					t.Fatalf("accounts are %v", values)
				}
			}
			a.Kill()
			b.Kill()
		}
		want(t, "Keys", []string{"0", "1", "2"})(d.Keys())
	})
}

// TestManyAdd: what several clients add at once is all there.
func TestManyAdd(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		const clients, each = 4, 50
		c := dial()
		_, err := manager.NewDict[string, int](c, nil, manager.Named("d"))
		must(t, err)
		l, err := manager.NewList(c, []int{0}, manager.Named("l"))
		must(t, err)
		ended := make(chan []int, clients)
		for range clients {
			go func(c *manager.Client) {
				var sums []int
				d, err := manager.OpenDict[string, int](c, "d")
				l, err2 := manager.OpenList[int](c, "l")
				err = errors.Join(err, err2)
				for i := 0; i < each && err == nil; i++ {
					var sum int
					if sum, err = d.Add("n", 1); err == nil {
						_, err = l.Add(0, 2)
					}
					sums = append(sums, sum)
				}
				if err != nil {
					t.Error(err)
				}
				ended <- sums
			}(dial())
		}
		var all []int
		for range clients {
			all = append(all, <-ended...)
		}
		slices.Sort(all)
		if !slices.Equal(all, upTo(clients*each + 1)[1:]) {
			t.Errorf("sums are %v", all)
		}
		want(t, "At", 2*clients*each)(l.At(0))
	})
}
