package suite

import (
	"os/exec"
	"testing"

	"shmkit/internal/shmtest"
)

// World is one implementation of the kinds of objects that suites are about.
type World struct {
	// Leases tells that whatever a process had comes back when it dies: permits of plain
	// semaphores too.
	Leases bool
	// Program gives the command of an actor in C, for the object of a scene; InC are the kinds
	// that it knows.
	Program func(t testing.TB, at Place, kind string) *exec.Cmd
	InC     []string
	// Load is how many messages each producer sends where a queue is under load; 0 means as
	// many as shared memory takes in a moment.
	Load int

	// Arrive, if it is not nil, is what an actor that is a process does first, with the text
	// of a place that is a [Greeter]: it may leave a sign there that it lives, for Gone.
	Arrive func(greeting string) error

	place func(t testing.TB) Place
	actor string
	kinds map[string]Kind
}

// Place is where the object of a scene lives, such as a segment or a server.
type Place interface {
	// Sleeps counts the calls of process pid that had to wait, since it began. A place that
	// does not know whose a call is may count those of all. It must not count those that wait
	// now: one that begins and one that ends would look like none.
	Sleeps(pid int) uint64
	// Gone returns when it has been noticed here that process pid has ended.
	Gone(pid int)
}

// Greeter is a place that has something to say to actors that are processes.
type Greeter interface{ Greeting() string }

// Handle is a handle of an object. Close gives it up.
type Handle interface {
	MarshalText() ([]byte, error)
	Close() error
}

// Opener is a handle that opens itself from a text.
type Opener[T any] interface {
	*T
	Handle
	UnmarshalText([]byte) error
}

// Perform is what an actor does when it is told to: args are the call and its arguments,
// the answer is one line.
type Perform func(args []string) string

// Kind is what the suites know of one kind of object.
type Kind struct {
	// Make makes the object of a scene.
	Make func(at Place) (Handle, error)
	// Open gives an actor's handle from the text of another, in whatever process.
	Open func(text string) (Handle, Perform, error)
}

// NewWorld gives a world without kinds. Its actors are helpers of that name; place makes
// the place of one scene, which ends with t. Call it when variables of the test binary are
// initialised, so that the actors know it too.
func NewWorld(actor string, place func(t testing.TB) Place) *World {
	w := &World{place: place, actor: actor, kinds: map[string]Kind{}}
	shmtest.Register(actor, w.act)
	return w
}

// In is the same world at another place, such as a server that is reached otherwise.
func (w *World) In(place func(t testing.TB) Place) *World {
	other := *w
	other.place = place
	return &other
}

// Add makes a kind known, from init.
//
// Preconditions:
//   - the world has no kind of that name yet
func (w *World) Add(name string, k Kind) {
	if _, has := w.kinds[name]; has {
		panic("suite: kind " + name + " is there twice")
	}
	w.kinds[name] = k
}

// Has tells whether the world has a kind.
func (w *World) Has(kind string) bool {
	_, has := w.kinds[kind]
	return has
}

// KindOf is the kind of objects that are opened from their text as they are.
func KindOf[H Opener[T], T any](make func(at Place) (H, error), perform func(h H) Perform) Kind {
	return Kind{
		Make: func(at Place) (Handle, error) { return make(at) },
		Open: func(text string) (Handle, Perform, error) {
			h := H(new(T))
			return h, perform(h), h.UnmarshalText([]byte(text))
		},
	}
}

// NewPlace is a place for tests that need more than one object. It ends with t.
func (w *World) NewPlace(t testing.TB) Place {
	t.Helper()
	return w.place(t)
}

// Make makes an object of a kind, which ends with t.
func (w *World) Make(t testing.TB, at Place, kind string) Handle {
	t.Helper()
	if !w.Has(kind) {
		t.Fatalf("this world has no kind %q", kind)
	}
	h, err := w.kinds[kind].Make(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Text is the text of a handle.
func Text(t testing.TB, h Handle) string {
	t.Helper()
	b, err := h.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
