package manager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/process"
)

// A counter is the state of a registered type that is saved by its fields.
type counter struct {
	N    int
	Seen map[string]int
}

// A words is one that is made by a counter and gives one word after the other, as an iterator
// does.
type words struct{ left []string }

func (w *words) next() (string, error) {
	if len(w.left) == 0 {
		return "", io.EOF
	}
	word := w.left[0]
	w.left = w.left[1:]
	return word, nil
}

func (w *words) MarshalBinary() ([]byte, error) { return []byte(strings.Join(w.left, " ")), nil }

func (w *words) UnmarshalBinary(b []byte) error {
	w.left = strings.Fields(string(b))
	return nil
}

var errNegative = errors.New("manager_test: negative")

func init() { process.RegisterError("manager_test.errNegative", errNegative) }

var (
	counters = manager.RegisterType("manager_test.counter", func(n int) (*counter, error) {
		switch {
		case n == -1:
			panic("in the constructor")
		case n < 0:
			return nil, fmt.Errorf("a counter from %d: %w", n, errNegative)
		}
		return &counter{N: n, Seen: map[string]int{}}, nil
	})
	add = manager.RegisterMethod(counters, "Add", func(c *counter, n int) (int, error) {
		c.N += n
		return c.N, nil
	})
	load = manager.RegisterMethod(counters, "Load", func(c *counter, _ struct{}) (int, error) { return c.N, nil }, manager.ReadOnly())
	see  = manager.RegisterMethod(counters, "See", func(c *counter, what string) (map[string]int, error) {
		c.Seen[what]++
		return c.Seen, nil
	})
	fail = manager.RegisterMethod(counters, "Fail", func(_ *counter, how string) (struct{}, error) {
		switch how {
		case "panic":
			panic("in the method")
		case "not exist":
			return struct{}{}, fmt.Errorf("fail: %w", fs.ErrNotExist)
		case "nil":
			var none *counter
			return struct{}{}, fmt.Errorf("%d", none.N)
		}
		return struct{}{}, fmt.Errorf("fail: %w", errNegative)
	})
	wordsOf = manager.RegisterMaker(counters, "Words", wordLists, func(c *counter, text string) (*words, error) {
		if text == "" {
			return nil, errNegative
		}
		c.N++
		return &words{strings.Fields(text)}, nil
	})

	wordLists = manager.RegisterType("manager_test.words", func(struct{}) (*words, error) { return &words{}, nil })
	next      = manager.RegisterMethod(wordLists, "Next", func(w *words, _ struct{}) (string, error) { return w.next() })
	// hidden is a method that only clients believe in: see TestUserUnknown.
	hidden manager.Method[*counter, int, int]
	absent manager.Type[*counter, int]
)

func init() {
	shmtest.Register("user", func(c *shmtest.Child) {
		client := dialed(c)
		var o manager.Object[*counter]
		c.Must(o.UnmarshalText([]byte(c.Args[2])))
		n, err := add.Call(&o, 2)
		c.Say(n, err)
		w, err := wordsOf.Call(&o, "a few words")
		c.Must(err)
		text, err := w.MarshalText()
		c.Must(err)
		c.Say(string(text))
		named, err := counters.Open(client, "named")
		c.Must(err)
		n, err = add.Call(named, 1)
		c.Say(n, err)
		c.Park()
	})
	if os.Getenv("SHMKIT_TEST_HELPER") == "" { // the server's program does not know them
		absent = manager.RegisterType("manager_test.absent", func(int) (*counter, error) { return nil, nil })
		hidden = manager.RegisterMethod(counters, "Hidden", func(*counter, int) (int, error) { return 0, nil })
	}
}

// A registered type is used by several processes, of which one is the server, and what a method
// makes stays there.
//
// conformance: MG-01
func TestUser(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		o, err := counters.New(c, 40)
		must(t, err)
		named, err := counters.New(c, 1, manager.Named("named"))
		must(t, err)
		text, err := o.MarshalText()
		must(t, err)
		elsewhere := w.start(t, "user", string(text))
		elsewhere.Expect("42 <nil>")
		var list manager.Object[*words]
		must(t, list.UnmarshalText([]byte(strings.TrimSpace(elsewhere.Line()))))
		elsewhere.Expect("2 <nil>")
		elsewhere.Kill()
		for _, want := range []string{"a", "few", "words"} {
			if got, err := next.Call(&list, struct{}{}); got != want || err != nil {
				t.Errorf("Next: %q, %v, want %q", got, err, want)
			}
		}
		_, err = next.Call(&list, struct{}{})
		is(t, "Next of an iterator that is at its end", err, io.EOF)
		n, err := load.Call(o, struct{}{})
		m, err2 := load.Call(named, struct{}{})
		if n != 43 || m != 2 || err != nil || err2 != nil {
			t.Errorf("Load: %d, %v; %d, %v", n, err, m, err2)
		}
		for i := range 3 {
			seen, err := see.Call(o, "x")
			if seen["x"] != i+1 || err != nil {
				t.Errorf("See: %v, %v", seen, err)
			}
		}
	})
}

