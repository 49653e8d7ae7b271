// Being a participant: slot, keeper thread, fork, and who else is alive.

#ifndef SHMKIT_PARTICIPANT_H
#define SHMKIT_PARTICIPANT_H

#include <pthread.h>
#include <signal.h>

#include "shmkit_segment.h"

enum { SHK_AGAIN = -100000 }; // internal: what was looked at changed, start again

// --- keeper: the thread whose end the kernel announces -----------------------

enum { SHK_KEEPER_STARTING = 0, SHK_KEEPER_WATCHING = 1, SHK_KEEPER_STOP = 2 };

// shk_keeper registers the death word on its own robust list and sleeps. The list
// has one node, the robust_next field of the participant record. If the process
// dies the kernel sets SHMKIT_DEATH_DIED there and wakes one sleeper.
static inline void *shk_keeper(void *arg)
{
	shmkit_segment *s = (shmkit_segment *)arg;
	// The kernel announces a death only with the waiters bit set. A sandbox that
	// forbids the list leaves the word 0: others then ask the kernel each time.
	s->keeper_death = (uint32_t)syscall(SYS_gettid) | SHMKIT_DEATH_WAITERS;
	if (syscall(SYS_set_robust_list, &s->robust, sizeof s->robust) != 0)
		s->keeper_death = 0;
	SHK_STORE(&s->keeper_word, SHK_KEEPER_WATCHING);
	shk_futex_wake(&s->keeper_word, INT_MAX);
	while (SHK_LOAD(&s->keeper_word) != SHK_KEEPER_STOP)
		syscall(SYS_futex, &s->keeper_word, FUTEX_WAIT, SHK_KEEPER_WATCHING, NULL, NULL, 0);
	return NULL;
}

// shk_keeper_start: shared memory is changed by the opening thread alone, so that
// a kill falls between two stores and not beside them. Until death names the keeper
// the kernel skips the node.
static inline int shk_keeper_start(shmkit_segment *s)
{
	sigset_t all, old;
	shmkit_participant *p = s->self;
	s->keeper_word = SHK_KEEPER_STARTING;
	s->robust.futex_offset = (int64_t)offsetof(shmkit_participant, death) - (int64_t)offsetof(shmkit_participant, robust_next);
	s->robust.pending = 0;
	SHK_STORE(&p->robust_next, (uint64_t)(uintptr_t)&s->robust);
	s->robust.first = (uint64_t)(uintptr_t)&p->robust_next;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); // inherited: the keeper runs no handler
	int err = pthread_create(&s->keeper, NULL, shk_keeper, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	s->keeper_joinable = 1;
	while (SHK_LOAD(&s->keeper_word) == SHK_KEEPER_STARTING)
		syscall(SYS_futex, &s->keeper_word, FUTEX_WAIT, SHK_KEEPER_STARTING, NULL, NULL, 0);
	SHK_STORE(&p->death, s->keeper_death);
	return 0;
}

static inline void shk_keeper_stop(shmkit_segment *s)
{
	if (!s->keeper_joinable)
		return;
	SHK_STORE(&s->keeper_word, SHK_KEEPER_STOP);
	shk_futex_wake(&s->keeper_word, INT_MAX);
	pthread_join(s->keeper, NULL);
	s->keeper_joinable = 0;
}

// --- fork --------------------------------------------------------------------

// shk_process lists the attached segments of this process. A weak symbol, so that
// all files of a program that include this header share it.
typedef struct shk_process {
	pthread_mutex_t lock;
	shmkit_segment *first;
	int atfork;
} shk_process;

__attribute__((weak)) shk_process shk_this_process = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

static inline void shk_before_fork(void) { pthread_mutex_lock(&shk_this_process.lock); }
static inline void shk_parent_forked(void) { pthread_mutex_unlock(&shk_this_process.lock); }

