// shmkit.h: use a shmkit segment from C11 or C++11, with the guarantees that Go
// programs have. Header-only; Linux on x86-64 and arm64; GCC or Clang.
//
//   cc -std=gnu11 -I include program.c -pthread
//
// Include it first, or compile with -D_GNU_SOURCE.
//
// The model. A segment is one file that Go and C processes map. It holds named
// objects: a Mutex, a Semaphore, a Queue, a Value (one item), an Array (items), Bytes. A process that
// opens a segment becomes a participant: it owns one slot for as long as it lives,
// and the kernel itself tells the others when it is dead. Any process may be
// killed at any instruction: the next one to lock a mutex that the dead process
// held gets it, with SHMKIT_EOWNERDEAD. Go programs create segments and objects;
// C programs find and use them.
//
// Threads. Any thread may make any call on an open segment, except that
// shmkit_close must not run beside another call on the same segment. The owner
// of a lock is the process, not the thread. shmkit_open starts one thread that
// sleeps until shmkit_close: its end is what the kernel announces to the others.
// It must not be cancelled. Do not cancel a thread inside a call either.
//
// Fork. A child that was forked has no segment: the mapping is not inherited, and
// a pthread_atfork handler closes the descriptor, because it carries the lock that
// says that this slot is alive. Calls in the child return SHMKIT_ECLOSED; it opens
// the segment for itself. A child made by a bare clone(2), which runs no such
// handler, must exec or exit at once: while it lives it keeps the parent's slot
// from being found dead. exec ends the participation.
//
// Exit. A process that ends without shmkit_close is treated like one that was
// killed: correct, but somebody has to clean up after it. Go programs do; this
// header takes locks over from the dead, and what they had of a queue, but never cleans
// their slots.
//
// Memory orders. Every state word, owner field and death word, and all of
// shmkit_scalar.h, is sequentially consistent, as Go's atomics are. Plain data is
// ordered by the mutex that guards it.
//
// Trust. Bytes of a segment are input: every field is read once, checked, and
// then used; what is damaged gives SHMKIT_ECORRUPT with the name of the field in
// segment.detail. What no check can help against is another process of the same
// user that truncates the file. A program of your own that writes to a segment
// without this header and without implementing recovery must not attach: open it
// with SHMKIT_READONLY.
//
//   shmkit_segment s;
//   shmkit_handle h;
//   int err = shmkit_open(&s, "/dev/shm/shmkit-1000/prices", 0);
//   if (err == 0 && (err = shmkit_find(&s, "eurusd", &h)) == 0) {
//       double *price = shmkit_value_f64(&h);
//       if (price != NULL)
//           shmkit_store_f64(price, 1.08);
//       shmkit_release(&h);
//   }
//   shmkit_close(&s);

#ifndef SHMKIT_H
#define SHMKIT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "shmkit_error.h"
#include "shmkit_layout.h"
#include "shmkit_system.h"
#include "shmkit_segment.h"
#include "shmkit_participant.h"
#include "shmkit_record.h"
#include "shmkit_object.h"
#include "shmkit_text.h"
#include "shmkit_scalar.h"
#include "shmkit_mutex.h"
#include "shmkit_cond.h"
#include "shmkit_event.h"
#include "shmkit_semaphore.h"
#include "shmkit_value.h"
#include "shmkit_queue.h"

// shk_unload gives back all that shk_open_once took, the descriptor and with it
// the lock on the slot last. detail is kept for the caller.
static inline void shk_unload(shmkit_segment *s)
{
	shk_keeper_stop(s);
	shk_delist(s);
	while (s->uses != NULL) {
		shk_use *next = s->uses->next;
		free(s->uses);
		s->uses = next;
	}
	free(s->path);
	s->path = NULL;
	pthread_mutex_destroy(&s->lock);
}

static inline int shk_open_once(shmkit_segment *s, const char *path, unsigned flags)
{
	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->flags = flags;
	s->spins = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? SHK_SPINS : 0;
	pthread_mutex_init(&s->lock, NULL);
	int readonly = (flags & SHMKIT_READONLY) != 0;
	int err = readonly ? shk_load(s, path) : shk_enlist(s, path);
	if (err == 0 && !readonly)
		err = shk_attach(s);
	if (err)
		shk_unload(s);
	return err;
}

// shmkit_open opens the segment at path and attaches this process to it; with
// SHMKIT_READONLY it only looks, and locks nobody out of anything. Opening a
// segment twice in one process takes two slots. *s must stay where it is until
// shmkit_close.
//
// Returns 0; a reason to refuse the file (SHMKIT_ESIZE to SHMKIT_EBOOT, with
// s->detail for SHMKIT_ECORRUPT); SHMKIT_EFULL; or a negative errno: -ENOENT,
// -EACCES, -ELOOP for a symbolic link, -ENOSPC for a file with holes on a full
// disk, -ENOMEM. After an error there is nothing to close.
static inline int shmkit_open(shmkit_segment *s, const char *path, unsigned flags)
{
	int err = SHK_AGAIN;
	for (int tries = 0; err == SHK_AGAIN && tries < 100; tries++)
		err = shk_open_once(s, path, flags);
	return err == SHK_AGAIN ? (int)SHMKIT_EDESTROYED : err;
}

