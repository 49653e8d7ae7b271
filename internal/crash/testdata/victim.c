// A victim of the crash lab: opens the segment of a scene and does one operation
// between two phases, on a thread of its own.
#define SHK_ASLEEP_FIRST INT64_C(10000000000) // see asleep in victim_unsafe_test.go
#include "shmkit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { WAITING, RUNNING, BEGUN, OVER };

static char path[4096];
static const char *operation;
static uint32_t *phase;
static shmkit_segment segment;
static shmkit_handle handle, second, lock;
static uint64_t item[16];

static void must(int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "victim: %s: %d\n", operation, err);
	exit(1);
}

static int lost(int err) { return err == SHMKIT_EOWNERDEAD ? 0 : err; }

static void take(void)
{
	int err = shmkit_mutex_lock(&handle);
	must(err == SHMKIT_EOWNERDEAD ? shmkit_mutex_mark_consistent(&handle) : err);
}

static void wait_for_test(void)
{
	char line[64];
	puts("waits");
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) == NULL)
		exit(3);
}

static int is(const char *name) { return strcmp(operation, name) == 0; }

// of tells whether the operation is one on such an object.
static int of(const char *kind) { return strncmp(operation, kind, strlen(kind)) == 0; }

#include "victim_queue.h"
#include "victim_chain.h"

static void prepare(void)
{
	if (is("C: open"))
		return;
	must(shmkit_open(&segment, path, 0));
	if (of("C: queue")) {
		prepare_queue();
		return;
	}
	if (of("C: chain")) {
		prepare_chain();
		return;
	}
	if (of("C: cond")) {
		must(shmkit_find(&segment, "cond", &handle));
		must(shmkit_find(&segment, "cond-lock", &lock));
		if (shmkit_mutex_lock(&lock) == SHMKIT_EOWNERDEAD)
			must(shmkit_mutex_mark_consistent(&lock));
		return;
	}
	if (of("C: semaphore")) {
		must(shmkit_find(&segment, "semaphore", &handle));
		return;
	}
	if (of("C: event")) {
		must(shmkit_find(&segment, "event", &handle));
		if (is("C: event_clear") || is("C: event_wait of a set one"))
			must(shmkit_event_set(&handle));
		return;
	}
	must(shmkit_find(&segment, is("C: value_set, 128 bytes") ? "value" : "lock", &handle));
	if (is("C: value_set, 128 bytes")) {
		must(shmkit_value_get(&handle, item, sizeof item));
		for (int i = 0; i < 16; i++)
			item[i]++;
	}
	if (is("C: mutex_unlock") || is("C: close"))
		take();
	if (is("C: mutex_lock that takes over"))
		wait_for_test();
	if (is("C: mutex_mark_consistent"))
		must(lost(shmkit_mutex_lock(&handle)));
}

static void run(void)
{
	if (is("C: open"))
		must(shmkit_open(&segment, path, 0));
	else if (of("C: queue"))
		run_queue();
	else if (of("C: chain"))
		run_chain();
	else if (is("C: close"))
		must(shmkit_close(&segment));
	else if (is("C: find"))
		must(shmkit_find(&segment, "other", &second));
	else if (is("C: release"))
		must(shmkit_release(&handle));
	else if (of("C: cond_notify"))
		must(shmkit_cond_notify(&handle, &lock, 1));
	else if (of("C: cond")) {
		int err = shmkit_cond_wait(&handle, &lock);
		must(err == SHMKIT_EOWNERDEAD ? shmkit_mutex_mark_consistent(&lock) : err);
		must(shmkit_mutex_unlock(&lock));
	} else if (is("C: semaphore_release"))
		must(shmkit_semaphore_release(&handle, 1));
	else if (of("C: semaphore"))
		must(shmkit_semaphore_acquire(&handle, 1));
	else if (of("C: event_set"))
		must(shmkit_event_set(&handle));
	else if (of("C: event_clear"))
		must(shmkit_event_clear(&handle));
	else if (of("C: event"))
		must(shmkit_event_wait(&handle));
	else if (is("C: mutex_unlock"))
		must(shmkit_mutex_unlock(&handle));
	else if (is("C: mutex_mark_consistent"))
		must(shmkit_mutex_mark_consistent(&handle));
	else if (is("C: value_set, 128 bytes"))
		must(shmkit_value_set(&handle, item, sizeof item));
	else
		must(lost(shmkit_mutex_lock(&handle)));
}

static void *act(void *unused)
{
	prepare();
	printf("%d %d\n", (int)getpid(), (int)syscall(SYS_gettid));
	fflush(stdout);
	while (SHK_LOAD(phase) != RUNNING)
		;
	syscall(SYS_getppid); /* the test lets the thread run to here */
	SHK_STORE(phase, BEGUN);
	run();
	SHK_STORE(phase, OVER);
	puts("over");
	fflush(stdout);
	return unused;
}

int main(int argc, char **argv)
{
	char name[4096];
	pthread_t thread;
	if (argc != 3)
		return 2;
	operation = argv[2];
	snprintf(path, sizeof path, "%s/seg", argv[1]);
	snprintf(name, sizeof name, "%s/phase", argv[1]);
	int fd = open(name, O_RDWR | O_CLOEXEC);
	phase = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || phase == MAP_FAILED || pthread_create(&thread, NULL, act, NULL) != 0)
		return 2;
	pthread_join(thread, NULL);
	while (getchar() != EOF)
		;
	return 0;
}
