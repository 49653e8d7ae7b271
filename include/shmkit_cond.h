// The condition. Cells and state table: docs/format.md; the algorithm is the one of the
// Go package sync, step by step.

#ifndef SHMKIT_COND_H
#define SHMKIT_COND_H

#include "shmkit_mutex.h"

// shk_cond is a condition and the lock that it belongs to.
typedef struct shk_cond {
	shmkit_handle *handle, *mutex;
	shmkit_segment *segment;
	shmkit_cond *head;
	uint64_t *cells;
	uint32_t count;
} shk_cond;

// --- cells -------------------------------------------------------------------

static inline uint64_t shk_cond_cell(uint64_t state, uint32_t owner, uint32_t stamp)
{
	return state | (uint64_t)(stamp & SHMKIT_COND_TICKET_MASK) << SHMKIT_COND_TICKET_SHIFT |
	       (uint64_t)owner << SHMKIT_COND_OWNER_SHIFT;
}

static inline uint64_t shk_cond_state(uint64_t w) { return w & SHMKIT_COND_STATE_MASK; }
static inline uint32_t shk_cond_owner(uint64_t w) { return (uint32_t)(w >> SHMKIT_COND_OWNER_SHIFT); }
static inline uint32_t shk_cond_stamp(uint64_t w) { return (uint32_t)w >> SHMKIT_COND_TICKET_SHIFT; }
static inline uint32_t *shk_cond_futex(uint64_t *cell) { return (uint32_t *)(void *)cell; }

static inline int shk_cond_older(uint32_t a, uint32_t b)
{
	return (int32_t)((b - a) << SHMKIT_COND_TICKET_SHIFT) > 0;
}

static inline int shk_cond_waits(uint64_t w)
{
	return shk_cond_state(w) == SHMKIT_COND_LOOKING || shk_cond_state(w) == SHMKIT_COND_ASLEEP;
}

// shk_cond_for tells whether w is a notification that who waits since ticket may have.
static inline int shk_cond_for(uint64_t w, uint32_t ticket)
{
	return shk_cond_state(w) == SHMKIT_COND_NOTIFIED && shk_cond_older(ticket, shk_cond_stamp(w));
}

static inline uint32_t shk_cond_high(shk_cond *c)
{
	uint32_t high = SHK_LOAD(&c->head->high);
	return high < c->count ? high : c->count;
}

static inline void shk_cond_wake(shk_cond *c, uint64_t *cell)
{
	SHK_ADD(&c->segment->self->wakes, (uint64_t)1);
	shk_futex_wake(shk_cond_futex(cell), 1);
}

// --- what the dead leave -----------------------------------------------------

// shk_cond_left_one notes that there is a notification without an owner.
static inline void shk_cond_left_one(shk_cond *c)
{
	if (SHK_ADD(&c->head->left, (uint32_t)1) == UINT32_MAX)
		SHK_ADD(&c->head->left, (uint32_t)1);
}

// shk_cond_disown takes a cell away from owner. A notification in it stays, without an
// owner.
static inline void shk_cond_disown(shk_cond *c, uint64_t *cell, uint32_t owner)
{
	for (;;) {
		uint64_t w = SHK_LOAD(cell), next = SHMKIT_COND_FREE;
		if (w == SHMKIT_COND_FREE || shk_cond_owner(w) != owner)
			return;
		if (shk_cond_state(w) == SHMKIT_COND_NOTIFIED)
			next = shk_cond_cell(SHMKIT_COND_NOTIFIED, 0, shk_cond_stamp(w));
		if (!shk_cas64(cell, w, next))
			continue;
		if (next != SHMKIT_COND_FREE)
			shk_cond_left_one(c);
		return;
	}
}

// shk_cond_oldest finds the cell of the oldest waiter who may have the notification w,
// of those who sleep or of all; NULL if there is none.
static inline uint64_t *shk_cond_oldest(shk_cond *c, uint64_t w, int asleep)
{
	uint64_t *found = NULL;
	uint32_t ticket = 0;
	for (uint32_t i = 0; i < c->count; i++) {
		uint64_t x = SHK_LOAD(&c->cells[i]);
		if (!shk_cond_waits(x) || !shk_cond_for(w, shk_cond_stamp(x)) || (asleep && shk_cond_state(x) != SHMKIT_COND_ASLEEP))
			continue;
		if (found == NULL || shk_cond_older(shk_cond_stamp(x), ticket)) {
			found = &c->cells[i];
			ticket = shk_cond_stamp(x);
		}
	}
	return found;
}

