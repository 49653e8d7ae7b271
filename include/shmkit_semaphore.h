// The counting semaphore. Word and state table: docs/format.md; the algorithm is the
// one of the Go package sync, step by step.

#ifndef SHMKIT_SEMAPHORE_H
#define SHMKIT_SEMAPHORE_H

#include "shmkit_mutex.h"

static inline int shk_semaphore_of(const shmkit_handle *h, shmkit_semaphore **s)
{
	if (h->segment == NULL || h->segment->base == NULL)
		return SHMKIT_ECLOSED;
	if (h->kind != SHMKIT_OBJECT_SEMAPHORE)
		return SHMKIT_ETYPE;
	if (h->size < sizeof **s)
		return shk_corrupt(h->segment, "object.size", h->size);
	*s = (shmkit_semaphore *)(void *)h->data;
	return h->segment->flags & SHMKIT_READONLY ? SHMKIT_EPERM : 0;
}

static inline void shk_semaphore_wake(shmkit_handle *h, uint32_t *word, int n)
{
	if (n <= 0)
		return;
	SHK_ADD(&h->segment->self->wakes, (uint64_t)1);
	shk_futex_wake(word, n);
}

// shk_semaphore_try makes one attempt at the word w that was read: 0, SHK_AGAIN if it
// changed, SHMKIT_EBUSY if there are less than n. Who has slept answers for others who
// do: it leaves W set when it takes, and wakes the next one if it leaves something.
static inline int shk_semaphore_try(shmkit_handle *h, uint32_t *word, uint32_t w, uint32_t n, int slept)
{
	uint32_t flags = w & ~SHMKIT_SEMAPHORE_MOST, left = (w & SHMKIT_SEMAPHORE_MOST) - n;
	int wake = slept && left > 0 && !(flags & SHMKIT_SEMAPHORE_MANY);
	if ((w & SHMKIT_SEMAPHORE_MOST) < n)
		return SHMKIT_EBUSY;
	if (slept)
		flags |= SHMKIT_SEMAPHORE_WAITERS;
	if (!shk_cas32(word, w, flags | left))
		return SHK_AGAIN;
	shk_semaphore_wake(h, word, wake);
	return 0;
}

// shk_semaphore_sleep announces this waiter in w and sleeps until the word changes, or
// the slice or deadline is over. The bound is the net under a waker that died before
// it woke us; it decides nothing by itself.
static inline void shk_semaphore_sleep(shmkit_handle *h, uint32_t *word, uint32_t w, uint32_t n, shk_wait_state *state)
{
	uint32_t flags = SHMKIT_SEMAPHORE_WAITERS | (n > 1 ? SHMKIT_SEMAPHORE_MANY : 0);
	if ((w & flags) != flags && !shk_cas32(word, w, w | flags))
		return;
	// A wake-up on its way to one for whom there is enough may come here instead.
	if (n > 1 && !(w & SHMKIT_SEMAPHORE_MANY) && (w & SHMKIT_SEMAPHORE_MOST) != 0)
		shk_semaphore_wake(h, word, INT_MAX);
	int64_t now = shk_clock(CLOCK_MONOTONIC);
	int64_t until = state->deadline - now < state->slice ? state->deadline : now + state->slice;
	state->keep = SHMKIT_SEMAPHORE_WAITERS;
	SHK_ADD(&h->segment->self->sleeps, (uint64_t)1);
	if (shk_futex_wait(word, w | flags, until) == -ETIMEDOUT && state->slice < SHK_ASLEEP_MOST)
		state->slice *= 2;
}

static inline int shk_semaphore_slow(shmkit_handle *h, uint32_t *word, uint32_t n, int64_t deadline)
{
	shk_wait_state state = {deadline, SHK_ASLEEP_FIRST, SHK_NAP_FIRST, 0, 0};
	for (int spins = h->segment->spins;;) {
		uint32_t w = SHK_LOAD(word);
		int err = shk_semaphore_try(h, word, w, n, state.keep != 0);
		if (err == 0)
			return 0;
		if (err == SHK_AGAIN)
			continue;
		if (spins > 0) {
			spins--;
			shk_pause();
			continue;
		}
		if (deadline == INT64_MAX || shk_clock(CLOCK_MONOTONIC) < deadline) {
			shk_semaphore_sleep(h, word, w, n, &state);
			continue;
		}
		// The wake-up of another may have come to this call.
		if (state.keep)
			shk_semaphore_wake(h, word, 1);
		return SHMKIT_ETIMEDOUT;
	}
}

