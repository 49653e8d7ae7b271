// The peer of the condition row: a process-shared pthread condition and mutex in a
// mapped file. Two processes take turns.
//
//	cond FILE 0|1    for each number n that it reads: takes its turns, until there were n
//	                 of both together; answers "done"
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// The lock, the condition and the data lie on lines of their own, as ours do.
struct shared {
	pthread_mutex_t lock;
	int made;
	_Alignas(128) pthread_cond_t cond;
	_Alignas(128) uint64_t turn;
};

// The first one makes lock and condition; the file is locked meanwhile.
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
		pthread_condattr_t c;
		pthread_mutexattr_init(&a);
		pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
		pthread_mutex_init(&s->lock, &a);
		pthread_condattr_init(&c);
		pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
		pthread_cond_init(&s->cond, &c);
		s->made = 1;
	}
	return lockf(fd, F_ULOCK, 0) == 0 ? s : NULL;
}

static int take_turns(struct shared *s, uint64_t me, uint64_t goal)
{
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
		if (take_turns(s, (uint64_t)atol(argv[2]), (uint64_t)n) != 0)
			return 2;
		puts("done");
		fflush(stdout);
	}
	return 0;
}
