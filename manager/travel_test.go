package manager_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/process"
)

// baggage has handles of objects as a program sends them: side by side, in a struct.
type baggage struct {
	Value     *manager.Value[float64]
	Array     *manager.Array[int32]
	List      *manager.List[string]
	Dict      *manager.Dict[string, int]
	Set       *manager.Set[string]
	Namespace *manager.Namespace
	Queue     *manager.Queue[string]
	Joinable  *manager.JoinableQueue[string]
	Mutex     *manager.Mutex
	Recursive *manager.RecursiveMutex
	Semaphore *manager.Semaphore
	Bounded   *manager.BoundedSemaphore
	Cond      *manager.Cond
	Event     *manager.Event
	Barrier   *manager.Barrier
	Counter   *manager.Object[*counter]
}

var unpack = process.RegisterFunc("manager_test.unpack", func(_ context.Context, b baggage) (string, error) {
	err := errors.Join(b.Value.Store(3.14), b.Array.Set(0, 5), b.List.Append("Hello"), b.Dict.Set("a", 1), b.Namespace.Set("x", 2),
		b.Queue.Put("item"), b.Joinable.Put("item"), b.Mutex.Lock(), b.Semaphore.Acquire(), b.Bounded.Acquire(), b.Event.Set())
	_, err1 := b.Set.Add("member")
	n, err2 := add.Call(b.Counter, 2)
	return fmt.Sprint(n, b.Barrier.Parties(), b.Array.Len()), errors.Join(err, err1, err2)
})

// Handles of all objects travel together, as an argument of a process, and work there.
//
// conformance: MG-02
func TestArgument(t *testing.T) {
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, time.Minute)
			c := start(t, testKey, manager.WithAddress(family, "")).Client()
			var b baggage
			var errs [16]error
			b.Value, errs[0] = manager.NewValue(c, 0.0)
			b.Array, errs[1] = manager.NewArray[int32](c, 10)
			b.List, errs[2] = manager.NewList[string](c, nil)
			b.Dict, errs[3] = manager.NewDict[string, int](c, nil)
			b.Set, errs[4] = manager.NewSet[string](c, nil)
			b.Namespace, errs[5] = manager.NewNamespace(c, nil)
			b.Queue, errs[6] = manager.NewQueue[string](c, 1)
			b.Joinable, errs[7] = manager.NewJoinableQueue[string](c, 1)
			b.Mutex, errs[8] = manager.NewMutex(c)
			b.Recursive, errs[9] = manager.NewRecursiveMutex(c)
			b.Semaphore, errs[10] = manager.NewSemaphore(c, 1)
			b.Bounded, errs[11] = manager.NewBoundedSemaphore(c, 1)
			b.Cond, errs[12] = manager.NewCond(b.Mutex)
			b.Event, errs[13] = manager.NewEvent(c)
			b.Barrier, errs[14] = manager.NewBarrier(c, 2)
			b.Counter, errs[15] = counters.New(c, 40)
			must(t, errors.Join(errs[:]...))
			child, err := unpack.Start(background, b)
			must(t, err)
			got, err := child.Result()
			if got != "42 2 10" || err != nil {
				t.Fatalf("the child: %q, %v", got, err)
			}
			x, err1 := b.Value.Load()
			item, err2 := b.Queue.Get()
			is(t, "Lock of what the child held", b.Mutex.Lock(), errOwnerDied)
			if x != 3.14 || item != "item" || errors.Join(err1, err2) != nil {
				t.Errorf("the child left %v, %q, %v", x, item, errors.Join(err1, err2))
			}
		})
	}
}