// shk_cond_nudge lets somebody look for the notification in cell, or ends it if it is
// for nobody. It tells whether the notification stays.
static inline int shk_cond_nudge(shk_cond *c, uint64_t *cell)
{
	for (;;) {
		uint64_t w = SHK_LOAD(cell);
		if (shk_cond_state(w) != SHMKIT_COND_NOTIFIED || shk_cond_owner(w) != 0)
			return 0;
		uint64_t *sleeper = shk_cond_oldest(c, w, 1);
		if (sleeper == NULL && shk_cond_oldest(c, w, 0) != NULL)
			return 1; // that one looks before it sleeps
		if (sleeper == NULL) {
			if (shk_cas64(cell, w, SHMKIT_COND_FREE))
				return 0;
			continue;
		}
		uint64_t x = SHK_LOAD(sleeper);
		if (shk_cond_state(x) != SHMKIT_COND_ASLEEP ||
		    !shk_cas64(sleeper, x, shk_cond_cell(SHMKIT_COND_LOOKING, shk_cond_owner(x), shk_cond_stamp(x))))
			continue;
		shk_cond_wake(c, sleeper);
		return 1;
	}
}

// shk_cond_pass_on sees to it that somebody looks for each notification without an
// owner.
static inline void shk_cond_pass_on(shk_cond *c)
{
	for (;;) {
		uint32_t seen = SHK_LOAD(&c->head->left);
		int left = 0;
		for (uint32_t i = 0; i < c->count; i++)
			left |= shk_cond_nudge(c, &c->cells[i]);
		// Whoever made it was killed before it could note it. Who was nudged may have left
		// by now, and not known that it had to pass that on: once more.
		if (left && seen == 0)
			shk_cond_left_one(c);
		else if (left || seen == 0 || shk_cas32(&c->head->left, seen, 0))
			return;
	}
}

static inline void shk_cond_tidy(shk_cond *c)
{
	if (SHK_LOAD(&c->head->left) != 0)
		shk_cond_pass_on(c);
}

// shk_cond_find fills *c from a handle, whose record was checked when it was found.
static inline int shk_cond_find(shmkit_handle *h, shk_cond *c)
{
	if (h->segment == NULL || h->segment->base == NULL)
		return SHMKIT_ECLOSED;
	if (h->kind != SHMKIT_OBJECT_COND)
		return SHMKIT_ETYPE;
	if (h->segment->flags & SHMKIT_READONLY)
		return SHMKIT_EPERM;
	if (h->item_size != sizeof *c->cells || (size_t)(h->items - h->data) < sizeof *c->head)
		return shk_corrupt(h->segment, "object.item_size", h->item_size);
	if (h->count > SHMKIT_COND_MOST)
		return shk_corrupt(h->segment, "object.count", h->count);
	c->handle = h;
	c->mutex = NULL;
	c->segment = h->segment;
	c->head = (shmkit_cond *)(void *)h->data;
	c->cells = (uint64_t *)(void *)h->items;
	c->count = (uint32_t)h->count;
	return 0;
}

// shk_cond_of is shk_cond_find for a call that needs the lock.
static inline int shk_cond_of(shmkit_handle *h, shmkit_handle *mutex, shk_cond *c)
{
	int err = shk_cond_find(h, c);
	if (err == 0)
		err = shk_mutex_usable(mutex);
	if (err)
		return err;
	c->mutex = mutex;
	if (mutex->segment != h->segment || mutex->kind != SHMKIT_OBJECT_MUTEX ||
	    mutex->index != SHK_LOAD(&c->head->lock_index) || mutex->generation != SHK_LOAD(&c->head->lock_generation))
		return SHMKIT_ETYPE;
	return (SHK_LOAD(&mutex->mutex->word) & SHMKIT_OWNER_MASK) == h->segment->owner ? 0 : SHMKIT_EPERM;
}

// --- waiting -----------------------------------------------------------------

