// The robust mutex of an object. Word and state table: docs/format.md; the
// algorithm is the one of the Go package sync, step by step.

#ifndef SHMKIT_MUTEX_H
#define SHMKIT_MUTEX_H

#include "shmkit_object.h"

#ifndef SHK_ASLEEP_FIRST // tests set it
#define SHK_ASLEEP_FIRST INT64_C(4000000) // ns
#endif
enum { SHK_ASLEEP_MOST = 256000000 }; // ns
enum { SHK_NAP_FIRST = 20000, SHK_NAP_MOST = 5000000 };           // ns
enum { SHK_SPINS = 100 };

// shk_wait_state is what one blocking call remembers between its tries.
typedef struct shk_wait_state {
	int64_t deadline; // monotonic ns, or INT64_MAX
	int64_t slice;    // longest next sleep
	int64_t nap;      // next nap while a holder is dying
	uint32_t keep;    // SHMKIT_MUTEX_WAITERS once this call has slept: others may still sleep
	int ask;          // do not rely on the death word this time
} shk_wait_state;

static inline int shk_mutex_taken_over(shmkit_handle *h)
{
	SHK_ADD(&h->mutex->takeovers, (uint64_t)1);
	SHK_ADD(&h->segment->self->recoveries, (uint64_t)1);
	return SHMKIT_EOWNERDEAD;
}

static inline void shk_mutex_wake(shmkit_handle *h, uint32_t *word, int n)
{
	SHK_ADD(&h->segment->self->wakes, (uint64_t)1);
	shk_futex_wake(word, n);
}

// shk_mutex_taken follows a lock that was taken with this word. Others may sleep on
// the death word of a holder before: one of them has to see the new holder.
static inline int shk_mutex_taken(shmkit_handle *h, uint32_t waiters, int err)
{
	if (waiters)
		shk_mutex_wake(h, &h->mutex->word, 1);
	return err;
}

// shk_mutex_try makes one attempt at the word w that was read. SHMKIT_EBUSY: its
// holder lives; SHK_AGAIN: the word changed; -EINPROGRESS: its holder is dying.
static inline int shk_mutex_try(shmkit_handle *h, uint32_t w, uint32_t keep, int ask)
{
	shmkit_segment *s = h->segment;
	uint32_t *word = &h->mutex->word;
	uint32_t owner = w & SHMKIT_OWNER_MASK, waiters = (w & SHMKIT_MUTEX_WAITERS) | keep;
	switch (w & ~SHMKIT_MUTEX_WAITERS) {
	case 0:
		return shk_cas32(word, w, s->owner | waiters) ? shk_mutex_taken(h, waiters, 0) : (int)SHK_AGAIN;
	case SHMKIT_MUTEX_ORPHAN:
		if (!shk_cas32(word, w, s->owner | SHMKIT_MUTEX_DIED | waiters))
			return SHK_AGAIN;
		return shk_mutex_taken(h, waiters, shk_mutex_taken_over(h));
	case SHMKIT_MUTEX_UNUSABLE:
		return SHMKIT_ENOTRECOVERABLE;
	}
	if ((owner & SHMKIT_GENERATION_MASK) == 0)
		return shk_corrupt(s, "mutex.word", w);
	switch (shk_liveness(s, owner, ask)) {
	case SHK_ALIVE: return SHMKIT_EBUSY;
	case SHK_DYING: return -EINPROGRESS;
	case SHK_DEAD: break;
	}
	// This passes the lock from the dead to us.
	if (!shk_cas32(word, w, s->owner | SHMKIT_MUTEX_DIED | SHMKIT_MUTEX_WAITERS))
		return SHK_AGAIN;
	// Who still sleeps on the death word of the dead would not see ours.
	shk_mutex_wake(h, &shk_participant(s, shk_owner_slot(owner))->death, INT_MAX);
	return shk_mutex_taken(h, 1, shk_mutex_taken_over(h));
}

// shk_mutex_seen notes since when the holder has been seen, for tools.
static inline void shk_mutex_seen(shmkit_handle *h, uint32_t owner, int64_t now)
{
	if (SHK_LOAD(&h->mutex->seen_owner) == owner)
		return;
	SHK_STORE(&h->mutex->seen_ns, now);
	SHK_STORE(&h->mutex->seen_owner, owner);
}

