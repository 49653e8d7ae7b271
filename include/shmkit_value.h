// Values of any type, as a whole: structs, arrays, complex numbers.

#ifndef SHMKIT_VALUE_H
#define SHMKIT_VALUE_H

#include "shmkit_mutex.h"

// Nobody ever sees half a Value, whoever is killed when. An item of 1, 2, 4 or 8
// bytes is loaded and stored by one instruction, without the lock. Any other has a
// shadow beside it: the holder of the lock writes the shadow, marks it as the
// value, and copies it over the item; if it dies, the next holder copies again.

static inline void shk_copy_atomic(void *to, const void *from, uint32_t size)
{
	switch (size) {
	case 1: SHK_STORE((uint8_t *)to, SHK_LOAD((const uint8_t *)from)); break;
	case 2: SHK_STORE((uint16_t *)to, SHK_LOAD((const uint16_t *)from)); break;
	case 4: SHK_STORE((uint32_t *)to, SHK_LOAD((const uint32_t *)from)); break;
	default: SHK_STORE((uint64_t *)to, SHK_LOAD((const uint64_t *)from)); break;
	}
}

// shk_mutex_abandon gives a lock to nobody, so that the next one is told of the
// death that this process was told of. It was not dealt with, so it does not count.
// Who is woken sets the flag of the waiters again.
static inline void shk_mutex_abandon(shmkit_handle *h)
{
	uint32_t *word = &h->mutex->word, w;
	do {
		w = SHK_LOAD(word);
		if ((w & SHMKIT_OWNER_MASK) != h->segment->owner)
			return;
	} while (!shk_cas32(word, w, SHMKIT_MUTEX_ORPHAN));
	SHK_ADD(&h->mutex->takeovers, ~(uint64_t)0);
	SHK_ADD(&h->segment->self->recoveries, ~(uint64_t)0);
	if (w & SHMKIT_MUTEX_WAITERS)
		shk_mutex_wake(h, word, 1);
}

// shk_whole_begin locks and finishes what a dead holder was storing. *owed: some
// holder died in the middle of changes of its own; that is not ours to swallow.
static inline int shk_whole_begin(shmkit_handle *h, int *died, uint64_t *held)
{
	int err = 0;
	if (!shk_cas32(&h->mutex->word, 0, h->segment->owner))
		err = shk_mutex_slow(h, INT64_MAX);
	if (err != 0 && err != SHMKIT_EOWNERDEAD)
		return err;
	uint64_t was = SHK_LOAD(h->redo_state);
	if (was & SHMKIT_REDO_COPY)
		memcpy(h->items, h->redo_shadow, h->item_size);
	*died = err == SHMKIT_EOWNERDEAD;
	*held = SHMKIT_REDO_HELD;
	if (*died && (!(was & SHMKIT_REDO_HELD) || was & SHMKIT_REDO_OWED))
		*held |= SHMKIT_REDO_OWED;
	SHK_STORE(h->redo_state, *held);
	return 0;
}

static inline int shk_whole_end(shmkit_handle *h, int died, uint64_t held)
{
	SHK_STORE(h->redo_state, (uint64_t)0);
	if (held & SHMKIT_REDO_OWED) {
		shk_mutex_abandon(h);
		return 0;
	}
	int err = died ? shmkit_mutex_mark_consistent(h) : 0;
	return err ? err : shmkit_mutex_unlock(h);
}

static inline int shk_whole_usable(const shmkit_handle *h, size_t size)
{
	if (h->segment == NULL || h->segment->base == NULL)
		return SHMKIT_ECLOSED;
	return h->kind == SHMKIT_OBJECT_VALUE && h->count == 1 && h->item_size == size ? 0 : SHMKIT_ETYPE;
}

// shmkit_value_get copies the item of a Value, of any type, to *to; size is its
// sizeof. Compare h->signature first: the size alone does not tell the type.
//
// Returns 0; SHMKIT_ETYPE; SHMKIT_EPERM for a large item of a read-only segment;
// what shmkit_mutex_lock returns, except SHMKIT_EOWNERDEAD: a death that has to be
// told is told to the next one that locks. It must not be called with the lock
// of the Value held.
static inline int shmkit_value_get(shmkit_handle *h, void *to, size_t size)
{
	int died, err = shk_whole_usable(h, size);
	uint64_t held, copy;
	if (err == 0 && shk_one_store(size)) {
		shk_copy_atomic(&copy, h->items, h->item_size);
		memcpy(to, &copy, size);
		return 0;
	}
	if (err == 0 && (err = shk_mutex_usable(h)) == 0)
		err = shk_whole_begin(h, &died, &held);
	if (err)
		return err;
	memcpy(to, h->items, size);
	return shk_whole_end(h, died, held);
}

// shmkit_value_set stores *from as the item of a Value, of any type. Size, results
// and the lock as for shmkit_value_get.
static inline int shmkit_value_set(shmkit_handle *h, const void *from, size_t size)
{
	int died, err = shk_whole_usable(h, size);
	uint64_t held, copy = 0;
	if (err == 0 && h->segment->flags & SHMKIT_READONLY)
		return SHMKIT_EPERM;
	if (err == 0 && shk_one_store(size)) {
		memcpy(&copy, from, size);
		shk_copy_atomic(h->items, &copy, h->item_size);
		return 0;
	}
	if (err == 0 && (err = shk_mutex_usable(h)) == 0)
		err = shk_whole_begin(h, &died, &held);
	if (err)
		return err;
	memcpy(h->redo_shadow, from, size);
	SHK_STORE(h->redo_state, held | SHMKIT_REDO_COPY); // from here on the shadow is the value
	SHK_BARRIER(); // a store allows later plain ones to be moved before it
	memcpy(h->items, from, size);
	return shk_whole_end(h, died, held);
}

#endif
