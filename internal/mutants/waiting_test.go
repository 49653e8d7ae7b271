package mutants

// inPark are the bugs of package park.
var inPark = []mutant{
	{
		name: "no re-check before sleeping",
		bug:  "the sleep begins whatever the word has become since the attempt looked at it",
		file: "internal/park/loop.go",
		old:  "_, err := sys.FutexWait(words, bound)",
		new: `for i := range words {
		words[i].Val = atomic.LoadUint32(words[i].Addr)
	}
	_, err := sys.FutexWait(words, bound)`,
		test: "./internal/park -run=^TestChangeBeforeSleep$",
	},
	{
		name: "sleep without a bound",
		bug:  "nothing is under the wake-up of a process that was killed before it sent it",
		file: "internal/park/loop.go",
		old:  "bound := s.slice",
		new:  "bound := 24 * time.Hour",
		test: "./internal/park -run=^TestLostWakeUp$ -timeout=10s",
	},
	{
		name: "deaths are never slept on",
		bug:  "words of deaths are left out of every slice of a sleep, not of the first one only",
		file: "internal/park/loop.go",
		old:  "if s.slice == firstSlice {",
		new:  "if s.slice > 0 {",
		test: "./internal/park -run=^TestWordsOfDeath$ -timeout=10s",
	},
	{
		name: "hub keeps a wake-up",
		bug:  "a wake-up whose sleepers have left the hub is not handed back: the other process never wakes",
		file: "internal/park/hub.go",
		old:  "h.handBack(b, words[1:woken+1])",
		new:  "",
		test: "./internal/park -run=^TestWakeUpOfOneWhoLeft$",
	},
	{
		name: "hub looks at words of nobody",
		bug:  "the hub reads a word whose last sleeper has left, in memory that may be unmapped",
		file: "internal/park/hub.go",
		old:  "b.entries[w] != nil && atomic.LoadUint32(w.Addr) != w.Val",
		new:  "atomic.LoadUint32(w.Addr) != w.Val",
		test: "./internal/park -run=^TestWordUnmapped$",
	},
	{
		name: "sleep on many keeps a wake-up",
		bug:  "who waits for several things and goes for one of them keeps the wake-up that came for another",
		file: "internal/park/crowd.go",
		old:  "if atomic.LoadUint32(w.Addr) != w.Val {",
		new:  "if false && atomic.LoadUint32(w.Addr) != w.Val {",
		test: "./internal/park -run=^TestCrowdPassesOn$ -timeout=20s",
	},
	{
		name: "cancelled sleeper stays in the hub",
		bug:  "who gives up stays on the list and eats the next wake-up",
		file: "internal/park/hub.go",
		old:  "\th.remove(s)\n\th.mu.Unlock()",
		new:  "\th.mu.Unlock()",
		test: "./internal/park -run=^TestCrowdCancels$",
	},
}

// inSys are the bugs of package sys.
var inSys = []mutant{
	{
		name: "PRIVATE flag on wait",
		bug:  "the kernel looks for sleepers of this process only: wake-ups of others, and of itself at a death, do not arrive",
		file: "internal/sys/futex_unsafe_linux.go",
		old:  "futex2SizeU32 = 2\n",
		new:  "futex2SizeU32 = 2 | 128\n",
		test: "./internal/sys -run=^TestWaitIsShared$",
	},
	{
		name: "PRIVATE flag on wait for one word",
		bug:  "the same where a call waits for one word, which is another system call",
		file: "internal/sys/futex_unsafe_linux.go",
		old:  "futexWait     = 0\n",
		new:  "futexWait     = 0 | 128\n",
		test: "./internal/sys -run=^TestWaitIsShared$",
	},
	{
		name: "PRIVATE flag on wake",
		bug:  "the kernel wakes sleepers of this process only",
		file: "internal/sys/futex_unsafe_linux.go",
		old:  "futexWake     = 1\n",
		new:  "futexWake     = 1 | 128\n",
		test: "./internal/sys -run=^TestWakeIsShared$",
	},
	{
		name: "POSIX lock for OFD lock",
		bug:  "the lock on the byte belongs to the process and not to the open file: any close drops it",
		file: "internal/sys/lock_linux.go",
		old:  "unix.F_OFD_SETLK, unix.F_WRLCK",
		new:  "unix.F_SETLK, unix.F_WRLCK",
		test: "./internal/sys -run=^TestLockBelongsToTheFile$",
	},
	{
		name: "death word without WAITERS",
		bug:  "the kernel marks the word of the dead and wakes nobody",
		file: "internal/sys/keeper_unsafe_linux.go",
		old:  "k.tid|futexWaiters",
		new:  "k.tid",
		test: "./internal/sys -run=^TestDeathWords$",
	},
	{
		name: "node stays on the robust list",
		bug:  "a detached segment's node stays linked: the kernel follows it into memory that is not ours any more",
		file: "internal/sys/keeper_unsafe_linux.go",
		old:  "atomic.StoreUint64(k.nodes[i+1], uint64(next))",
		new:  "_ = next",
		test: "./internal/sys -run=^TestDeathWords$",
	},
}
