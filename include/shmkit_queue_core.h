// The protocol of a queue: blocks, places in the order, who is woken. The algorithm is
// the one of the Go package ring, step by step.
//
// Orders. Loads of shared words, and the compare-and-swaps that pass something on, are
// sequentially consistent, and the reason is always the same: who publishes, takes or
// gives back changes a word and then looks whether somebody sleeps; who is about to
// sleep announces itself and then looks at that word. Each store must be seen before the
// load that follows it, and acquire and release do not say that. A locked instruction on
// x86-64, and the RCsc pairs of arm64, do. Go frees a block without one where that is
// faster: who sleeps until a block is free has the kernel make a barrier in every process
// before it looks, see shk_queue_barrier and ring/flags.go.
//
// Weaker, and why it is enough:
//
//	block becomes Queued      release: the payload is before it. Nobody looks at it before
//	                          the compare-and-swap on the slot, which comes next
//	tail, head                release: hints. An old one costs its reader some steps
//	shk_queue_end             relaxed: hints of this process alone
//	payload                   plain: between the compare-and-swap that made the block ours
//	                          and the store that passes it on, which is a release
//
// The store that frees a block after a copy is sequentially consistent, although the copy
// would only need a release: the flags are looked at after it.

#ifndef SHMKIT_QUEUE_CORE_H
#define SHMKIT_QUEUE_CORE_H

#include "shmkit_queue_word.h"

#define SHK_RELEASE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define SHK_HINT(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define SHK_NOTE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#define SHK_MEMBARRIER_GLOBAL_EXPEDITED 2 // of linux/membarrier.h, which may be older

// See ring/core.go and ring/pace.go, where the numbers come from.
enum { SHK_LOOK_AGAIN = 1 << 16, SHK_FEW_STEPS = 64, SHK_LAZY_SHIFT = 4, SHK_SMALL_QUEUE = 256 };
enum { SHK_KEEP = 32, SHK_IN_STREAM = 64, SHK_MOST_STREAM = 1 << 10, SHK_REST_PAUSES = 64, SHK_GOOD_GAIN = 32 };

// shk_queue_end is what a handle remembers of the end of the queue that it puts at, or
// takes from: hints.
typedef struct shk_queue_end {
	uint64_t next;   // a ticket that is not later than the next one
	uint64_t limit;  // where it looks next how far the other end is
	uint64_t since;  // where it last let the other end get ahead
	uint64_t stream; // how many messages later it may do so again
	uint64_t slept;  // where a call last slept
	int looks;       // how many looks fewer than the most a call spins for
	uint64_t known;  // the limit that is set by how far the other end is
	uint64_t due;    // the ticket to take at which it looks next for the dead
	uint64_t gap;    // how many tickets after the one before that is
	int64_t last;    // when it looked last, CLOCK_MONOTONIC
	uint8_t reserved[48];
} shk_queue_end;

// shmkit_queue is this process's use of one queue, from shmkit_queue_open to
// shmkit_queue_release. It must stay where it is; any thread may use it. Read handle,
// size, bytes and most; the rest is internal. If this process dies, what it had taken and not
// acknowledged goes to another consumer, and what it was filling is free.
typedef struct shmkit_queue {
	shmkit_handle handle;
	uint32_t size; // bytes of a message, or of a block if messages are bytes
	int bytes;     // messages are bytes, of any length up to most
	uint64_t most;

	// Read once and checked.
	uint32_t blocks;
	uint64_t slots;
	uint64_t stride;
	uint64_t magic; // for division by slots
	uint64_t loaned; // the word of a block that this process fills
	uint64_t number; // of this use, in this process
	unsigned lazy; // an end says how far it is when this many lower bits of its ticket become 0
	shmkit_queue_head *head;
	unsigned char *cells;
	uint8_t reserved[128];
	shk_queue_end puts, gets;
} shmkit_queue;

// shk_seat is where a message goes, or is.
typedef struct shk_seat {
	uint64_t ticket;
	uint64_t word; // of the slot for a producer, of the block for a consumer
	uint32_t pos;
	uint32_t block;
} shk_seat;

// shk_queue_cell needs i < blocks.
static inline shmkit_queue_cell *shk_queue_cell(const shmkit_queue *q, uint32_t i)
{
	return (shmkit_queue_cell *)(void *)(q->cells + i * q->stride);
}