// Errors of constructors and methods are of the same kind here as at the server, a panic is an
// error with the stack of there, and the server goes on.
//
// conformance: MG-01
func TestUserErrors(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		_, err := counters.New(c, -2)
		is(t, "New", err, errNegative)
		var there *process.RemoteError
		if !errors.As(err, &there) || there.Text != "a counter from -2: manager_test: negative" || err.Error() != there.Text {
			t.Errorf("New: %v, %#v", err, there)
		}
		o, err := counters.New(c, 1)
		must(t, err)
		_, err = fail.Call(o, "")
		is(t, "Fail", err, errNegative)
		_, err = fail.Call(o, "not exist")
		is(t, "Fail", err, fs.ErrNotExist)
		_, err = wordsOf.Call(o, "")
		is(t, "Words", err, errNegative)
		_, err1 := fail.Call(o, "panic")
		_, err2 := fail.Call(o, "nil")
		_, err3 := counters.New(c, -1)
		for i, err := range []error{err1, err2, err3} {
			is(t, "a panic", err, manager.ErrPanic)
			var e *manager.RemoteError
			if !errors.As(err, &e) || !strings.Contains(e.Stack, "user_test.go") {
				t.Errorf("panic %d: %v", i, err)
			}
		}
		if !strings.Contains(err1.Error(), "in the method") || !strings.Contains(err3.Error(), "in the constructor") {
			t.Errorf("the panics are: %v; %v", err1, err3)
		}
		if n, err := add.Call(o, 1); n != 2 || err != nil {
			t.Errorf("Add after all that: %d, %v", n, err)
		}
	})
}

// What the server's program does not know is an error, and so is another type.
//
// conformance: MG-01
func TestUserUnknown(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		_, err := absent.New(c, 1)
		is(t, "New of a type that the server has not", err, manager.ErrType)
		o, err := counters.New(c, 1, manager.Named("counter"))
		must(t, err)
		_, err = hidden.Call(o, 1)
		is(t, "a method that the server does not expose", err, manager.ErrNoMethod)
		_, err = manager.AskUser(o, add, 1)
		is(t, "a method that changes something, as one that does not", err, manager.ErrNoMethod)
		_, err = manager.CallMaker(o, wordsOf, "word")
		is(t, "a method that makes an object, as one that does not", err, manager.ErrNoMethod)
		_, err = manager.MakeUser[*counter](o, see, "word")
		is(t, "a method that makes no object, as one that does", err, manager.ErrNoMethod)
		_, err = wordLists.Open(c, "counter")
		is(t, "Open of another type", err, manager.ErrType)
		_, err = manager.OpenMutex(c, "counter")
		is(t, "OpenMutex of an object", err, manager.ErrType)
		_, err = counters.New(c, 1, manager.Named("counter"))
		is(t, "New with a name that is in use", err, manager.ErrExists)
		b, err := o.MarshalBinary()
		must(t, err)
		is(t, "a handle of another type", new(manager.Object[*words]).UnmarshalBinary(b), manager.ErrType)
		is(t, "a handle of a type that nobody has registered", new(manager.Object[int]).UnmarshalBinary(b), manager.ErrType)
		must(t, new(manager.Object[*counter]).UnmarshalBinary(b))
		must(t, o.Close())
		_, err = add.Call(o, 1)
		is(t, "a call of a closed handle", err, manager.ErrClosed)
	})
}

