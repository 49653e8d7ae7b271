// The peer of barrier/2proc: a process-shared pthread barrier for two in a mapped file.
//
//	barrier FILE    for each number n that it reads: n times come to the barrier
#define _GNU_SOURCE
#include <pthread.h>

#include "mapped.h"

static struct shared {
	_Alignas(128) pthread_barrier_t barrier;
} *shared;

static void make(void *p)
{
	struct shared *s = p;
	pthread_barrierattr_t a;
	pthread_barrierattr_init(&a);
	pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&s->barrier, &a, 2);
}

static int come(long n)
{
	for (long i = 0; i < n; i++)
		pthread_barrier_wait(&shared->barrier);
	puts("done");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 || (shared = map(argv[1], sizeof *shared, make)) == NULL)
		return 1;
	return serve(come);
}