static inline unsigned char *shk_queue_payload(const shmkit_queue *q, uint32_t block)
{
	return q->cells + block * q->stride + sizeof(shmkit_queue_cell);
}

__extension__ typedef unsigned __int128 shk_uint128;

// shk_queue_place is where ticket t goes: less than slots, whatever t is. The product
// gives the exact quotient while t is below 2^44 and there are no more than 2^20 slots.
static inline uint32_t shk_queue_place(const shmkit_queue *q, uint64_t t, uint64_t *turn)
{
	if (t < UINT64_C(1) << 44 && q->magic != 0)
		*turn = (uint64_t)(((shk_uint128)t * q->magic) >> 64);
	else
		*turn = t / q->slots;
	return (uint32_t)(t - *turn * q->slots);
}

static inline int shk_queue_damaged(shmkit_queue *q, const char *field, uint64_t value)
{
	return shk_corrupt(q->handle.segment, field, value);
}

// --- waking ------------------------------------------------------------------

static inline void shk_queue_futex_wake(shmkit_queue *q, uint32_t *futex, int n)
{
	SHK_ADD(&q->handle.segment->self->wakes, (uint64_t)1);
	shk_futex_wake(futex, n);
}

// shk_queue_wake wakes one of those who sleep on futex, after something that they may
// sleep for was made.
static inline void shk_queue_wake(shmkit_queue *q, uint32_t *futex)
{
	for (;;) {
		uint32_t w = SHK_LOAD(futex), next = shk_sleepers_wake(w);
		if ((w & SHMKIT_QUEUE_SLEEPERS) == SHMKIT_QUEUE_NOBODY)
			return;
		if (!shk_cas32(futex, w, next))
			continue;
		SHK_ADD(&q->handle.segment->self->wakes, (uint64_t)1);
		if (shk_futex_wake(futex, 1) > 0 || (next & SHMKIT_QUEUE_SLEEPERS) == SHMKIT_QUEUE_NOBODY)
			return;
		// Who has announced itself since then, and changed nothing by that, is woken.
		if (shk_cas32(futex, next, shk_sleepers_none(next)))
			shk_queue_futex_wake(q, futex, INT_MAX);
		return;
	}
}

// shk_queue_rouse wakes all who sleep on a futex that is a sequence.
static inline void shk_queue_rouse(shmkit_queue *q, uint32_t *futex)
{
	SHK_ADD(futex, (uint32_t)1);
	shk_queue_futex_wake(q, futex, INT_MAX);
}

// shk_queue_wake_all wakes everybody, who then looks at everything.
static inline void shk_queue_wake_all(shmkit_queue *q)
{
	shk_queue_rouse(q, &q->head->items);
	shk_queue_rouse(q, &q->head->space);
	shk_queue_rouse(q, &q->head->freed);
	shk_queue_rouse(q, &q->head->idle);
}

static inline int shk_queue_closing(const shmkit_queue *q)
{
	return (SHK_LOAD(&q->head->flags) & SHMKIT_QUEUE_CLOSING) != 0;
}

// shk_queue_wake_getters wakes everybody who sleeps on items.
static inline void shk_queue_wake_getters(shmkit_queue *q)
{
	for (;;) {
		uint32_t w = SHK_LOAD(&q->head->items);
		if ((w & SHMKIT_QUEUE_SLEEPERS) == SHMKIT_QUEUE_NOBODY)
			return;
		if (!shk_cas32(&q->head->items, w, shk_sleepers_none(w)))
			continue;
		shk_queue_futex_wake(q, &q->head->items, INT_MAX);
		return;
	}
}

// shk_queue_freed follows what made a block free. One word has all that is rare: somebody
// sleeps until a block is free, or waits for what others have to come back. Of a queue
// that C can open nobody waits until all work is done.
static inline void shk_queue_freed(shmkit_queue *q)
{
	if (SHK_LOAD(&q->head->flags) == 0)
		return;
	uint32_t flags = SHK_AND(&q->head->flags, ~SHMKIT_QUEUE_STARVED);
	if (flags & SHMKIT_QUEUE_STARVED)
		shk_queue_rouse(q, &q->head->freed);
	if (flags & SHMKIT_QUEUE_CLOSING)
		shk_queue_wake_getters(q);
}

