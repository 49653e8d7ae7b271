// The peer of barrier/2proc: a process-shared pthread barrier for two in a mapped file.
//
//	barrier FILE    for each number n that it reads: n times come to the barrier
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared {
	_Alignas(128) pthread_barrier_t barrier;
	_Alignas(128) int made;
};

// The first one makes the barrier; the file is locked meanwhile.
static struct shared *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || lockf(fd, F_LOCK, 0) != 0 || ftruncate(fd, sizeof(struct shared)) != 0)
		return NULL;
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return NULL;
	if (!s->made) {
		pthread_barrierattr_t a;
		pthread_barrierattr_init(&a);
		pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
		pthread_barrier_init(&s->barrier, &a, 2);
		s->made = 1;
	}
	return lockf(fd, F_ULOCK, 0) == 0 ? s : NULL;
}

int main(int argc, char **argv)
{
	struct shared *s = argc == 2 ? map(argv[1]) : NULL;
	long n;
	if (s == NULL)
		return 1;
	puts("ready");
	fflush(stdout);
	while (scanf("%ld", &n) == 1) {
		for (long i = 0; i < n; i++)
			pthread_barrier_wait(&s->barrier);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
