// The peer of pipe/rtt-parked: two processes that wake each other with a futex, and
// nothing else.
//
//	futex FILE [CPU CPU]
//	         for each number n that it reads: n times it waits until the other process
//	         sleeps, and then wakes it and sleeps until it answers; answers with the
//	         nanoseconds from wake to answer, all together. It is bound to the first processor,
//	         the other process to the second one
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
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

static int pin(const char *cpu)
{
	cpu_set_t only;
	CPU_ZERO(&only);
	CPU_SET(atoi(cpu), &only);
	return sched_setaffinity(0, sizeof only, &only);
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
		usleep(500); // as ours does, in this thread
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
	if ((argc != 2 && argc != 4) || (shared = map(argv[1], sizeof *shared, nothing)) == NULL)
		return 1;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (argc == 4 && pin(argv[3]) != 0)
			return 1;
		for (uint32_t k = 1;; k++) {
			await(&shared->ping, k);
			set(&shared->pong, k);
		}
	}
	if (argc == 4 && pin(argv[2]) != 0)
		return 1;
	return serve(rounds);
}
