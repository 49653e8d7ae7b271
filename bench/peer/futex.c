// The peer of pipe/rtt-parked: two processes that wake each other with a futex, and
// nothing else.
//
//	futex    for each number n that it reads: n times it waits until the other process
//	         sleeps, and then wakes it and sleeps until it answers; answers with the
//	         nanoseconds from wake to answer, all together
#define _GNU_SOURCE
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "mapped.h"

// Each word lies on a line of its own.
static struct shared {
	_Alignas(128) _Atomic uint32_t ping;
	_Alignas(128) _Atomic uint32_t pong;
} *shared;

static uint32_t turn;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void set(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void await(_Atomic uint32_t *word, uint32_t value)
{
	while (atomic_load(word) != value)
		syscall(SYS_futex, word, FUTEX_WAIT, value - 1, NULL, NULL, 0);
}

static int rounds(long n)
{
	double all = 0;
	for (long i = 0; i < n; i++) {
		usleep(500); // as the row itself does
		double begin = now();
		set(&shared->ping, ++turn);
		await(&shared->pong, turn);
		all += now() - begin;
	}
	printf("%.0f\n", all);
	return 0;
}

static void nothing(void *s) { (void)s; }

int main(int argc, char **argv)
{
	if (argc != 2 || (shared = map(argv[1], sizeof *shared, nothing)) == NULL)
		return 1;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (uint32_t k = 1;; k++) {
			await(&shared->ping, k);
			set(&shared->pong, k);
		}
	}
	return serve(rounds);
}