// shk_mutex_sleep announces this waiter in w and sleeps until the word changes,
// its holder dies, or the slice or deadline is over.
static inline void shk_mutex_sleep(shmkit_handle *h, uint32_t w, shk_wait_state *state)
{
	shmkit_segment *s = h->segment;
	uint32_t *word = &h->mutex->word, owner = w & SHMKIT_OWNER_MASK, alive = 0;
	if (!(w & SHMKIT_MUTEX_WAITERS) && !shk_cas32(word, w, w | SHMKIT_MUTEX_WAITERS))
		return;
	w |= SHMKIT_MUTEX_WAITERS;
	state->keep = SHMKIT_MUTEX_WAITERS;
	int64_t now = shk_clock(CLOCK_MONOTONIC);
	int64_t until = state->deadline - now < state->slice ? state->deadline : now + state->slice;
	shk_mutex_seen(h, owner, now);
	SHK_ADD(&s->self->sleeps, (uint64_t)1);
	uint32_t *death = shk_death_word(s, owner, &alive);
	// It died since it was asked about: nobody would wake us.
	if (death == NULL && SHK_LOAD(&shk_participant(s, shk_owner_slot(owner))->death) != 0 && shk_owner_slot(owner) != s->own_slot)
		return;
	int err = -ENOSYS;
	if (death != NULL && !SHK_LOAD(&s->no_waitv))
		err = shk_futex_wait2(word, w, death, alive, until);
	if (shk_refused(err)) {
		if (death != NULL)
			SHK_STORE(&s->no_waitv, 1);
		err = shk_futex_wait(word, w, until);
	}
	// The kernel wakes one sleeper of a dying process; that one wakes the rest.
	if (death != NULL && err == 0 && SHK_LOAD(death) != alive)
		shk_mutex_wake(h, death, INT_MAX);
	// A bounded sleep is the net under a waker that died before it woke us, and
	// under a kernel that announces no deaths. It decides nothing by itself.
	state->ask = err == -ETIMEDOUT;
	if (state->ask && state->slice < SHK_ASLEEP_MOST)
		state->slice *= 2;
}

static inline void shk_mutex_nap(shk_wait_state *state)
{
	shk_nap(state->nap);
	if (state->nap < SHK_NAP_MOST)
		state->nap *= 2;
	state->ask = 1;
}

// shk_mutex_give_up passes on a wake-up that was meant for another sleeper and
// that this call may have eaten. The word does not tell: whoever woke us cleared the
// waiters bit, and the lock may have been taken since by one who knows of no sleeper.
static inline int shk_mutex_give_up(shmkit_handle *h, const shk_wait_state *state, int err)
{
	if (state->keep)
		shk_mutex_wake(h, &h->mutex->word, 1);
	return err;
}

static inline int shk_mutex_slow(shmkit_handle *h, int64_t deadline)
{
	uint32_t *word = &h->mutex->word;
	shk_wait_state state = {deadline, SHK_ASLEEP_FIRST, SHK_NAP_FIRST, 0, 0};
	for (int i = 0; i < h->segment->spins; i++) {
		if (SHK_LOAD(word) == 0 && shk_cas32(word, 0, h->segment->owner))
			return 0;
		shk_pause();
	}
	for (;;) {
		uint32_t w = SHK_LOAD(word);
		int err = shk_mutex_try(h, w, state.keep, state.ask);
		state.ask = 0;
		if (err == SHK_AGAIN)
			continue;
		if (err == 0 || err == SHMKIT_EOWNERDEAD)
			return err;
		if (err != SHMKIT_EBUSY && err != -EINPROGRESS)
			return shk_mutex_give_up(h, &state, err);
		if (deadline != INT64_MAX && shk_clock(CLOCK_MONOTONIC) >= deadline)
			return shk_mutex_give_up(h, &state, SHMKIT_ETIMEDOUT);
		if (err == SHMKIT_EBUSY)
			shk_mutex_sleep(h, w, &state);
		else
			shk_mutex_nap(&state);
	}
}

// shk_mutex_settle: whoever takes a lock over from the dead first finishes what
// they were storing, see shmkit_value.h.
static inline int shk_mutex_settle(shmkit_handle *h, int err)
{
	if (err == SHMKIT_EOWNERDEAD && h->redo_state != NULL) {
		if (SHK_LOAD(h->redo_state) & SHMKIT_REDO_COPY)
			memcpy(h->items, h->redo_shadow, h->item_size);
		SHK_STORE(h->redo_state, (uint64_t)0);
	}
	return err;
}

static inline int shk_mutex_usable(const shmkit_handle *h)
{
	if (h->segment == NULL || h->segment->base == NULL)
		return SHMKIT_ECLOSED;
	if (h->mutex == NULL || h->segment->flags & SHMKIT_READONLY)
		return SHMKIT_EPERM;
	return 0;
}

