// A process that the tests drive: one command a line on standard input, one line
// of answer on standard output, the code of the call first.
#include "shmkit.h"

#include <stdio.h>
#include <sys/wait.h>

static shmkit_segment segment;
static shmkit_handle handle;

static void answer(int code) { printf("%d\n", code); }

static int add_under_lock(long n)
{
	uint64_t *cell = shmkit_value_u64(&handle);
	if (cell == NULL)
		return SHMKIT_ETYPE;
	for (long i = 0; i < n; i++) {
		int err = shmkit_mutex_lock(&handle);
		if (err == SHMKIT_EOWNERDEAD)
			err = shmkit_mutex_mark_consistent(&handle);
		if (err)
			return err;
		uint64_t was = *(volatile uint64_t *)cell;
		if (i % 64 == 0)
			sched_yield(); // let the others try inside the critical section
		*(volatile uint64_t *)cell = was + 1;
		if ((err = shmkit_mutex_unlock(&handle)) != 0)
			return err;
	}
	return 0;
}

// hammer locks and unlocks until that fails.
static int hammer(void)
{
	for (;;) {
		int err = shmkit_mutex_lock(&handle);
		if (err == SHMKIT_EOWNERDEAD)
			err = shmkit_mutex_mark_consistent(&handle);
		if (err == 0)
			err = shmkit_mutex_unlock(&handle);
		if (err)
			return err;
	}
}

static void *thread_add(void *n)
{
	return (void *)(intptr_t)add_under_lock((long)(intptr_t)n);
}

static int add_by_threads(long n)
{
	pthread_t t[4];
	int err = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread_add, (void *)(intptr_t)n);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(t[i], &result);
		if (result != NULL)
			err = (int)(intptr_t)result;
	}
	return err;
}

static void *sleep_on_word(void *done)
{
	// Plain, without a bound: only a wake-up ends it.
	uint32_t *word = &handle.mutex->word;
	syscall(SYS_futex, word, FUTEX_WAIT, SHK_LOAD(word), NULL, NULL, 0);
	SHK_STORE((int *)done, 1);
	return NULL;
}

// give_up ends a wait that has slept, while the word of a lock that another holds
// tells of no waiters, until that has woken somebody who still sleeps on it.
static int give_up(void)
{
	pthread_t sleeper;
	int done = 0, err = 0;
	shk_wait_state state = {0, SHK_ASLEEP_FIRST, SHK_NAP_FIRST, SHMKIT_MUTEX_WAITERS, 0};
	pthread_create(&sleeper, NULL, sleep_on_word, &done);
	while (!SHK_LOAD(&done)) {
		err = shk_mutex_give_up(&handle, &state, SHMKIT_ETIMEDOUT);
		sched_yield();
	}
	pthread_join(sleeper, NULL);
	return err;
}

// in_fork is what a forked child gets from a look-up.
static int in_fork(void)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		shmkit_handle h;
		int err = shmkit_find(&segment, "counter", &h);
		if (shmkit_mutex_trylock(&handle) != err || shmkit_close(&segment) != err)
			err = 99;
		_exit(err);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

// keep_fork leaves a forked child behind that lives until standard input ends.
static int keep_fork(void)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid > 0 ? 0 : -errno;
	for (char c; read(0, &c, 1) > 0;)
		;
	_exit(0);
}