// shk_child_forked: the child shares the parent's open file, and with it the lock
// that says that the slot is alive. It must close it (not unlock it: the lock is
// the parent's too). The mapping was not inherited, see shk_map.
static inline void shk_child_forked(void)
{
	for (shmkit_segment *s = shk_this_process.first; s != NULL; s = s->next) {
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
		s->base = NULL;
		s->keeper_joinable = 0;
		s->listed = 0;
	}
	shk_this_process.first = NULL;
	pthread_mutex_unlock(&shk_this_process.lock);
}

// shk_enlist opens and maps the file and lists the segment in one piece as far as
// fork can see.
static inline int shk_enlist(shmkit_segment *s, const char *path)
{
	shk_process *process = &shk_this_process;
	pthread_mutex_lock(&process->lock);
	int err = 0;
	if (!process->atfork)
		err = -pthread_atfork(shk_before_fork, shk_parent_forked, shk_child_forked);
	if (err == 0) {
		process->atfork = 1;
		err = shk_load(s, path);
		s->next = process->first;
		if (s->next != NULL)
			s->next->previous = s;
		process->first = s;
		s->listed = 1;
	}
	pthread_mutex_unlock(&process->lock);
	return err;
}

// shk_delist undoes shk_enlist, and shk_load alone.
static inline void shk_delist(shmkit_segment *s)
{
	pthread_mutex_lock(&shk_this_process.lock);
	if (s->listed) {
		if (s->next != NULL)
			s->next->previous = s->previous;
		if (s->previous != NULL)
			s->previous->next = s->next;
		else
			shk_this_process.first = s->next;
		s->listed = 0;
	}
	if (s->base != NULL)
		munmap(s->base, s->reserved);
	if (s->fd >= 0)
		close(s->fd); // with the last reference the locks go
	s->base = NULL;
	s->fd = -1;
	pthread_mutex_unlock(&shk_this_process.lock);
}

// --- attach ------------------------------------------------------------------

// shk_slot_try takes slot if its record is clean and its byte is free. A record
// that is not clean belongs to a process that lives, or died and was not swept
// yet: sweeping is for Go participants.
static inline int shk_slot_try(shmkit_segment *s, uint32_t slot)
{
	uint64_t at = SHMKIT_LOCK_SLOTS + slot;
	shmkit_participant *p = shk_participant(s, slot);
	if (SHK_LOAD(&p->state) != SHMKIT_SLOT_FREE)
		return -EAGAIN;
	int err = shk_filelock(s->fd, F_OFD_SETLK, F_WRLCK, at, 1);
	if (err)
		return err == -EACCES ? -EAGAIN : err;
	if (SHK_LOAD(&p->state) == SHMKIT_SLOT_FREE)
		return 0;
	shk_filelock(s->fd, F_OFD_SETLK, F_UNLCK, at, 1);
	return -EAGAIN;
}

// shk_slot_take finds a slot. Whoever holds all bytes in one lock found nobody
// attached and removes the segment. It may be stopped there: we came too late. Locks of those
// who are about to end may hide it, and then there are only such as are shared.
static inline int shk_slot_take(shmkit_segment *s)
{
	for (uint32_t slot = 0; slot < SHMKIT_MAX_SLOTS; slot++) {
		int err = shk_slot_try(s, slot);
		if (err == 0)
			s->own_slot = slot;
		if (err != -EAGAIN)
			return err;
	}
	uint64_t start = SHMKIT_LOCK_SLOTS, len = SHMKIT_MAX_SLOTS;
	int held = shk_filelock_holder(s->fd, F_WRLCK, &start, &len);
	if (held < 0)
		return held;
	if (held && start == SHMKIT_LOCK_SLOTS && len == SHMKIT_MAX_SLOTS)
		return SHMKIT_EDESTROYED;
	start = SHMKIT_LOCK_SLOTS;
	len = SHMKIT_MAX_SLOTS;
	return held && shk_filelock_holder(s->fd, F_RDLCK, &start, &len) == 0 ? SHMKIT_EDESTROYED : SHMKIT_EFULL;
}