// shk_orphan gives each lock of o that this process holds to nobody: the next one
// to lock it gets SHMKIT_EOWNERDEAD.
static inline void shk_orphan(shmkit_segment *s, shmkit_object *o)
{
	uint64_t base = SHK_LOAD(&o->data) + SHK_LOAD(&o->owner_off);
	uint64_t count = SHK_LOAD(&o->owner_count), stride = SHK_LOAD(&o->owner_stride);
	if (SHK_LOAD(&o->owner_format) != SHMKIT_OWNER_MUTEX32)
		return;
	if (stride < sizeof(shmkit_mutex) && count > 1)
		count = 1; // else they overlap, and may be four billion
	for (uint64_t n = 0; n < count; n++) {
		uint32_t *word = (uint32_t *)shk_at(s, base + n * stride, sizeof *word, sizeof *word);
		if (word == NULL)
			return;
		for (uint32_t w = SHK_LOAD(word); (w & SHMKIT_OWNER_MASK) == s->owner; w = SHK_LOAD(word)) {
			if (!shk_cas32(word, w, (w & SHMKIT_MUTEX_WAITERS) | SHMKIT_MUTEX_ORPHAN))
				continue;
			if (w & SHMKIT_MUTEX_WAITERS)
				shk_futex_wake(word, 1);
			break;
		}
	}
}

// shk_resolve is the sweep of the own slot: nothing in the segment names it after.
static inline void shk_resolve(shmkit_segment *s)
{
	uint64_t bit = UINT64_C(1) << s->own_slot % 64;
	uint32_t n = shk_record_count(s);
	for (uint32_t i = 1; i < n; i++) {
		shmkit_object *o = shk_record(s, i);
		// Only while the bit is set is the payload sure to be this object's.
		if (o == NULL || !(SHK_LOAD(&o->holders[s->own_slot / 64]) & bit))
			continue;
		shk_orphan(s, o);
		if (SHK_LOAD(&o->kind) == SHMKIT_OBJECT_COND)
			shk_cond_resolve(s, o);
		if (SHK_LOAD(&o->kind) == SHMKIT_OBJECT_QUEUE)
			shk_queue_resolve_own(s, o);
		SHK_AND(&o->holders[s->own_slot / 64], ~bit);
		shk_free_if_unused(s, o, i);
	}
}

static inline void shk_leave_slot(shmkit_segment *s)
{
	SHK_STORE(&s->robust.first, (uint64_t)(uintptr_t)&s->robust);
	SHK_STORE(&s->self->death, (uint32_t)0);
	// The slot owns nothing. This passes it to whoever locks its byte next.
	SHK_STORE(&s->self->state, (uint32_t)SHMKIT_SLOT_FREE);
	shk_filelock(s->fd, F_OFD_SETLK, F_UNLCK, SHMKIT_LOCK_SLOTS + s->own_slot, 1);
}

static inline void shk_unlink_own(shmkit_segment *s)
{
	struct stat mine, other;
	if (fstat(s->fd, &mine) == 0 && lstat(s->path, &other) == 0 &&
	    mine.st_dev == other.st_dev && mine.st_ino == other.st_ino)
		unlink(s->path);
}

// shk_destroy_if_last removes an anonymous segment without participants. Whoever
// leaves releases its byte first, so of two that leave together one succeeds. It
// waits for nobody: whoever holds a byte is attached, and will come here itself; unless it is
// about to end, and has said so by sharing its byte.
static inline void shk_destroy_if_last(shmkit_segment *s)
{
	if (s->header->kind != SHMKIT_KIND_ANONYMOUS ||
	    shk_filelock(s->fd, F_OFD_SETLK, F_RDLCK, SHMKIT_LOCK_SLOTS, SHMKIT_MAX_SLOTS) != 0)
		return;
	if (SHK_LOAD(&s->header->state) == SHMKIT_STATE_LIVE) {
		// In this order: a destroyed segment that still has a name would stay.
		shk_unlink_own(s);
		SHK_STORE(&s->header->state, (uint32_t)SHMKIT_STATE_DESTROYED);
	}
	shk_filelock(s->fd, F_OFD_SETLK, F_UNLCK, SHMKIT_LOCK_SLOTS, SHMKIT_MAX_SLOTS);
}

// shmkit_close ends this process's use of the segment. All handles and pointers
// into it are invalid afterwards. A lock that is still held goes to its next
// locker as if this process had died. The last one out of an anonymous segment
// removes it. Returns 0, or SHMKIT_ECLOSED.
//
// Preconditions: no other call on s is running.
static inline int shmkit_close(shmkit_segment *s)
{
	if (s->base == NULL) {
		if (s->path != NULL)
			shk_unload(s); // a forked child's copy
		return SHMKIT_ECLOSED;
	}
	if (!(s->flags & SHMKIT_READONLY)) {
		shk_resolve(s);
		shk_leave_slot(s);
		shk_destroy_if_last(s);
	}
	shk_unload(s);
	return 0;
}

#endif