// Handles of registered types are in containers, and come out as what they are.
func TestUserInContainers(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		d, err := manager.NewDict[string, *manager.Object[*counter]](c, nil, manager.Named("d"))
		must(t, err)
		o, err := counters.New(c, 1)
		must(t, err)
		must(t, d.Set("a", o))
		must(t, o.Close())
		again, err := manager.OpenDict[string, *manager.Object[*counter]](dial(), "d")
		must(t, err)
		got, err := again.Get("a")
		must(t, err)
		if n, err := add.Call(got, 1); n != 2 || err != nil {
			t.Errorf("Add: %d, %v", n, err)
		}
		other, err := manager.OpenDict[string, *manager.Object[*words]](c, "d")
		must(t, err)
		_, err = other.Get("a")
		is(t, "a counter as words", err, manager.ErrType)
		popped, err := again.Pop("a")
		must(t, err)
		must(t, got.Close())
		must(t, popped.Close())
	})
}

// A call whose context has ended is not sent, and one that ends leaves no object behind.
func TestUserContext(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		o, err := counters.New(c, 1)
		must(t, err)
		ended, cancel := context.WithCancelCause(background)
		cancel(errInit)
		_, err = add.CallContext(ended, o, 1)
		is(t, "CallContext", err, errInit)
		_, err = wordsOf.CallContext(ended, o, "word")
		is(t, "CallContext", err, errInit)
		_, err = add.Call(o.Ctx(ended), 1)
		is(t, "Call of an object with a context", err, errInit)
		if n, err := load.Call(o, struct{}{}); n != 1 || err != nil {
			t.Errorf("Load: %d, %v", n, err)
		}
	})
}

// A state is saved by its own methods, or as CBOR, alike for equal states; one that cannot be is
// refused, and not saved in part.
func TestUserSave(t *testing.T) {
	seen := map[string]int{}
	for i := range 50 {
		seen[fmt.Sprint(i)] = i
	}
	first, err := manager.SaveUser(counters, &counter{7, seen})
	must(t, err)
	for range 10 {
		again, err := manager.SaveUser(counters, &counter{7, seen})
		must(t, err)
		if !bytes.Equal(first, again) {
			t.Fatal("equal states are saved as different bytes")
		}
	}
	c, err := manager.RestoreUser(counters, first)
	must(t, err)
	if c.N != 7 || len(c.Seen) != 50 {
		t.Errorf("restored: %v", c)
	}
	b, err := manager.SaveUser(wordLists, &words{[]string{"a", "b"}})
	must(t, err)
	l, err := manager.RestoreUser(wordLists, b)
	if string(b) != "a b" || err != nil || len(l.left) != 2 {
		t.Errorf("restored from %q: %v, %v", b, l, err)
	}
}

// half has a MarshalBinary alone, which could not be read again.
type half struct{ n int }

func (*half) MarshalBinary() ([]byte, error) { return nil, nil }

// angry panics when it is saved.
type angry struct{}

func (angry) MarshalBinary() ([]byte, error) { panic("no") }
func (*angry) UnmarshalBinary([]byte) error  { panic("no") }

// byPointer has its methods for pointers only.
type byPointer struct{ n byte }

func (p *byPointer) MarshalBinary() ([]byte, error) { return []byte{p.n}, nil }

func (p *byPointer) UnmarshalBinary(b []byte) error {
	p.n = b[0]
	return nil
}

type withHandle struct{ V *manager.Value[int] }

func TestUserUnsaved(t *testing.T) {
	unsaved(t, "fields that are not exported", &struct{ n int }{1})
	unsaved(t, "MarshalBinary without UnmarshalBinary", &half{1})
	unsaved[error](t, "an interface", io.EOF)
	unsaved(t, "a function", &struct{ F func() }{})
	unsaved(t, "a handle", &withHandle{})
	plain := registered[byPointer]("manager_test.byPointer")
	b, err := manager.SaveUser(plain, byPointer{3})
	must(t, err)
	if got, err := manager.RestoreUser(plain, b); got.n != 3 || err != nil {
		t.Errorf("restored: %v, %v", got, err)
	}
	panics := registered[angry]("manager_test.angry")
	_, err = manager.SaveUser(panics, angry{})
	is(t, "a MarshalBinary that panics", err, manager.ErrPanic)
	_, err = manager.RestoreUser(panics, nil)
	is(t, "an UnmarshalBinary that panics", err, manager.ErrPanic)
}

// registrations are the types that tests have registered, by name: a test may run again.
var registrations = map[string]any{}

func registered[S any](name string) manager.Type[S, struct{}] {
	if t, ok := registrations[name]; ok {
		return t.(manager.Type[S, struct{}])
	}
	t := manager.RegisterType(name, func(struct{}) (s S, err error) { return s, nil })
	registrations[name] = t
	return t
}

