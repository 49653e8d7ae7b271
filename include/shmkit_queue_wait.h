// Waiting on a queue, and cleaning up after those who died with a part of it in hand.

#ifndef SHMKIT_QUEUE_WAIT_H
#define SHMKIT_QUEUE_WAIT_H

#include "shmkit_mutex.h"
#include "shmkit_queue_order.h"

// See ring/spin.go and ring/wait.go, where the numbers come from.
enum { SHK_MOST_LOOKS = 40, SHK_SOME_LOOKS = 20, SHK_FEW_LOOKS = 1, SHK_FIRST_PAUSE = 4, SHK_LAST_PAUSE = 64 };
enum { SHK_QUEUE_WORDS = 8, SHK_MOMENT = 1000000 }; // words of one sleep; ns

// What a call waits for.
enum {
	SHK_WANT_ITEM = 1, // a message, or the end of the queue
	SHK_WANT_ROOM = 2, // a place in the ring
	SHK_WANT_BLOCK = 4, // a free block, or as many as the bits above say
	SHK_WANT_SHIFT = 3
};

// --- the dead ----------------------------------------------------------------

// shk_queue_resolve_blocks does what becomes of the blocks of the process in slot: of those
// that are Loaned, or of the others.
static inline void shk_queue_resolve_blocks(shmkit_queue *q, uint32_t slot, int loaned)
{
	for (uint32_t i = 0; i < q->blocks; i++) {
		uint64_t *block = &shk_queue_cell(q, i)->block, w, next, turn;
		do {
			w = SHK_LOAD(block);
			if ((shk_cell_state(w) == SHMKIT_CELL_LOANED) != loaned)
				break;
			uint64_t t = shk_cell_full_ticket(w, SHK_LOAD(&q->head->tail));
			uint64_t *seat = &shk_queue_cell(q, shk_queue_place(q, t, &turn))->slot;
			next = shk_cell_resolve(w, slot, i, SHK_LOAD(seat), turn);
		} while (next != w && !shk_cas64(block, w, next));
	}
}

// shk_queue_unlink_all frees what is Linked to blocks that are Loaned to the process in
// slot. A chain may be half-built, or half-freed, so it is not followed.
static inline void shk_queue_unlink_all(shmkit_queue *q, uint32_t slot)
{
	const uint64_t loaned = shk_cell_word(SHMKIT_CELL_LOANED, slot, 0, 0);
	for (uint32_t i = 0; i < q->blocks; i++) {
		uint64_t *block = &shk_queue_cell(q, i)->block, w = SHK_LOAD(block);
		uint32_t first = shk_cell_link_first(w);
		if (shk_cell_state(w) != SHMKIT_CELL_LINKED || first >= q->blocks)
			continue;
		shmkit_queue_cell *cell = shk_queue_cell(q, first);
		if (SHK_LOAD(&cell->block) == loaned && w == shk_cell_linked(first, SHK_LOAD(&cell->version)))
			shk_cas64(block, w, SHMKIT_CELL_FREE);
	}
}

// shk_queue_resolve takes back what the process in slot has in hand: what it was filling
// is free, what it had taken and not acknowledged goes to the next consumer. That process
// is dead, and we hold the lock on its byte, or it is this one. Every step is one
// compare-and-swap and may be repeated. What it never published is let go last: until then
// it tells whose the blocks are that are Linked to it.
static inline void shk_queue_resolve(shmkit_queue *q, uint32_t slot)
{
	shk_queue_resolve_blocks(q, slot, 0);
	shk_queue_unlink_all(q, slot);
	shk_queue_resolve_blocks(q, slot, 1);
	// Also if nothing moved: whoever died may have given something back and not said so.
	shk_queue_note_return(q);
	shk_queue_wake_all(q);
}

// shk_queue_next_user is the first slot from *slot on whose process uses the queue.
static inline int shk_queue_next_user(const shmkit_queue *q, uint32_t *slot)
{
	for (uint32_t i = *slot; i < SHMKIT_MAX_SLOTS; i = (i / 64 + 1) * 64) {
		uint64_t w = SHK_LOAD(&q->handle.record->holders[i / 64]) >> i % 64;
		if (w != 0) {
			*slot = i + (uint32_t)__builtin_ctzll(w);
			return 1;
		}
	}
	return 0;
}