// shk_cond_claim gets a ticket and a cell. The caller holds the lock.
static inline int shk_cond_claim(shk_cond *c, uint64_t **cell)
{
	uint32_t ticket = SHK_LOAD(&c->head->ticket) & SHMKIT_COND_TICKET_MASK;
	uint64_t mine = shk_cond_cell(SHMKIT_COND_LOOKING, c->segment->owner, ticket);
	for (int tries = 0; tries < 2; tries++) {
		for (uint32_t i = 0; i < c->count; i++) {
			if (SHK_LOAD(&c->cells[i]) != SHMKIT_COND_FREE)
				continue;
			if (i >= shk_cond_high(c))
				SHK_STORE(&c->head->high, i + 1); // first, so that no waiter is ever beyond it
			if (!shk_cas64(&c->cells[i], SHMKIT_COND_FREE, mine))
				continue;
			SHK_STORE(&c->head->ticket, (ticket + 1) & SHMKIT_COND_TICKET_MASK);
			*cell = &c->cells[i];
			return 0;
		}
		for (uint32_t i = 0; i < c->count; i++) {
			uint32_t owner = shk_cond_owner(SHK_LOAD(&c->cells[i]));
			if (owner != 0 && shk_liveness(c->segment, owner, 1) == SHK_DEAD)
				shk_cond_disown(c, &c->cells[i], owner);
		}
		shk_cond_pass_on(c);
	}
	return SHMKIT_ETOOMANY;
}

// shk_cond_release gives the lock back. One that came with SHMKIT_EOWNERDEAD and is not
// repaired goes on with that warning.
static inline int shk_cond_release(shk_cond *c)
{
	shmkit_handle *m = c->mutex;
	uint32_t *word = &m->mutex->word;
	for (;;) {
		uint32_t w = SHK_LOAD(word);
		if ((w & SHMKIT_OWNER_MASK) != c->segment->owner)
			return SHMKIT_EPERM;
		if (!(w & SHMKIT_MUTEX_DIED))
			return shmkit_mutex_unlock(m);
		if (!shk_cas32(word, w, SHMKIT_MUTEX_ORPHAN))
			continue;
		if (w & SHMKIT_MUTEX_WAITERS)
			shk_mutex_wake(m, word, 1);
		return 0;
	}
}

// shk_cond_adopt makes the notification w in another cell that of this wait, and gives
// the own cell up.
static inline int shk_cond_adopt(shk_cond *c, uint64_t *other, uint64_t w, uint64_t **cell)
{
	uint64_t *own = *cell;
	if (!shk_cas64(other, w, shk_cond_cell(SHMKIT_COND_NOTIFIED, c->segment->owner, shk_cond_stamp(w))))
		return 0;
	*cell = other;
	// If it was notified meanwhile, one of the two is for somebody else.
	shk_cond_disown(c, own, c->segment->owner);
	shk_cond_tidy(c);
	return 1;
}

// shk_cond_look searches for what the dead were notified of. *watch becomes the death
// word of one of those whose death would make a difference, or NULL.
static inline int shk_cond_look(shk_cond *c, uint64_t **cell, shk_wait_state *state, uint32_t **watch, uint32_t *alive)
{
	uint32_t ticket = shk_cond_stamp(SHK_LOAD(*cell)), asked = 0;
	*watch = NULL;
	for (uint32_t i = 0; i < shk_cond_high(c); i++) {
		uint64_t w = SHK_LOAD(&c->cells[i]);
		uint32_t owner = shk_cond_owner(w), value;
		if (w == SHMKIT_COND_FREE || owner == c->segment->owner || (owner != 0 && owner == asked))
			continue;
		if (shk_cond_waits(w) ? !shk_cond_older(shk_cond_stamp(w), ticket) : !shk_cond_for(w, ticket))
			continue;
		if (owner != 0) {
			// Before the question who lives: a death after the answer changes the word.
			uint32_t *death = shk_death_word(c->segment, owner, &value);
			shk_life life = shk_liveness(c->segment, owner, state->ask);
			if (life != SHK_DEAD) {
				asked = owner;
				if (death != NULL && *watch == NULL)
					*watch = death, *alive = value;
				if (life == SHK_DYING)
					state->nap = SHK_NAP_MOST; // look again soon
				continue;
			}
		}
		if (shk_cond_waits(w))
			shk_cond_disown(c, &c->cells[i], owner);
		else if (shk_cond_adopt(c, &c->cells[i], w, cell))
			return 1;
	}
	return 0;
}

