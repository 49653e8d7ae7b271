package host

import (
	"strings"
	"testing"

	"shmkit/internal/wire"
)

// checked is a host with a Mutex (1) that session 1 holds and session 2 waits for, a Queue (2)
// whose message session 1 has, a BoundedSemaphore (3), a Barrier (4), a Cond (5) of 1, and a
// List (6) with a reference to 3, all of session 1.
func checked(t *testing.T) *Host {
	h, call := New(nil), uint64(0)
	do := func(session, object uint64, m wire.Method, body []byte) {
		call++
		for _, e := range h.Apply(&wire.Frame{Kind: wire.Request, Session: session, Call: call, Object: object, Method: m, Body: body}) {
			if e.Op == wire.Failure {
				fault, _ := wire.ReadFault(e.Body)
				t.Fatal(fault)
			}
		}
	}
	create := func(kind wire.Type, args ...[]byte) {
		name := ""
		if kind == wire.TypeMutex {
			name = "m"
		}
		b := wire.AppendText([]byte{byte(kind)}, name)
		for _, a := range args {
			b = append(b, a...)
		}
		do(1, 0, wire.Create, b)
	}
	n := func(v uint64) []byte { return wire.AppendUint(nil, v) }
	h.Apply(&wire.Frame{Kind: wire.Open, Session: 1})
	h.Apply(&wire.Frame{Kind: wire.Open, Session: 2})
	create(wire.TypeMutex)
	create(wire.TypeQueue, n(0), n(1000))
	create(wire.TypeBoundedSemaphore, n(2))
	create(wire.TypeBarrier, n(2), n(0))
	create(wire.TypeCond, n(1))
	create(wire.TypeList, n(1), wire.AppendBytes(nil, wire.AppendRef(nil, 3, wire.TypeBoundedSemaphore)))
	do(1, 1, wire.MutexLock, nil)
	do(2, 1, wire.MutexLock, nil)
	do(1, 2, wire.QueuePut, wire.AppendInt64(nil, 1))
	do(1, 2, wire.QueueGet, nil)
	do(1, 3, wire.BoundedAcquire, n(1))
	do(1, 0, wire.Hand, n(6))
	if found := h.Check(); len(found) > 0 {
		t.Fatal(found)
	}
	return h
}