// shk_queue_bury cleans this queue up after the process in slot, which is dead: 1 if that
// is done, SHK_AGAIN if another thread is at something else just now. It waits for nobody.
// All else that the dead one had stays for the sweep of its slot, which Go programs do; so
// the slot is not free after it.
//
// Killed anywhere in here the kernel releases the byte, and the next one starts over.
static inline int shk_queue_bury(shmkit_queue *q, uint32_t slot)
{
	shmkit_segment *s = q->handle.segment;
	shmkit_participant *p = shk_participant(s, slot);
	int done = 0;
	// The kernel has woken one of those who sleep on the death word.
	shk_futex_wake(&p->death, INT_MAX);
	// Threads of this process share the lock on the byte.
	if (pthread_mutex_trylock(&s->lock) != 0)
		return SHK_AGAIN;
	if (shk_filelock(s->fd, F_OFD_SETLK, F_WRLCK, SHMKIT_LOCK_SLOTS + slot, 1) == 0) {
		if (SHK_LOAD(&p->state) == SHMKIT_SLOT_ATTACHED) {
			// With the byte ours others cannot ask the kernel, and we may be stopped.
			SHK_STORE(&p->death, SHMKIT_DEATH_DIED | SHMKIT_DEATH_PROVED);
			shk_queue_resolve(q, slot);
			// While the bit was set the payload was this queue's. This tells that nothing of
			// the dead is left in it.
			SHK_AND(&q->handle.record->holders[slot / 64], ~(UINT64_C(1) << slot % 64));
			done = 1;
		}
		shk_filelock(s->fd, F_OFD_SETLK, F_UNLCK, SHMKIT_LOCK_SLOTS + slot, 1);
	}
	pthread_mutex_unlock(&s->lock);
	return done;
}

static inline uint32_t shk_queue_occupant(shmkit_queue *q, uint32_t slot)
{
	uint32_t generation = SHK_LOAD(&shk_participant(q->handle.segment, slot)->generation);
	return slot << SHMKIT_GENERATION_BITS | (generation & SHMKIT_GENERATION_MASK);
}

// shk_queue_bury_announced cleans up after the dead who used the queue and whose death
// was announced, and tells whether there were any.
static inline int shk_queue_bury_announced(shmkit_queue *q)
{
	int changed = 0;
	for (uint32_t slot = 0; shk_queue_next_user(q, &slot); slot++)
		if (slot != q->handle.segment->own_slot && shk_liveness(q->handle.segment, shk_queue_occupant(q, slot), 0) == SHK_DEAD)
			changed |= shk_queue_bury(q, slot) == 1;
	return changed;
}

// --- blocks and places -------------------------------------------------------

// shk_queue_claim makes a free block ours. The block first is tried first, then those
// beyond the slots, which are free unless messages are in flight, then all. It fails with
// SHMKIT_ENOROOM if every block is in somebody's hands.
static inline int shk_queue_claim(shmkit_queue *q, uint32_t first, uint32_t *block)
{
	*block = first;
	if (shk_queue_try_claim(q, first))
		return 0;
	for (int buried = 0;; buried = 1) {
		uint32_t b = (uint32_t)q->slots;
		for (uint32_t n = 0; n < q->blocks; n++, b++) {
			if (b == q->blocks)
				b = 0;
			*block = b;
			if (shk_queue_try_claim(q, b))
				return 0;
		}
		if (buried || !shk_queue_bury_announced(q))
			return SHMKIT_ENOROOM;
	}
}

// shk_queue_reserve finds the ticket that is next and makes a free block ours. Nothing is
// reserved in the ring: whoever publishes first has the ticket.
static inline int shk_queue_reserve(shmkit_queue *q, shk_seat *s)
{
	uint64_t t = SHK_HINT(&q->puts.next), turn;
	if (t >= SHK_HINT(&q->puts.limit))
		shk_queue_pace(q, &q->puts, t, &q->head->head, q->slots);
	s->ticket = t;
	s->pos = s->block = shk_queue_place(q, t, &turn);
	s->word = SHK_LOAD(&shk_queue_cell(q, s->pos)->slot);
	// Mostly the message of the turn before was in the block beside the slot, and that is
	// free now. A free block is not one of a message that is there.
	if (s->word == shk_slot_word(SHMKIT_SLOT_FULL, turn - 1, s->pos) && shk_queue_try_claim(q, s->pos))
		return 0;
	int err = shk_queue_room(q, s);
	return err ? err : shk_queue_claim(q, s->pos, &s->block);
}

// --- sleeping ----------------------------------------------------------------

