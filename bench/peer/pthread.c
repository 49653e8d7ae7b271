// The peer of the mutex rows: a robust process-shared pthread mutex and a counter
// in a mapped file.
//
//	pthread FILE alone    for each number n that it reads: n times lock and unlock;
//	                      answers with the nanoseconds that they took
//	pthread FILE a|b      for each number n: lock, add one, unlock, until the counter
//	                      is n; answers with its own additions, and how often it was
//	                      not the last one who had added
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// The lock and the data lie on lines of their own, as ours do.
struct shared {
	pthread_mutex_t lock;
	int made;
	_Alignas(128) uint64_t count;
	uint64_t last;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// The first one makes the lock; the file is locked meanwhile.
static struct shared *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || lockf(fd, F_LOCK, 0) != 0 || ftruncate(fd, sizeof(struct shared)) != 0)
		return NULL;
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return NULL;
	if (!s->made) {
		pthread_mutexattr_t a;
		pthread_mutexattr_init(&a);
		pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
		pthread_mutex_init(&s->lock, &a);
		s->made = 1;
	}
	return lockf(fd, F_ULOCK, 0) == 0 ? s : NULL;
}

static int alone(struct shared *s, long n)
{
	double begin = now();
	for (long i = 0; i < n; i++)
		if (pthread_mutex_lock(&s->lock) != 0 || pthread_mutex_unlock(&s->lock) != 0)
			return 1;
	printf("%.0f\n", now() - begin);
	return 0;
}

static int add_until(struct shared *s, uint64_t me, uint64_t goal)
{
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
	struct shared *s = argc == 3 ? map(argv[1]) : NULL;
	long n;
	if (s == NULL)
		return 1;
	puts("ready");
	fflush(stdout);
	while (scanf("%ld", &n) == 1) {
		int bad = strcmp(argv[2], "alone") == 0 ? alone(s, n) : add_until(s, (uint64_t)argv[2][0], (uint64_t)n);
		if (bad)
			return 2;
		fflush(stdout);
	}
	return 0;
}
