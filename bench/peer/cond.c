// The peer of the condition row: a process-shared pthread condition and mutex in a
// mapped file. Two processes take turns.
//
//	cond FILE 0|1    for each number n that it reads: takes its turns, until there were n
//	                 of both together; answers "done"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "mapped.h"

// The lock, the condition and the data lie on lines of their own, as ours do.
static struct shared {
	pthread_mutex_t lock;
	_Alignas(128) pthread_cond_t cond;
	_Alignas(128) uint64_t turn;
} *shared;

static uint64_t me;

static void make(void *p)
{
	struct shared *s = p;
	pthread_mutexattr_t a;
	pthread_condattr_t c;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->lock, &a);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->cond, &c);
}

static int take_turns(long n)
{
	struct shared *s = shared;
	uint64_t goal = (uint64_t)n;
	for (int over = 0; !over;) {
		if (pthread_mutex_lock(&s->lock) != 0)
			return 1;
		while (s->turn < goal && s->turn % 2 != me)
			if (pthread_cond_wait(&s->cond, &s->lock) != 0)
				return 1;
		over = s->turn >= goal;
		if (!over)
			s->turn++;
		if (pthread_cond_signal(&s->cond) != 0 || pthread_mutex_unlock(&s->lock) != 0)
			return 1;
	}
	puts("done");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || (shared = map(argv[1], sizeof *shared, make)) == NULL)
		return 1;
	me = (uint64_t)atol(argv[2]);
	return serve(take_turns);
}
