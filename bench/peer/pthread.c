// The peer of the mutex rows: a robust process-shared pthread mutex and a counter
// in a mapped file.
//
//	pthread FILE alone    for each number n that it reads: n times lock and unlock;
//	                      answers with the nanoseconds that they took
//	pthread FILE a|b      for each number n: lock, add one, unlock, until the counter
//	                      is n; answers with its own additions, and how often it was
//	                      not the last one who had added
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "mapped.h"

// The lock and the data lie on lines of their own, as ours do.
static struct shared {
	pthread_mutex_t lock;
	_Alignas(128) uint64_t count;
	uint64_t last;
} *shared;

static uint64_t me;

static void make(void *p)
{
	struct shared *s = p;
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->lock, &a);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int alone(long n)
{
	struct shared *s = shared;
	double begin = now();
	for (long i = 0; i < n; i++)
		if (pthread_mutex_lock(&s->lock) != 0 || pthread_mutex_unlock(&s->lock) != 0)
			return 1;
	printf("%.0f\n", now() - begin);
	return 0;
}

static int add_until(long n)
{
	struct shared *s = shared;
	uint64_t goal = (uint64_t)n;
	long mine = 0, turns = 0;
	for (;;) {
		if (pthread_mutex_lock(&s->lock) != 0)
			return 1;
		if (s->count >= goal)
			break;
		s->count++;
		mine++;
		if (s->last != me) {
			s->last = me;
			turns++;
		}
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	printf("%ld %ld\n", mine, turns);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || (shared = map(argv[1], sizeof *shared, make)) == NULL)
		return 1;
	me = (uint64_t)argv[2][0];
	return serve(strcmp(argv[2], "alone") == 0 ? alone : add_until);
}
