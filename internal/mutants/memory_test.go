package mutants

// inHeap are the bugs of package heap.
var inHeap = []mutant{
	{
		name: "block cut before the rest has a header",
		bug:  "killed in between, the chain of the arena leads into whatever lies there",
		file: "internal/heap/own.go",
		old:  "a.writeRest(end, rest)",
		new:  "defer a.writeRest(end, rest)",
		test: "./internal/heap -tags=failpoint -run=^TestKillAtEveryStore$",
	},
	{
		name: "Virgin raised too late",
		bug:  "killed in between, written memory counts as never written and is handed out dirty",
		file: "internal/heap/own.go",
		old:  "a.raise(end)\n",
		new:  "defer a.raise(end)\n",
		test: "./internal/heap -tags=failpoint -run=^TestKillAtEveryStore$",
	},
	{
		name: "payload not zeroed",
		bug:  "a new object holds what an old one left",
		file: "internal/heap/own.go",
		old:  "a.zeroPayload(x.off, min(end, fresh))",
		new:  "_ = min(end, fresh)",
		test: "./internal/heap -run=^TestAllocZeroed$",
	},
	{
		name: "arena of the living adopted",
		bug:  "two processes hand out the same memory",
		file: "internal/heap/refill.go",
		old:  "if owner != 0 && !h.host.Dead(owner) {",
		new:  "if false {",
		test: "./internal/heap -run=^TestAdopt$",
	},
	{
		name: "leaked block not reclaimed",
		bug:  "what the killed allocated and did not record is lost for ever",
		file: "internal/heap/refill.go",
		old:  "free = h.reclaimBlockLocked(a, b, word)",
		new:  "free = false",
		test: "./internal/heap -run=^TestLeak$",
	},
	{
		name: "free elsewhere leaves no notice",
		bug:  "the owner of the arena does not learn that memory came back",
		file: "internal/heap/chain.go",
		old:  "atomic.AddUint64(&a.head.Freed, 1)",
		new:  "_ = 0",
		test: "./internal/heap -run=^TestForeignFree$",
	},
}

// inValue are the bugs of package value.
var inValue = []mutant{
	{
		name: "redo area ignored",
		bug:  "who takes the lock over does not finish the copy of the dead: half a value",
		file: "value/whole.go",
		old:  "if was&shm.RedoCopy != 0 {",
		new:  "if false {",
		test: "./value -run=^TestKilledInsideCopy$",
	},
	{
		name: "copy without a mark",
		bug:  "a store is killed while it copies, and nobody knows: half a value",
		file: "value/whole.go",
		old:  "atomic.StoreUint64(&r.State, held|shm.RedoCopy)",
		new:  "atomic.StoreUint64(&r.State, held)",
		test: "./value -run=^TestHugeNeverTorn$",
	},
	{
		name: "method swallows a death",
		bug:  "a holder of the lock died amid changes of its own, and a method that came by repairs the lock in silence",
		file: "value/whole.go",
		old:  "held |= shm.RedoOwed",
		new:  "held |= 0",
		test: "./value -run=^TestHolderKilled$",
	},
}