// shmkit_mutex_lock locks the mutex of an object: of a Mutex, or of a Value or
// Array that has one. It waits as long as the holder lives. The owner of the lock
// is this process: any thread of it may unlock, and a second lock from the same
// process waits for the first like any other. An unlock synchronizes before the
// lock that follows it, in whatever language.
//
// Returns 0; SHMKIT_EOWNERDEAD with the lock held if the last holder died inside:
// repair the data and call shmkit_mutex_mark_consistent before unlocking;
// SHMKIT_ENOTRECOVERABLE; SHMKIT_EPERM; SHMKIT_ECORRUPT; SHMKIT_ECLOSED.
static inline int shmkit_mutex_lock(shmkit_handle *h)
{
	int err = shk_mutex_usable(h);
	if (err || shk_cas32(&h->mutex->word, 0, h->segment->owner))
		return err;
	return shk_mutex_settle(h, shk_mutex_slow(h, INT64_MAX));
}

// shk_deadline_ns is a deadline in ns; one that is too far for that never comes.
static inline int64_t shk_deadline_ns(const struct timespec *t)
{
	if (t->tv_sec >= INT64_MAX / SHK_SECOND)
		return INT64_MAX;
	return t->tv_sec < 0 ? 0 : (int64_t)t->tv_sec * SHK_SECOND + t->tv_nsec;
}

// shmkit_mutex_timedlock is shmkit_mutex_lock with a deadline on CLOCK_MONOTONIC,
// after which it returns SHMKIT_ETIMEDOUT; see shmkit_deadline.
static inline int shmkit_mutex_timedlock(shmkit_handle *h, const struct timespec *deadline)
{
	int err = shk_mutex_usable(h);
	if (err || shk_cas32(&h->mutex->word, 0, h->segment->owner))
		return err;
	return shk_mutex_settle(h, shk_mutex_slow(h, shk_deadline_ns(deadline)));
}

// shmkit_deadline is the time on CLOCK_MONOTONIC that is so many ms from now.
static inline struct timespec shmkit_deadline(int64_t ms)
{
	const int64_t ns = SHK_SECOND / 1000, now = shk_clock(CLOCK_MONOTONIC);
	if (ms > (INT64_MAX - now) / ns)
		return shk_timespec(INT64_MAX);
	return shk_timespec(ms < -now / ns ? 0 : now + ms * ns);
}

// shmkit_mutex_trylock is shmkit_mutex_lock, but returns SHMKIT_EBUSY where that
// would wait.
static inline int shmkit_mutex_trylock(shmkit_handle *h)
{
	int err = shk_mutex_usable(h);
	if (err)
		return err;
	do
		err = shk_mutex_try(h, SHK_LOAD(&h->mutex->word), 0, 0);
	while (err == SHK_AGAIN);
	return err == -EINPROGRESS ? (int)SHMKIT_EBUSY : shk_mutex_settle(h, err);
}

static inline int shk_mutex_unlock_slow(shmkit_handle *h)
{
	uint32_t *word = &h->mutex->word;
	for (;;) {
		uint32_t w = SHK_LOAD(word);
		if ((w & SHMKIT_OWNER_MASK) != h->segment->owner)
			return SHMKIT_EPERM;
		int died = (w & SHMKIT_MUTEX_DIED) != 0;
		// A waiter may add its bit at any moment, and a thread that unlocks twice may
		// find the lock of another: only the word that was looked at is replaced. This
		// passes the lock to whoever takes it next.
		if (!shk_cas32(word, w, died ? SHMKIT_MUTEX_UNUSABLE : 0))
			continue;
		if (w & SHMKIT_MUTEX_WAITERS)
			shk_mutex_wake(h, word, died ? INT_MAX : 1);
		return 0;
	}
}

// shmkit_mutex_unlock unlocks. After SHMKIT_EOWNERDEAD without mark_consistent it
// makes the mutex unusable for everybody. SHMKIT_EPERM: not held by this process.
static inline int shmkit_mutex_unlock(shmkit_handle *h)
{
	int err = shk_mutex_usable(h);
	if (err || shk_cas32(&h->mutex->word, h->segment->owner, 0))
		return err;
	return shk_mutex_unlock_slow(h);
}

// shmkit_mutex_mark_consistent tells that the holder has repaired what its dead
// predecessor left. SHMKIT_EPERM: not held by this process, or nothing died.
static inline int shmkit_mutex_mark_consistent(shmkit_handle *h)
{
	int err = shk_mutex_usable(h);
	if (err)
		return err;
	for (;;) {
		uint32_t w = SHK_LOAD(&h->mutex->word);
		if ((w & SHMKIT_OWNER_MASK) != h->segment->owner || !(w & SHMKIT_MUTEX_DIED))
			return SHMKIT_EPERM;
		if (shk_cas32(&h->mutex->word, w, w & ~SHMKIT_MUTEX_DIED))
			return 0;
	}
}

#endif
