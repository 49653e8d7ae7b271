package mutants

// inSync are the bugs of package sync.
var inSync = []mutant{
	{
		name: "owner after the CAS",
		bug:  "the lock is taken first and the owner named after: killed in between, the lock is held by nobody who could be found dead",
		file: "sync/mutex.go",
		old: `func (m *Mutex) Lock() error {
	// sync: mutex handed over
	if atomic.CompareAndSwapUint32(m.word.Load(), 0, m.self) {`,
		new: `func (m *Mutex) Lock() error {
	if atomic.CompareAndSwapUint32(m.word.Load(), 0, layout.OwnerMask) {
		atomic.StoreUint32(m.word.Load(), m.self)`,
		test: "./sync -run=^TestWordNamesItsHolder$",
	},
	{
		name: "unlock wakes nobody",
		bug:  "Unlock sees the WAITERS bit and makes no wake call",
		file: "sync/mutex_slow.go",
		old:  "park.Wake(addr, move.Wake)",
		new:  "",
		test: "./sync -run=^TestUnlockWakesOne$",
	},
	{
		name: "unusable lock wakes one",
		bug:  "Unlock without MarkConsistent wakes one sleeper; the others wait for a lock that nobody can get",
		file: "internal/word/mutex.go",
		old:  "Verdict: Ruined, Wake: All",
		new:  "Verdict: Ruined, Wake: 1",
		test: "./sync -run=^TestUnrepairedUnlockWakesAll$",
	},
	{
		name: "take-over loses WAITERS",
		bug:  "the lock is taken over from the dead without the bit: the next Unlock wakes nobody",
		file: "internal/word/mutex.go",
		old:  "Next: layout.MutexWaiters | layout.MutexDied | self",
		new:  "Next: layout.MutexDied | self",
		test: "./sync -run=^TestTakeoverKeepsWaiters$",
	},
	{
		name: "take-over wakes nobody",
		bug:  "all sleep on the death word of the dead holder, and nobody on that of the new one",
		file: "internal/word/mutex.go",
		old:  "Verdict: TakenOver, Wake: 1",
		new:  "Verdict: TakenOver",
		test: "./sync -run=^TestTakeoverKeepsWaiters$",
	},
	{
		name: "taker wakes nobody",
		bug:  "who takes a lock that others may sleep for does not wake the one whom the kernel would tell",
		file: "internal/word/mutex.go",
		old:  "herald = 1",
		new:  "herald = 0",
		test: "./sync -run=^TestTakerWakesTheNext$",
	},
	{
		name: "take-over tells nobody",
		bug:  "the lock is taken over from the dead without the DIED bit: unrepaired it is passed on as sound",
		file: "internal/word/mutex.go",
		old:  "Next: layout.MutexWaiters | layout.MutexDied | self",
		new:  "Next: layout.MutexWaiters | self",
		test: "./sync -run=^TestMutexNotRecoverable$",
	},
	{
		name: "orphan taken as sound",
		bug:  "a lock whose holder left is taken without the DIED bit",
		file: "internal/word/mutex.go",
		old:  "Next: keep | layout.MutexDied | self",
		new:  "Next: keep | self",
		test: "./sync -run=^TestMutexHolderLeaves$",
	},
	{
		name: "waiter loses WAITERS",
		bug:  "a waiter that was woken takes the lock without the bit, though others may sleep",
		file: "internal/word/mutex.go",
		old:  "keep = layout.MutexWaiters\n",
		new:  "keep |= 0\n",
		test: "./sync -run=^TestWaiterKeepsWaiters$",
	},
	{
		name: "waiter does not announce itself",
		bug:  "a waiter sleeps without having set the bit: Unlock has no reason to wake it",
		file: "internal/word/mutex.go",
		old:  "Next: w | layout.MutexWaiters, Verdict: Sleep",
		new:  "Next: w, Verdict: Sleep",
		test: "./sync -run=^TestWaiterKeepsWaiters$",
	},
	{
		name: "cancelled waiter eats a wake-up",
		bug:  "LockContext gives up and does not pass on the wake-up that it may have received",
		file: "sync/mutex_slow.go",
		old:  "} else if err != nil && l.slept {",
		new:  "} else if false {",
		test: "./sync -run=^TestCancelledWaiterPassesOn$",
	},
	{
		name: "death is not relayed",
		bug:  "the kernel wakes one sleeper of a death word; who takes over does not wake the rest",
		file: "sync/mutex_slow.go",
		old:  "l.relay(l.dead)",
		new:  "",
		test: "./sync -run=^TestMournersAreWoken$",
	},
}
