// The event of an object. Word and state table: docs/format.md; the algorithm is the
// one of the Go package sync, step by step.

#ifndef SHMKIT_EVENT_H
#define SHMKIT_EVENT_H

#include "shmkit_mutex.h"

// shk_event_word is the word of an event; *err tells why there is none.
static inline uint32_t *shk_event_word(const shmkit_handle *h, int writes, int *err)
{
	if (h->segment == NULL || h->segment->base == NULL)
		*err = SHMKIT_ECLOSED;
	else if (h->kind != SHMKIT_OBJECT_EVENT || h->size < sizeof(shmkit_event))
		*err = SHMKIT_ETYPE;
	else if (writes && h->segment->flags & SHMKIT_READONLY)
		*err = SHMKIT_EPERM;
	else
		*err = 0;
	return *err ? NULL : &((shmkit_event *)(void *)h->data)->word;
}

// shmkit_event_set sets the event and wakes all who wait. It takes no lock and may be
// called from a signal handler. It synchronizes before the return of each wait that it
// ends, in whatever language.
//
// Returns 0; SHMKIT_ETYPE if the object is no event; SHMKIT_EPERM on a read-only
// segment; SHMKIT_ECLOSED.
static inline int shmkit_event_set(shmkit_handle *h)
{
	int err, saved = errno;
	uint32_t *word = shk_event_word(h, 1, &err);
	if (err)
		return err;
	for (;;) {
		uint32_t w = SHK_LOAD(word);
		if ((w & (SHMKIT_EVENT_IS_SET | SHMKIT_EVENT_WAITERS)) == SHMKIT_EVENT_IS_SET)
			return 0;
		if (!shk_cas32(word, w, SHMKIT_EVENT_IS_SET | ((w + 1) & SHMKIT_EVENT_GENERATION)))
			continue;
		if (w & SHMKIT_EVENT_WAITERS) {
			SHK_ADD(&h->segment->self->wakes, (uint64_t)1);
			shk_futex_wake(word, INT_MAX);
			errno = saved;
		}
		return 0;
	}
}

// shmkit_event_clear makes the event one that is not set. Whoever waited for a set
// before gets it all the same. Returns as shmkit_event_set.
static inline int shmkit_event_clear(shmkit_handle *h)
{
	int err;
	uint32_t *word = shk_event_word(h, 1, &err);
	if (err)
		return err;
	for (;;) {
		uint32_t w = SHK_LOAD(word);
		if (!(w & SHMKIT_EVENT_IS_SET) || shk_cas32(word, w, w & ~SHMKIT_EVENT_IS_SET))
			return 0;
	}
}

// shmkit_event_is_set tells whether the event is set now: 1 or 0; 0 too for a handle
// that is closed or no event. It may be called on a read-only segment, and from a signal
// handler.
static inline int shmkit_event_is_set(const shmkit_handle *h)
{
	int err;
	uint32_t *word = shk_event_word(h, 0, &err);
	return err == 0 && (SHK_LOAD(word) & SHMKIT_EVENT_IS_SET) != 0;
}

// shk_event_wait sleeps until the event is set, or was since the call began.
static inline int shk_event_wait(shmkit_handle *h, int64_t deadline)
{
	int err;
	uint32_t *word = shk_event_word(h, 1, &err);
	if (err)
		return err;
	uint32_t w = SHK_LOAD(word);
	const uint32_t began = w & SHMKIT_EVENT_GENERATION;
	int64_t slice = SHK_ASLEEP_FIRST;
	for (int spins = h->segment->spins;; w = SHK_LOAD(word)) {
		if (w & SHMKIT_EVENT_IS_SET || (w & SHMKIT_EVENT_GENERATION) != began)
			return 0;
		if (spins-- > 0) {
			shk_pause();
			continue;
		}
		int64_t now = shk_clock(CLOCK_MONOTONIC);
		if (now >= deadline)
			return SHMKIT_ETIMEDOUT;
		if (!(w & SHMKIT_EVENT_WAITERS) && !shk_cas32(word, w, w | SHMKIT_EVENT_WAITERS))
			continue;
		// A bounded sleep is the net under a setter that died before it woke us.
		int64_t until = deadline - now < slice ? deadline : now + slice;
		SHK_ADD(&h->segment->self->sleeps, (uint64_t)1);
		if (shk_futex_wait(word, w | SHMKIT_EVENT_WAITERS, until) == -ETIMEDOUT && slice < SHK_ASLEEP_MOST)
			slice *= 2;
	}
}

// shmkit_event_wait returns 0 when the event is set, also if it was cleared again since
// the call began. Else as shmkit_event_set: waiting writes.
static inline int shmkit_event_wait(shmkit_handle *h) { return shk_event_wait(h, INT64_MAX); }

// shmkit_event_timedwait is shmkit_event_wait with a deadline on CLOCK_MONOTONIC, after
// which it returns SHMKIT_ETIMEDOUT; see shmkit_deadline.
static inline int shmkit_event_timedwait(shmkit_handle *h, const struct timespec *deadline)
{
	return shk_event_wait(h, shk_deadline_ns(deadline));
}

#endif