// shk_queue_barrier makes a barrier in every process that frees blocks without one of its
// own, and tells whether that was possible.
static inline int shk_queue_barrier(const shmkit_queue *q)
{
#if defined(__x86_64__)
	if (syscall(SYS_membarrier, SHK_MEMBARRIER_GLOBAL_EXPEDITED, 0, 0) != 0)
		return 0;
#endif
	return SHK_LOAD(&q->head->unfenced) == 0;
}

// --- how far the ends are ----------------------------------------------------

static inline void shk_queue_raise_high_water(shmkit_queue *q, uint64_t depth)
{
	for (;;) {
		uint64_t old = SHK_LOAD(&q->head->high_water);
		if (depth <= old || shk_cas64(&q->head->high_water, old, depth))
			return;
	}
}

// shk_queue_after is a later ticket than t, whose slot has the word w, and no later than
// the next one to publish, or to take.
static inline uint64_t shk_queue_after(const shmkit_queue *q, uint64_t t, uint64_t w, uint64_t turn)
{
	int64_t age = shk_slot_age(w, turn);
	return age > 1 ? t + (uint64_t)(age - 1) * q->slots : t + 1;
}

// shk_queue_over tells whether the seat of ticket t, whose slot has the word w, is past, or
// taken and, for a consumer, its message gone.
static inline int shk_queue_over(const shmkit_queue *q, uint64_t t, uint64_t w, uint64_t turn, int consumer)
{
	shk_seat_state seat = shk_seat_of(w, turn);
	uint32_t b = shk_slot_block(w);
	if (seat != SHK_SEAT_TAKEN || !consumer)
		return seat == SHK_SEAT_PAST || seat == SHK_SEAT_TAKEN;
	return b < q->blocks && !shk_cell_there(SHK_LOAD(&shk_queue_cell(q, b)->block), t);
}

// shk_queue_skip goes from ticket t to a later one that is no later than the first that is
// not over, in few looks: tickets come to be over in their order, and stay so. A process
// that was stopped before it said how far it was says so when all others have gone on.
static inline uint64_t shk_queue_skip(const shmkit_queue *q, uint64_t t, int consumer)
{
	for (uint64_t step = q->slots; step > 0; step /= 2) {
		for (int n = 0; n < 3; n++) { // more often only if the words are damaged
			uint64_t turn, w = SHK_LOAD(&shk_queue_cell(q, shk_queue_place(q, t + step - 1, &turn))->slot);
			if (!shk_queue_over(q, t + step - 1, w, turn, consumer))
				break;
			t += step;
		}
	}
	return t;
}

// shk_queue_walk goes from ticket t over all whose seats are over.
static inline uint64_t shk_queue_walk(shmkit_queue *q, uint64_t t, int consumer)
{
	for (int n = 1; n < SHK_LOOK_AGAIN; n++) {
		uint64_t turn;
		if (n % SHK_FEW_STEPS == 0)
			t = shk_queue_skip(q, t, consumer);
		uint64_t w = SHK_LOAD(&shk_queue_cell(q, shk_queue_place(q, t, &turn))->slot);
		if (!shk_queue_over(q, t, w, turn, consumer))
			break;
		t = shk_queue_after(q, t, w, turn);
	}
	return t;
}

static inline uint64_t shk_queue_taken(shmkit_queue *q)
{
	return shk_queue_walk(q, shk_max64(SHK_HINT(&q->gets.next), SHK_LOAD(&q->head->head)), 1);
}

// shk_queue_back is how many messages came back and wait.
static inline uint64_t shk_queue_back(shmkit_queue *q, uint64_t returns)
{
	uint64_t n = 0;
	for (uint32_t i = 0; returns & SHK_RETURNS_PENDING && i < q->blocks; i++)
		n += shk_cell_state(SHK_LOAD(&shk_queue_cell(q, i)->block)) == SHMKIT_CELL_RETURNED;
	return n;
}

// shk_queue_depth is how many messages wait, at an instant during the call if it sees
// one at which nothing was taken or returned.
static inline uint64_t shk_queue_depth(shmkit_queue *q)
{
	for (int n = 0;; n++) {
		uint64_t returns = SHK_LOAD(&q->head->returns), head = shk_queue_taken(q);
		uint64_t tail = shk_queue_walk(q, shk_max64(SHK_HINT(&q->puts.next), SHK_LOAD(&q->head->tail)), 0);
		uint64_t back = shk_queue_back(q, returns);
		if (n == 100 || (shk_queue_taken(q) == head && SHK_LOAD(&q->head->returns) == returns))
			return ((int64_t)(tail - head) < 0 ? 0 : shk_min64(tail - head, q->slots)) + back;
	}
}