static inline void shk_move_in(shmkit_segment *s)
{
	shmkit_participant *p = shk_participant(s, s->own_slot);
	uint32_t generation = (SHK_LOAD(&p->generation) + 1) & SHMKIT_GENERATION_MASK;
	if (generation == 0)
		generation = 1;
	s->self = p;
	s->owner = s->own_slot << SHMKIT_GENERATION_BITS | generation;
	SHK_STORE(&p->generation, generation);
	p->pid = (uint32_t)getpid();
	p->pidns = shk_pid_namespace();
	p->attached_ns = shk_clock(CLOCK_REALTIME);
	p->language = SHMKIT_LANGUAGE_C;
	memset(p->name, 0, sizeof p->name);
	for (size_t i = 0; i + 1 < sizeof p->name && program_invocation_short_name[i] != 0; i++)
		p->name[i] = (uint8_t)program_invocation_short_name[i];
	SHK_STORE(&p->sleeps, (uint64_t)0);
	SHK_STORE(&p->wakes, (uint64_t)0);
	SHK_STORE(&p->recoveries, (uint64_t)0);
	SHK_STORE(&p->sweeps, (uint64_t)0);
}

// shk_attach makes this process a participant. SHK_AGAIN: the segment was
// destroyed between open and here, the path may name another one now.
static inline int shk_attach(shmkit_segment *s)
{
	struct stat st;
	int err = shk_slot_take(s);
	if (err)
		return err;
	// With the byte held nobody can destroy the segment any more.
	if (fstat(s->fd, &st) != 0)
		return -errno;
	if (st.st_nlink == 0 || SHK_LOAD(&s->header->state) != SHMKIT_STATE_LIVE)
		return SHK_AGAIN;
	shk_move_in(s);
	if ((err = shk_keeper_start(s)) != 0)
		return err;
	// From here on a sweep is needed if this process dies.
	SHK_STORE(&s->self->state, (uint32_t)SHMKIT_SLOT_ATTACHED);
	return 0;
}

// --- liveness ----------------------------------------------------------------

typedef enum shk_life { SHK_ALIVE, SHK_DYING, SHK_DEAD } shk_life;

// shk_liveness tells whether the process behind owner lives. The death word alone
// is no proof: a thread of it may still be inside a system call that writes to the
// segment. Only the kernel's lock on its byte tells that the last one is gone.
static inline shk_life shk_liveness(shmkit_segment *s, uint32_t owner, int ask)
{
	uint32_t slot = shk_owner_slot(owner);
	if (slot == s->own_slot)
		return owner == s->owner ? SHK_ALIVE : SHK_DEAD;
	shmkit_participant *p = shk_participant(s, slot);
	if (SHK_LOAD(&p->generation) != (owner & SHMKIT_GENERATION_MASK))
		return SHK_DEAD;
	uint32_t death = SHK_LOAD(&p->death);
	if (death & SHMKIT_DEATH_PROVED)
		return SHK_DEAD; // of owner, or of one after it
	int announced = (death & SHMKIT_DEATH_DIED) != 0;
	if (!announced && !ask && death != 0)
		return SHK_ALIVE;
	uint64_t start = SHMKIT_LOCK_SLOTS + slot, len = 1;
	if (shk_filelock_holder(s->fd, F_WRLCK, &start, &len) == 0)
		return SHK_DEAD;
	return announced ? SHK_DYING : SHK_ALIVE;
}

// shk_death_word is the futex word that changes when owner dies, and its value
// while owner lives; NULL if there is nothing to sleep on.
static inline uint32_t *shk_death_word(shmkit_segment *s, uint32_t owner, uint32_t *value)
{
	uint32_t slot = shk_owner_slot(owner);
	shmkit_participant *p = shk_participant(s, slot);
	if (slot == s->own_slot)
		return NULL;
	*value = SHK_LOAD(&p->death);
	if (*value == 0 || *value & SHMKIT_DEATH_DIED)
		return NULL;
	// Read after the word: if it still is owner's generation, so was the word.
	if (SHK_LOAD(&p->generation) != (owner & SHMKIT_GENERATION_MASK))
		return NULL;
	return &p->death;
}

#endif
