package manager_test

import (
	"errors"
	"testing"

	"shmkit/manager"
)

// TestQueueNested: queues in a list, in a dict and in a queue are the same ones for whoever
// takes them out, and live as long as they are in there.
//
// conformance: MC-07
func TestQueueNested(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c, d := dial(), dial()
		list, err := manager.NewList[*manager.Queue[int]](c, nil, manager.Named("list"))
		must(t, err)
		dict, err := manager.NewDict[string, *manager.JoinableQueue[int]](c, nil, manager.Named("dict"))
		must(t, err)
		inner, err := manager.NewQueue[int](c, 4)
		must(t, err)
		must(t, list.Append(inner))
		must(t, inner.Put(1))
		must(t, inner.Detach())
		joinable, err := manager.NewJoinableQueue[int](c, 4)
		must(t, err)
		must(t, dict.Set("a", joinable))
		must(t, joinable.Put(2))

		far, err := manager.OpenList[*manager.Queue[int]](d, "list")
		must(t, err)
		q, err := far.At(0)
		must(t, err)
		n, err := q.Get()
		must(t, errors.Join(err, differs(n, 1)))
		deep, err := manager.OpenDict[string, *manager.JoinableQueue[int]](d, "dict")
		must(t, err)
		j, err := deep.Get("a")
		must(t, err)
		n, err = j.Get()
		must(t, errors.Join(err, differs(n, 2), j.TaskDone()))
		must(t, joinable.Join(background))

		posts, err := manager.NewQueue[*manager.Queue[int]](c, 0, manager.Named("posts"))
		must(t, err)
		reply, err := manager.NewQueue[int](c, 0)
		must(t, err)
		must(t, posts.Put(reply))
		theirs, err := manager.OpenQueue[*manager.Queue[int]](d, "posts")
		must(t, err)
		back, err := theirs.Get()
		must(t, err)
		must(t, back.Put(3))
		n, err = reply.Get()
		must(t, errors.Join(err, differs(n, 3)))
		must(t, reply.Detach())
		must(t, back.Put(4))
		n, err = back.Get()
		must(t, errors.Join(err, differs(n, 4)))
	})
}