// shk_queue_sample raises high_water by what an end at ticket t knows: n is how far it
// may go, of span.
static inline void shk_queue_sample(shmkit_queue *q, uint64_t n, uint64_t span)
{
	uint64_t depth = shk_min64(n, q->slots), unsaid = (UINT64_C(1) << q->lazy) - 1;
	if (span > 0) {
		depth = span - shk_min64(n, span);
		depth -= shk_min64(depth, unsaid);
		if (depth < SHK_LOAD(&q->head->high_water))
			return;
		if (q->lazy == 0)
			depth = shk_queue_depth(q);
		depth = shk_min64(depth + 1, q->slots); // with its own
	}
	shk_queue_raise_high_water(q, depth);
}

static inline uint64_t shk_queue_ahead(const uint64_t *far, uint64_t span, uint64_t t)
{
	int64_t n = (int64_t)(SHK_LOAD(far) + span - t);
	return n > 0 ? (uint64_t)n : 0;
}

// shk_queue_rest lets the other end get ahead of one at ticket t that may go over n
// messages, and returns how many that are then.
static inline uint64_t shk_queue_rest(shk_queue_end *e, uint64_t t, uint64_t n, const uint64_t *far, uint64_t span)
{
	uint64_t first = n, stream = SHK_HINT(&e->stream);
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < SHK_REST_PAUSES; i++)
			shk_pause();
		uint64_t before = n;
		if ((n = shk_queue_ahead(far, span, t)) <= before)
			break;
	}
	SHK_NOTE(&e->stream, n < first + SHK_GOOD_GAIN ? shk_min64(2 * stream, SHK_MOST_STREAM) : (uint64_t)SHK_IN_STREAM);
	SHK_NOTE(&e->since, t);
	return n;
}

// shk_queue_pace is called by an end that has come to its limit at ticket t. far is how
// far the other end is. Two ends that work side by side get in each other's way; so one
// that has come close lets the other get ahead.
static inline void shk_queue_pace(shmkit_queue *q, shk_queue_end *e, uint64_t t, const uint64_t *far, uint64_t span)
{
	uint64_t n = shk_queue_ahead(far, span, t);
	shk_queue_sample(q, n, span);
	if (q->slots >= SHK_SMALL_QUEUE) {
		if (n < q->slots / 8 && t - SHK_HINT(&e->since) >= SHK_HINT(&e->stream))
			n = shk_queue_rest(e, t, n, far, span);
		n = shk_max64(n, 2 * SHK_KEEP) - SHK_KEEP;
	}
	if (span > 0)
		n = shk_min64(n, q->slots / 8); // so often a producer looks how full it is
	SHK_NOTE(&e->limit, t + shk_max64(n, 1));
}

// shk_queue_advance notes that an end has gone over ticket t. hint is where others see it.
static inline void shk_queue_advance(shmkit_queue *q, shk_queue_end *e, uint64_t *hint, uint64_t t)
{
	SHK_NOTE(&e->next, t + 1);
	if ((t + 1) >> q->lazy != t >> q->lazy)
		SHK_RELEASE(hint, t + 1);
}


// --- blocks ------------------------------------------------------------------

static inline int shk_queue_try_claim(shmkit_queue *q, uint32_t b)
{
	uint64_t *block = &shk_queue_cell(q, b)->block;
	// This passes the block to us.
	return SHK_LOAD(block) == SHMKIT_CELL_FREE && shk_cas64(block, SHMKIT_CELL_FREE, q->loaned);
}

// shk_queue_free passes a block that is ours to the producers.
static inline void shk_queue_free(shmkit_queue *q, uint32_t b)
{
	SHK_STORE(&shk_queue_cell(q, b)->block, (uint64_t)SHMKIT_CELL_FREE);
	shk_queue_freed(q);
}

static inline void shk_queue_note_return(shmkit_queue *q)
{
	uint64_t r;
	do
		r = SHK_LOAD(&q->head->returns);
	while (!shk_cas64(&q->head->returns, r, (r + 2) | SHK_RETURNS_PENDING));
}

#endif