static inline int shk_semaphore_acquire(shmkit_handle *h, uint32_t n, int64_t deadline)
{
	shmkit_semaphore *s = NULL;
	int err = shk_semaphore_of(h, &s);
	if (err)
		return err;
	if (n < 1 || n > SHK_LOAD(&s->bound))
		return -EINVAL;
	return shk_semaphore_slow(h, &s->word, n, deadline);
}

// shmkit_semaphore_acquire takes n permits of a Semaphore, all at one instant, and
// waits until so many are free. Any thread of any process may release them; if this
// process dies they are lost. The release that makes a permit free synchronizes
// before the acquire that takes it, in whatever language.
//
// Returns 0; -EINVAL if n is 0 or there are never so many; SHMKIT_ETYPE for another
// kind of object; SHMKIT_EPERM for a read-only segment; SHMKIT_ECORRUPT;
// SHMKIT_ECLOSED.
static inline int shmkit_semaphore_acquire(shmkit_handle *h, uint32_t n)
{
	return shk_semaphore_acquire(h, n, INT64_MAX);
}

// shmkit_semaphore_timedacquire is shmkit_semaphore_acquire with a deadline on
// CLOCK_MONOTONIC, after which it returns SHMKIT_ETIMEDOUT; see shmkit_deadline.
static inline int shmkit_semaphore_timedacquire(shmkit_handle *h, uint32_t n, const struct timespec *deadline)
{
	return shk_semaphore_acquire(h, n, shk_deadline_ns(deadline));
}

// shmkit_semaphore_tryacquire is shmkit_semaphore_acquire, but returns SHMKIT_EBUSY
// where that would wait.
static inline int shmkit_semaphore_tryacquire(shmkit_handle *h, uint32_t n)
{
	shmkit_semaphore *s = NULL;
	int err = shk_semaphore_of(h, &s);
	if (err)
		return err;
	if (n < 1 || n > SHK_LOAD(&s->bound))
		return -EINVAL;
	do
		err = shk_semaphore_try(h, &s->word, SHK_LOAD(&s->word), n, 0);
	while (err == SHK_AGAIN);
	return err;
}

// shmkit_semaphore_release gives n permits, all or none of them, and wakes who waits.
// Returns as shmkit_semaphore_acquire; SHMKIT_ETOOMANY, and nothing has changed, if
// there is no room for so many below the bound.
static inline int shmkit_semaphore_release(shmkit_handle *h, uint32_t n)
{
	shmkit_semaphore *s = NULL;
	int err = shk_semaphore_of(h, &s);
	if (err)
		return err;
	uint32_t bound = SHK_LOAD(&s->bound);
	if (n < 1)
		return -EINVAL;
	if (bound > SHMKIT_SEMAPHORE_MOST)
		return shk_corrupt(h->segment, "semaphore.bound", bound);
	for (;;) {
		uint32_t w = SHK_LOAD(&s->word), count = w & SHMKIT_SEMAPHORE_MOST;
		if (count > bound || n > bound - count)
			return SHMKIT_ETOOMANY;
		// This passes the permits to whoever comes first.
		if (!shk_cas32(&s->word, w, count + n))
			continue;
		if (w & SHMKIT_SEMAPHORE_MANY)
			shk_semaphore_wake(h, &s->word, INT_MAX);
		else if (w & SHMKIT_SEMAPHORE_WAITERS)
			shk_semaphore_wake(h, &s->word, (int)n);
		return 0;
	}
}

// shmkit_semaphore_value stores how many permits are free at some instant of the call
// in *n. Returns 0; SHMKIT_ETYPE; SHMKIT_ECORRUPT; SHMKIT_ECLOSED. A read-only segment
// will do.
static inline int shmkit_semaphore_value(const shmkit_handle *h, uint32_t *n)
{
	shmkit_semaphore *s = NULL;
	int err = shk_semaphore_of(h, &s);
	if (err && err != SHMKIT_EPERM)
		return err;
	*n = SHK_LOAD(&s->word) & SHMKIT_SEMAPHORE_MOST;
	return 0;
}

#endif