// Check tells what is wrong with each of these.
func TestCheckTells(t *testing.T) {
	at := func(h *Host, id uint64) object { return h.objects[id].object }
	for _, tt := range []struct {
		name   string
		damage func(h *Host)
		want   string
	}{
		{"references", func(h *Host) { h.objects[2].refs++ }, "counts"},
		{"nobody's", func(h *Host) { h.add(wire.TypeEvent, &event{}) }, "nobody refers"},
		{"references of a session", func(h *Host) { h.sessions[1].held++ }, "references of its own"},
		{"reference of a session to nothing", func(h *Host) { h.sessions[2].holds[77], h.sessions[2].held = 1, 1 }, "not there"},
		{"reference of a list to nothing", func(h *Host) { delete(h.objects, 3) }, "not there"},
		{"lease", func(h *Host) { h.lease(h.sessions[2], h.objects[6]) }, "leases"},
		{"lease of nothing", func(h *Host) { h.sessions[2].leases[77] = 1 }, "not there"},
		{"permits", func(h *Host) { at(h, 3).(*semaphore).free++ }, "permits"},
		{"order of a semaphore", func(h *Host) { at(h, 3).(*semaphore).order = nil }, "leases"},
		{"owner", func(h *Host) { at(h, 1).(*lock).owner = 2 }, "leases"},
		{"owner that is not there", func(h *Host) { at(h, 1).(*lock).owner = 9 }, "not there"},
		{"levels", func(h *Host) { at(h, 1).(*lock).levels = 0 }, "times"},
		{"wait that nobody knows", func(h *Host) { clear(h.sessions[2].waits) }, "does not wait there"},
		{"wait in no queue", func(h *Host) { at(h, 1).(*lock).waiting = queue{} }, "in these are 0"},
		{"wait beside", func(h *Host) { h.sessions[2].eachWait()[0].beside = true }, "beside"},
		{"length of a queue", func(h *Host) { at(h, 1).(*lock).waiting.n++ }, "counts 2 waits"},
		{"method of a wait", func(h *Host) { h.sessions[2].eachWait()[0].method = wire.QueueGet }, "waits for"},
		{"message", func(h *Host) { clear(at(h, 2).(*fifo).taken) }, "leases"},
		{"bytes", func(h *Host) { at(h, 2).(*fifo).bytes++ }, "bytes"},
		{"parties", func(h *Host) { at(h, 4).(*barrier).parties = 0 }, "parties"},
		{"lock of a cond", func(h *Host) { at(h, 5).(*cond).lock = 2 }, "no lock"},
		{"name", func(h *Host) { h.objects[1].name = "other" }, "called"},
		{"name of nobody", func(h *Host) { delete(h.names, "m") }, "by its name"},
		{"next", func(h *Host) { h.next = 3 }, "next"},
		{"results", func(h *Host) { h.sessions[1].results.bytes-- }, "bytes of results"},
		{"hand-over", func(h *Host) { h.handed[handing{2, 2}] = h.objects[6] }, "counts"},
		{"cycle", func(h *Host) {
			l := at(h, 6).(*list)
			l.put(h, 0, wire.AppendRef(nil, 6, wire.TypeList))
			h.ref(h.objects[6], 1)
		}, "inside of itself"},
	} {
		h := checked(t)
		tt.damage(h)
		if found := strings.Join(h.Check(), "; "); !strings.Contains(found, tt.want) {
			t.Errorf("%s: Check tells %q, want something with %q", tt.name, found, tt.want)
		}
		err := New(nil).Load(h.Save(nil))
		if notSaved := strings.Contains("length of a queue, bytes, references of a session, results, name, name of nobody, wait that nobody knows", tt.name); err == nil && !notSaved {
			t.Errorf("%s: Load takes it", tt.name)
		}
	}
}

// What is in a Queue, or a Value, is as much inside as what is in a List.
func TestCyclesThroughQueues(t *testing.T) {
	h := checked(t)
	call := uint64(100)
	do := func(object uint64, m wire.Method, body []byte) *wire.Fault {
		call++
		for _, e := range h.Apply(&wire.Frame{Kind: wire.Request, Session: 1, Call: call, Object: object, Method: m, Body: body}) {
			if e.Op == wire.Failure {
				fault, _ := wire.ReadFault(e.Body)
				return fault
			}
		}
		return nil
	}
	if f := do(6, wire.ListAppend, wire.AppendRef(nil, 2, wire.TypeQueue)); f != nil {
		t.Fatal(f)
	}
	if f := do(2, wire.QueuePut, wire.AppendRef(nil, 6, wire.TypeList)); f == nil || f.Code != wire.CodeArgument {
		t.Errorf("a list with a queue was put into that queue: %v", f)
	}
	if f := do(6, wire.ListClear, nil); f != nil {
		t.Fatal(f)
	}
	if f := do(2, wire.QueuePut, wire.AppendRef(nil, 6, wire.TypeList)); f != nil {
		t.Fatal(f)
	}
	if f := do(6, wire.ListAppend, wire.AppendRef(nil, 2, wire.TypeQueue)); f == nil || f.Code != wire.CodeArgument {
		t.Errorf("a queue with a list was put into that list: %v", f)
	}
	if found := h.Check(); len(found) > 0 {
		t.Error(found)
	}
}

// What is no Release gives nothing back.
func TestHalfOfARelease(t *testing.T) {
	h := checked(t)
	held := h.sessions[1].held
	h.Apply(&wire.Frame{Kind: wire.Request, Session: 1, Method: wire.Release, Body: append(wire.AppendUint(nil, 3), 4)})
	if h.sessions[1].held != held {
		t.Errorf("%d references, want %d", h.sessions[1].held, held)
	}
	h.Apply(&wire.Frame{Kind: wire.Request, Session: 1, Method: wire.Release, Body: wire.AppendUint(nil, 3)})
	if h.sessions[1].held != held-1 {
		t.Errorf("%d references, want %d", h.sessions[1].held, held-1)
	}
}
