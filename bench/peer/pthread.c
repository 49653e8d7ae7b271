// The peer of the mutex rows: a robust process-shared pthread mutex and a counter
// in a mapped file. For each number read, so many rounds of lock, add, unlock;
// answers with the nanoseconds that they took. With one process it counts nothing,
// as the Go side.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct shared {
	pthread_mutex_t lock;
	volatile int made;
	char line[128];
	unsigned long counter;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static struct shared *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
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

int main(int argc, char **argv)
{
	struct shared *s = argc == 2 ? map(argv[1]) : NULL;
	long n;
	int count = argc == 2 && strstr(argv[1], "two") != NULL;
	if (s == NULL)
		return 1;
	puts("ready");
	fflush(stdout);
	while (scanf("%ld", &n) == 1) {
		double begin = now();
		for (long i = 0; i < n; i++) {
			if (pthread_mutex_lock(&s->lock) != 0)
				return 2;
			if (count)
				s->counter++;
			pthread_mutex_unlock(&s->lock);
		}
		printf("%.0f\n", now() - begin);
		fflush(stdout);
	}
	return 0;
}