// shk_cond_sleep is one sleep of a wait. The bound is the net under a waker that died
// before it woke us; it decides nothing by itself.
static inline void shk_cond_sleep(shk_cond *c, uint64_t *cell, uint64_t w, shk_wait_state *state, uint32_t *watch, uint32_t alive)
{
	shmkit_segment *s = c->segment;
	int64_t now = shk_clock(CLOCK_MONOTONIC), slice = state->nap ? state->nap : state->slice;
	int64_t until = state->deadline - now < slice ? state->deadline : now + slice;
	int err = -ENOSYS;
	if (!state->keep)
		SHK_ADD(&s->self->sleeps, (uint64_t)1);
	state->keep = 1;
	if (watch != NULL && !SHK_LOAD(&s->no_waitv))
		err = shk_futex_wait2(shk_cond_futex(cell), (uint32_t)w, watch, alive, until);
	if (shk_refused(err)) {
		if (watch != NULL)
			SHK_STORE(&s->no_waitv, 1);
		err = shk_futex_wait(shk_cond_futex(cell), (uint32_t)w, until);
	}
	// The kernel wakes one sleeper of a dying process; that one wakes the rest.
	if (watch != NULL && SHK_LOAD(watch) != alive)
		shk_futex_wake(watch, INT_MAX);
	state->ask = err == -ETIMEDOUT;
	if (state->ask && !state->nap && state->slice < SHK_ASLEEP_MOST)
		state->slice *= 2;
}

// shk_cond_block is a wait from the moment that the lock is given back: 0 when it was
// notified, SHMKIT_ETIMEDOUT.
static inline int shk_cond_block(shk_cond *c, uint64_t **cell, int64_t deadline)
{
	shk_wait_state state = {deadline, SHK_ASLEEP_FIRST, 0, 0, 0};
	uint32_t self = c->segment->owner, alive = 0, *watch;
	for (int spins = c->segment->spins;;) {
		uint64_t w = SHK_LOAD(*cell);
		if (shk_cond_owner(w) != self || w == SHMKIT_COND_FREE)
			return shk_corrupt(c->segment, "cond.cell", w);
		if (shk_cond_state(w) == SHMKIT_COND_NOTIFIED)
			return 0;
		if (deadline != INT64_MAX && shk_clock(CLOCK_MONOTONIC) >= deadline) {
			if (!shk_cas64(*cell, w, SHMKIT_COND_FREE))
				continue;
			shk_cond_tidy(c); // it may have been nudged, for another now
			return SHMKIT_ETIMEDOUT;
		}
		if (spins-- > 0) {
			shk_pause();
			continue;
		}
		// First asleep, then the look around: who leaves something does it the other way
		// round.
		uint64_t asleep = shk_cond_cell(SHMKIT_COND_ASLEEP, self, shk_cond_stamp(w));
		if (w != asleep && !shk_cas64(*cell, w, asleep))
			continue;
		state.nap = 0;
		if (!shk_cond_look(c, cell, &state, &watch, &alive))
			shk_cond_sleep(c, *cell, asleep, &state, watch, alive);
	}
}

static inline int shk_cond_wait(shmkit_handle *h, shmkit_handle *mutex, int64_t deadline)
{
	shk_cond c;
	uint64_t *cell;
	int err = shk_cond_of(h, mutex, &c);
	if (err == 0)
		err = shk_cond_claim(&c, &cell);
	if (err)
		return err;
	if ((err = shk_cond_release(&c)) == 0)
		err = shk_cond_block(&c, &cell, deadline);
	else
		shk_cond_disown(&c, cell, c.segment->owner);
	// With a damaged cell the mutex stays given back, as with a damaged mutex.
	int back = err == SHMKIT_EPERM || err == SHMKIT_ECORRUPT ? err : shmkit_mutex_lock(mutex);
	if (err == 0 && (back == 0 || back == SHMKIT_EOWNERDEAD))
		SHK_STORE(cell, (uint64_t)SHMKIT_COND_FREE);
	else if (err == 0)
		shk_cond_disown(&c, cell, c.segment->owner); // it did nothing with it
	shk_cond_tidy(&c);
	return back ? back : err;
}