// shk_queue_enough_free tells whether n blocks are free: if it is one, probably the first.
static inline int shk_queue_enough_free(shmkit_queue *q, uint32_t first, uint32_t n)
{
	if (n == 1 && SHK_LOAD(&shk_queue_cell(q, first)->block) == SHMKIT_CELL_FREE)
		return 1;
	for (uint32_t i = 0; i < q->blocks; i++)
		if (SHK_LOAD(&shk_queue_cell(q, i)->block) == SHMKIT_CELL_FREE && --n == 0)
			return 1;
	return 0;
}

// shk_queue_lacks is the first of what is wanted that is not there, and may come: 0 if
// none.
static inline int shk_queue_lacks(shmkit_queue *q, int want)
{
	shk_seat s = {0, 0, 0, 0};
	s.pos = 0;
	if (want & SHK_WANT_ITEM)
		return shk_queue_front(q, &s) == SHMKIT_EEMPTY ? SHK_WANT_ITEM : 0;
	int err = shk_queue_room(q, &s);
	if (err == SHMKIT_ENOROOM && want & SHK_WANT_ROOM)
		return SHK_WANT_ROOM;
	if (!(want & SHK_WANT_BLOCK) || (err != 0 && err != SHMKIT_ENOROOM))
		return 0;
	uint32_t n = (uint32_t)want >> SHK_WANT_SHIFT;
	return shk_queue_enough_free(q, s.pos, n > 0 ? n : 1) ? 0 : SHK_WANT_BLOCK;
}

// shk_queue_spin looks a bounded number of times, after a longer pause each time, whether
// there is what is wanted. How often, is an estimate of whether that pays; but after half a ring of
// messages since the last sleep it is as long as a sleep and a wake-up take. See ring/spin.go.
static inline int shk_queue_spin(shmkit_queue *q, int want)
{
	shk_queue_end *e = want & SHK_WANT_ITEM ? &q->gets : &q->puts;
	int looks = SHK_HINT(&e->looks), limit = SHK_MOST_LOOKS - looks, found = 0;
	uint64_t next = SHK_HINT(&e->next);
	if (q->handle.segment->spins == 0)
		return 0;
	if (q->slots >= SHK_SMALL_QUEUE && next - SHK_HINT(&e->slept) >= q->slots / 2 && limit < SHK_SOME_LOOKS)
		limit = SHK_SOME_LOOKS;
	for (int n = 0, pauses = SHK_FIRST_PAUSE; n < limit && !found; n++) {
		for (int i = 0; i < pauses; i++)
			shk_pause();
		found = shk_queue_lacks(q, want) == 0;
		pauses = 2 * pauses < SHK_LAST_PAUSE ? 2 * pauses : SHK_LAST_PAUSE;
	}
	int less = looks - 1 - looks / 8, more = looks + 1 + limit / 8, most = SHK_MOST_LOOKS - SHK_FEW_LOOKS;
	SHK_NOTE(&e->looks, found ? (less > 0 ? less : 0) : more < most ? more : most);
	if (!found)
		SHK_NOTE(&e->slept, next);
	return found;
}

// shk_queue_sleep is what one blocking call remembers between its sleeps.
typedef struct shk_queue_sleep {
	shk_waiter words[SHK_QUEUE_WORDS];
	unsigned count;
	int64_t slice;  // longest next sleep, ns
	int moment;     // sleep for a moment only
	int ask;        // do not rely on death words this time
	int slept;
} shk_queue_sleep;

// shk_queue_mourn names the death words of others that use the queue. It tells whether one
// of them was dead, and has been cleaned up after: that may have brought what is wanted.
static inline int shk_queue_mourn(shmkit_queue *q, shk_queue_sleep *z)
{
	shmkit_segment *s = q->handle.segment;
	int changed = 0;
	for (uint32_t slot = 0; shk_queue_next_user(q, &slot); slot++) {
		if (slot == s->own_slot)
			continue;
		uint32_t owner = shk_queue_occupant(q, slot), alive = 0;
		int buried;
		// Before the question who lives: a death after the answer changes the word.
		uint32_t *death = shk_death_word(s, owner, &alive);
		switch (shk_liveness(s, owner, z->ask)) {
		case SHK_DEAD:
			// Whoever else is cleaning up wakes us when it is done.
			buried = shk_queue_bury(q, slot);
			changed |= buried == 1;
			z->moment |= buried == SHK_AGAIN;
			break;
		case SHK_DYING:
			shk_futex_wake(&shk_participant(s, slot)->death, INT_MAX);
			z->moment = 1;
			break;
		case SHK_ALIVE:
			if (death != NULL && z->count < SHK_QUEUE_WORDS)
				shk_waiter_set(&z->words[z->count++], death, alive);
			break;
		}
	}
	return changed;
}