func unsaved[S any](t *testing.T, what string, s S) {
	t.Helper()
	typ := registered[S]("manager_test." + what)
	if b, err := manager.SaveUser(typ, s); !errors.Is(err, manager.ErrUnsaved) {
		t.Errorf("%s: saved as %x, %v", what, b, err)
	}
	if _, err := manager.RestoreUser(typ, nil); !errors.Is(err, manager.ErrUnsaved) {
		t.Errorf("%s: restored, %v", what, err)
	}
}

// What cannot travel, or would make the server call itself, is refused when it is registered.
func TestUserRegister(t *testing.T) {
	refuses := func(what string, register func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s is registered", what)
			}
		}()
		register()
	}
	refuses("a name that is taken", func() {
		manager.RegisterType("manager_test.counter", func(int) (int, error) { return 0, nil })
	})
	refuses("no name", func() { manager.RegisterType("", func(int) (int, error) { return 0, nil }) })
	refuses("a method twice", func() {
		manager.RegisterMethod(counters, "Add", func(*counter, int) (int, error) { return 0, nil })
	})
	refuses("an argument with a channel", func() {
		manager.RegisterMethod(counters, "a", func(*counter, chan int) (int, error) { return 0, nil })
	})
	refuses("a result with a field that would be lost", func() {
		manager.RegisterMethod(counters, "b", func(*counter, int) (struct{ n int }, error) { return struct{ n int }{}, nil })
	})
	refuses("an argument that is a handle", func() {
		manager.RegisterMethod(counters, "c", func(*counter, *manager.Mutex) (int, error) { return 0, nil })
	})
	refuses("a result with a handle inside", func() {
		manager.RegisterMethod(counters, "d", func(*counter, int) (map[string][]withHandle, error) { return nil, nil })
	})
	refuses("an update with a handle inside", func() {
		manager.RegisterUpdate("manager_test.handle", func(withHandle, bool, int) (withHandle, error) { return withHandle{}, nil })
	})
}

// What a method makes goes with its last handle, and so does one whose name and handles are gone.
func TestUserGoes(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		o, err := counters.New(c, 1, manager.Named("o"))
		must(t, err)
		made, err := wordsOf.Call(o, "word")
		must(t, err)
		objects := func(want int) {
			t.Helper()
			all, err := c.Objects(background)
			if len(all) != want || err != nil {
				t.Errorf("%v are there, %v, want %d", all, err, want)
			}
		}
		objects(2)
		must(t, made.Close())
		objects(1)
		must(t, o.Close())
		objects(1)
		must(t, c.Remove(background, "o"))
		objects(0)
	})
}

// Objects of registered types are what they were when a server goes on with its log, and with a
// snapshot in its place.
func TestUserLog(t *testing.T) {
	for name, options := range map[string][]manager.LogOption{"log": nil, "snapshots": {manager.LogCompact(1)}} {
		t.Run(name, func(t *testing.T) {
			shmtest.Watchdog(t, time.Minute)
			path := t.TempDir() + "/log"
			for begun := range 3 {
				s, err := manager.Serve("unix", "", manager.WithLog(path, options...))
				must(t, err)
				c, err := s.Client(background)
				must(t, err)
				if begun == 0 {
					o, err := counters.New(c, 40, manager.Named("o"))
					must(t, err)
					list, err := wordsOf.Call(o, "a few words")
					must(t, err)
					d, err := manager.NewDict[string, any](c, nil, manager.Named("d"))
					must(t, err)
					must(t, d.Set("list", list))
				}
				o, err := counters.Open(c, "o")
				must(t, err)
				if n, err := add.Call(o, 1); n != 42+begun || err != nil {
					t.Errorf("Add: %d, %v", n, err)
				}
				for range 50 {
					_, err := see.Call(o, fmt.Sprint(begun))
					must(t, err)
				}
				if seen, err := see.Call(o, "0"); seen["0"] != 51+begun || err != nil {
					t.Errorf("See: %v, %v", seen, err)
				}
				d, err := manager.OpenDict[string, *manager.Object[*words]](c, "d")
				must(t, err)
				list, err := d.Get("list")
				must(t, err)
				if got, err := next.Call(list, struct{}{}); got != []string{"a", "few", "words"}[begun] || err != nil {
					t.Errorf("Next: %q, %v", got, err)
				}
				must(t, c.Close())
				must(t, s.Shutdown(background))
			}
		})
	}
}