#define SCALAR(NAME, FORMAT, TYPE, READ)                                          \
	if (strcmp(type, #NAME) == 0) {                                              \
		uint64_t n = 0;                                                          \
		TYPE *p = shmkit_value_##NAME(&handle);                                  \
		if (p == NULL && (p = shmkit_array_##NAME(&handle, &n)) == NULL)         \
			goto wrong;                                                          \
		if (n != 0 && index >= n)                                                \
			goto wrong;                                                          \
		p += index;                                                              \
		if (op[0] == 's')                                                        \
			shmkit_store_##NAME(p, (TYPE)READ);                                  \
		if (op[0] == 'a')                                                        \
			ADD_##NAME(p, (TYPE)READ);                                           \
		printf("0 " FORMAT " %lu\n", shmkit_load_##NAME(p), (unsigned long)n);   \
		return;                                                                  \
	}

#define ADD_i8 shmkit_add_i8
#define ADD_u8 shmkit_add_u8
#define ADD_i16 shmkit_add_i16
#define ADD_u16 shmkit_add_u16
#define ADD_i32 shmkit_add_i32
#define ADD_u32 shmkit_add_u32
#define ADD_i64 shmkit_add_i64
#define ADD_u64 shmkit_add_u64
#define ADD_f32 shmkit_add_f32
#define ADD_f64 shmkit_add_f64
#define ADD_bool shmkit_swap_bool
#define ADD_char shmkit_swap_char

static void scalar(const char *op, const char *type, uint64_t index, const char *text)
{
	SCALAR(i8, "%d", int8_t, atoi(text))
	SCALAR(u8, "%u", uint8_t, atoi(text))
	SCALAR(i16, "%d", int16_t, atoi(text))
	SCALAR(u16, "%u", uint16_t, atoi(text))
	SCALAR(i32, "%d", int32_t, atoi(text))
	SCALAR(u32, "%u", uint32_t, strtoul(text, NULL, 10))
	SCALAR(i64, "%ld", int64_t, strtol(text, NULL, 10))
	SCALAR(u64, "%lu", uint64_t, strtoul(text, NULL, 10))
	SCALAR(f32, "%.9g", float, strtof(text, NULL))
	SCALAR(f64, "%.17g", double, strtod(text, NULL))
	SCALAR(bool, "%d", uint8_t, atoi(text))
	SCALAR(char, "%d", char, atoi(text))
wrong:
	answer(SHMKIT_ETYPE);
}

static void run(const char *op, const char *a, const char *b, const char *c)
{
	struct timespec deadline;
	if (strcmp(op, "open") == 0)
		answer(shmkit_open(&segment, a, strcmp(b, "readonly") == 0 ? SHMKIT_READONLY : 0));
	else if (strcmp(op, "find") == 0)
		answer(shmkit_find(&segment, a, &handle));
	else if (strcmp(op, "release") == 0)
		answer(shmkit_release(&handle));
	else if (strcmp(op, "still") == 0)
		answer(shmkit_still(&handle));
	else if (strcmp(op, "close") == 0)
		answer(shmkit_close(&segment));
	else if (strcmp(op, "lock") == 0)
		answer(shmkit_mutex_lock(&handle));
	else if (strcmp(op, "trylock") == 0)
		answer(shmkit_mutex_trylock(&handle));
	else if (strcmp(op, "timedlock") == 0)
		deadline = shmkit_deadline(atol(a)), answer(shmkit_mutex_timedlock(&handle, &deadline));
	else if (strcmp(op, "lockbefore") == 0) // a deadline at that second
		deadline.tv_sec = atol(a), deadline.tv_nsec = 0, answer(shmkit_mutex_timedlock(&handle, &deadline));
	else if (strcmp(op, "giveup") == 0)
		answer(give_up());
	else if (strcmp(op, "unlock") == 0)
		answer(shmkit_mutex_unlock(&handle));
	else if (strcmp(op, "mark") == 0)
		answer(shmkit_mutex_mark_consistent(&handle));
	else if (strcmp(op, "count") == 0)
		answer(add_under_lock(atol(a)));
	else if (strcmp(op, "hammer") == 0)
		answer(hammer());
	else if (strcmp(op, "threads") == 0)
		answer(add_by_threads(atol(a)));
	else if (strcmp(op, "fork") == 0)
		answer(in_fork());
	else if (strcmp(op, "keepfork") == 0)
		answer(keep_fork());
	else if (strcmp(op, "slot") == 0)
		answer((int)segment.own_slot);
	else if (strcmp(op, "detail") == 0)
		printf("0 %s\n", segment.detail ? segment.detail : "-");
	else if (strcmp(op, "signature") == 0)
		printf("0 %s %u\n", handle.signature, (unsigned)handle.item_size);
	else if (strcmp(op, "nowaitv") == 0)
		segment.no_waitv = 1, answer(0);
	else
		scalar(op, a, strtoul(b, NULL, 10), c);
}

int main(void)
{
	char line[4400], op[16], a[4200], b[32], c[64];
	while (fgets(line, sizeof line, stdin) != NULL) {
		op[0] = a[0] = b[0] = c[0] = 0;
		sscanf(line, "%15s %4199s %31s %63s", op, a, b, c);
		run(op, a, b, c);
		fflush(stdout);
	}
	return 0;
}