// shk_queue_nap sleeps until one of the words changes, or the deadline or slice is over.
// The slice is the net under a waker that died before it woke us, and under a kernel that
// announces no deaths. It decides nothing by itself.
static inline void shk_queue_nap(shmkit_queue *q, shk_queue_sleep *z, int64_t deadline)
{
	shmkit_segment *s = q->handle.segment;
	int64_t now = shk_clock(CLOCK_MONOTONIC), slice = z->moment ? (int64_t)SHK_MOMENT : z->slice;
	int64_t until = deadline - now < slice ? deadline : now + slice;
	int err = -ENOSYS;
	if (!z->slept)
		SHK_ADD(&s->self->sleeps, (uint64_t)1);
	z->slept = 1;
	if (!SHK_LOAD(&s->no_waitv))
		err = shk_futex_waitv(z->words, z->count, until);
	if (shk_refused(err)) {
		SHK_STORE(&s->no_waitv, 1);
		err = shk_futex_wait((uint32_t *)(uintptr_t)z->words[0].address, (uint32_t)z->words[0].value, until);
	}
	// The kernel wakes one sleeper of a dying process; that one wakes the rest, also if it
	// has got by now what it slept for.
	for (unsigned i = 1; i < z->count; i++) {
		uint32_t *death = (uint32_t *)(uintptr_t)z->words[i].address;
		if (SHK_LOAD(death) != (uint32_t)z->words[i].value)
			shk_futex_wake(death, INT_MAX);
	}
	z->ask = err == -ETIMEDOUT;
	if (z->ask && !z->moment && z->slice < SHK_ASLEEP_MOST)
		z->slice *= 2;
}

// shk_queue_announce says that somebody is about to sleep until there is what it lacks, and
// names the word: 0 if that has changed meanwhile.
static inline int shk_queue_announce(shmkit_queue *q, shk_queue_sleep *z, int want, int lack)
{
	shmkit_queue_head *head = q->head;
	z->count = 1;
	if (lack == SHK_WANT_BLOCK) {
		if (want & SHK_WANT_ROOM)
			shk_queue_wake(q, &head->space); // there is room, and we may have been woken for that
		shk_waiter_set(&z->words[0], &head->freed, SHK_LOAD(&head->freed));
		SHK_OR(&head->flags, SHMKIT_QUEUE_STARVED);
		z->moment = !shk_queue_barrier(q);
		return 1;
	}
	// In a closed queue it is a block that says that nothing comes back.
	z->moment = lack == SHK_WANT_ITEM && shk_queue_closing(q) && !shk_queue_barrier(q);
	uint32_t *futex = lack == SHK_WANT_ITEM ? &head->items : &head->space;
	uint32_t now = SHK_LOAD(futex), next = shk_sleepers_announce(now);
	shk_waiter_set(&z->words[0], futex, next);
	return next == now || shk_cas32(futex, now, next);
}

// shk_queue_pass_on wakes one more of those who sleep where one is woken at a time: a call
// that gives up may have been woken for something that it does not take.
static inline int shk_queue_pass_on(shmkit_queue *q, int want, int slept)
{
	if (slept && want & SHK_WANT_ITEM)
		shk_queue_futex_wake(q, &q->head->items, 1);
	if (slept && want & SHK_WANT_ROOM)
		shk_queue_futex_wake(q, &q->head->space, 1);
	else if (want & SHK_WANT_ROOM)
		shk_queue_wake(q, &q->head->space); // it may have found room just now, and no block
	return SHMKIT_ETIMEDOUT;
}

// shk_queue_await returns 0 when there is, or was, what the caller wants; else
// SHMKIT_ETIMEDOUT.
static inline int shk_queue_await(shmkit_queue *q, int want, int64_t deadline)
{
	shk_queue_sleep z;
	memset(&z, 0, sizeof z);
	z.slice = SHK_ASLEEP_FIRST;
	if (shk_queue_spin(q, want))
		return 0;
	for (int lack; (lack = shk_queue_lacks(q, want)) != 0;) {
		if (deadline != INT64_MAX && shk_clock(CLOCK_MONOTONIC) >= deadline)
			return shk_queue_pass_on(q, want, z.slept);
		// Announce, then look again: what came in between was not announced to us.
		if (shk_queue_announce(q, &z, want, lack) && !shk_queue_mourn(q, &z) && shk_queue_lacks(q, want) == lack)
			shk_queue_nap(q, &z, deadline);
	}
	return 0;
}

#endif