// shmkit_cond_wait gives the mutex of a Cond back, waits until this call is notified,
// and takes the mutex again. The Cond was made for that Mutex, by a Go program. Any
// thread of a process that holds the mutex. A notification that comes after the mutex
// was given back is not missed; one that a killed waiter did not live to see goes to
// the next. Call it in a loop: after a death a wait may end without a notification.
//
// Returns 0; SHMKIT_EOWNERDEAD: as for shmkit_mutex_lock, with the mutex held;
// SHMKIT_ETOOMANY: all waiter cells are in use, nothing was given back; without the
// mutex: SHMKIT_EPERM if it was not held, SHMKIT_ENOTRECOVERABLE, SHMKIT_ECORRUPT.
// SHMKIT_ETYPE: no Cond, or not its Mutex; SHMKIT_ECLOSED.
static inline int shmkit_cond_wait(shmkit_handle *cond, shmkit_handle *mutex)
{
	return shk_cond_wait(cond, mutex, INT64_MAX);
}

// shmkit_cond_timedwait is shmkit_cond_wait with a deadline on CLOCK_MONOTONIC, after
// which it takes the mutex, however long that takes, and returns SHMKIT_ETIMEDOUT, or
// SHMKIT_EOWNERDEAD; see shmkit_deadline.
static inline int shmkit_cond_timedwait(shmkit_handle *cond, shmkit_handle *mutex, const struct timespec *deadline)
{
	return shk_cond_wait(cond, mutex, shk_deadline_ns(deadline));
}

// --- notifying ---------------------------------------------------------------

// shk_cond_next finds the oldest wait of a process that lives. Cells of the dead are
// freed, or left without an owner.
static inline uint64_t *shk_cond_next(shk_cond *c, uint64_t *w)
{
	uint64_t *found = NULL;
	for (uint32_t i = 0; i < shk_cond_high(c); i++) {
		uint64_t x = SHK_LOAD(&c->cells[i]);
		uint32_t owner = shk_cond_owner(x);
		if (x == SHMKIT_COND_FREE || owner == 0)
			continue;
		shk_life life = shk_liveness(c->segment, owner, 0);
		if (life == SHK_DEAD)
			shk_cond_disown(c, &c->cells[i], owner);
		if (life != SHK_ALIVE || !shk_cond_waits(x))
			continue;
		if (found == NULL || shk_cond_older(shk_cond_stamp(x), shk_cond_stamp(*w))) {
			found = &c->cells[i];
			*w = x;
		}
	}
	return found;
}

// shmkit_cond_notify ends n waits, or all if there are fewer, those that began first.
// It waits for none of them. The caller holds the mutex. Any thread.
//
// Returns 0; SHMKIT_EPERM if this process does not hold the mutex; SHMKIT_ETYPE: no
// Cond, or not its Mutex; SHMKIT_ECORRUPT; SHMKIT_ECLOSED.
static inline int shmkit_cond_notify(shmkit_handle *cond, shmkit_handle *mutex, uint32_t n)
{
	shk_cond c;
	uint64_t w = 0, *cell;
	int err = shk_cond_of(cond, mutex, &c);
	if (err)
		return err;
	uint32_t next = SHK_LOAD(&c.head->ticket);
	while (n > 0 && (cell = shk_cond_next(&c, &w)) != NULL) {
		if (!shk_cas64(cell, w, shk_cond_cell(SHMKIT_COND_NOTIFIED, shk_cond_owner(w), next)))
			continue; // it fell asleep, or gave up
		if (shk_cond_state(w) == SHMKIT_COND_ASLEEP)
			shk_cond_wake(&c, cell);
		n--;
	}
	shk_cond_tidy(&c);
	return 0;
}

// shmkit_cond_notify_all ends all waits; see shmkit_cond_notify.
static inline int shmkit_cond_notify_all(shmkit_handle *cond, shmkit_handle *mutex)
{
	return shmkit_cond_notify(cond, mutex, UINT32_MAX);
}

// shk_cond_resolve ends what this process has in a condition, before it leaves. Its
// handles are checked again: the record may be any.
static inline void shk_cond_resolve(shmkit_segment *s, shmkit_object *o)
{
	shmkit_handle h;
	shk_cond c;
	memset(&h, 0, sizeof h);
	h.segment = s;
	h.record = o;
	if (shk_fill(&h) != 0 || shk_cond_find(&h, &c) != 0)
		return;
	for (uint32_t i = 0; i < c.count; i++)
		shk_cond_disown(&c, &c.cells[i], s->owner);
	shk_cond_pass_on(&c);
}

#endif
