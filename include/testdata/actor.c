// An actor of the suites of package sync: one call a line on standard input, one line
// of answer on standard output. Usage: actor kind path name
#include "shmkit.h"

#include <stdio.h>

static shmkit_segment segment;
static shmkit_handle handle, lock;

// outcome is the name of a code in answers; the Go actors use the same.
static const char *outcome(int code)
{
	switch (code) {
	case 0: return "ok";
	case SHMKIT_EOWNERDEAD: return "died";
	case SHMKIT_ENOTRECOVERABLE: return "unrecoverable";
	case SHMKIT_ETIMEDOUT: return "timeout";
	case SHMKIT_EBUSY: return "busy";
	case SHMKIT_EPERM: return "notheld";
	case SHMKIT_ECLOSED: return "closed";
	case SHMKIT_ETOOMANY: return "toomany";
	case -EINVAL: return "count";
	default: return shmkit_strerror(code);
	}
}

// is tells whether the call is op.
static int is(const char *call, const char *op) { return strcmp(call, op) == 0; }

// Each kind has a function that makes one call. arg is a time limit in ms, or empty.

static const char *mutex(const char *call, const char *arg)
{
	struct timespec deadline = shmkit_deadline(atol(arg));
	if (is(call, "lock") && *arg)
		return outcome(shmkit_mutex_timedlock(&handle, &deadline));
	if (is(call, "lock"))
		return outcome(shmkit_mutex_lock(&handle));
	if (is(call, "try"))
		return outcome(shmkit_mutex_trylock(&handle));
	if (is(call, "unlock"))
		return outcome(shmkit_mutex_unlock(&handle));
	if (is(call, "mark"))
		return outcome(shmkit_mutex_mark_consistent(&handle));
	return "what?";
}

// cond: the lock of a condition has its name and "-lock" behind that.
static const char *cond(const char *call, const char *arg)
{
	struct timespec deadline = shmkit_deadline(atol(arg));
	if (is(call, "lock"))
		return outcome(shmkit_mutex_lock(&lock));
	if (is(call, "unlock"))
		return outcome(shmkit_mutex_unlock(&lock));
	if (is(call, "mark"))
		return outcome(shmkit_mutex_mark_consistent(&lock));
	if (is(call, "wait") && *arg)
		return outcome(shmkit_cond_timedwait(&handle, &lock, &deadline));
	if (is(call, "wait"))
		return outcome(shmkit_cond_wait(&handle, &lock));
	if (is(call, "once")) { // all of it, for waits that end by themselves
		int err = shmkit_mutex_lock(&lock);
		if (err == 0)
			err = shmkit_cond_timedwait(&handle, &lock, &deadline);
		shmkit_mutex_unlock(&lock);
		return outcome(err);
	}
	if (is(call, "notify"))
		return outcome(shmkit_cond_notify(&handle, &lock, (uint32_t)atol(arg)));
	if (is(call, "all"))
		return outcome(shmkit_cond_notify_all(&handle, &lock));
	return "what?";
}

static int find_lock(const char *name)
{
	char text[256];
	snprintf(text, sizeof text, "%s-lock", name);
	return shmkit_find(&segment, text, &lock);
}

static const char *event(const char *call, const char *arg)
{
	struct timespec deadline = shmkit_deadline(atol(arg));
	if (is(call, "wait") && *arg)
		return outcome(shmkit_event_timedwait(&handle, &deadline));
	if (is(call, "wait"))
		return outcome(shmkit_event_wait(&handle));
	if (is(call, "set"))
		return outcome(shmkit_event_set(&handle));
	if (is(call, "clear"))
		return outcome(shmkit_event_clear(&handle));
	if (is(call, "pulse")) {
		int err = shmkit_event_set(&handle);
		return outcome(err ? err : shmkit_event_clear(&handle));
	}
	if (is(call, "isset"))
		return shmkit_event_is_set(&handle) ? "true" : "false";
	return "what?";
}

// semaphore: the number of permits is in the call, as in "acquire3"; 1 if it is not.
static const char *semaphore(const char *call, const char *arg)
{
	static char text[16];
	struct timespec deadline = shmkit_deadline(atol(arg));
	uint32_t n = 1, value = 0;
	char op[64];
	int digits = (int)strcspn(call, "0123456789");
	snprintf(op, sizeof op, "%.*s", digits, call);
	if (call[digits] != 0)
		n = (uint32_t)atol(call + digits);
	if (is(op, "acquire") && *arg)
		return outcome(shmkit_semaphore_timedacquire(&handle, n, &deadline));
	if (is(op, "acquire"))
		return outcome(shmkit_semaphore_acquire(&handle, n));
	if (is(op, "try"))
		return outcome(shmkit_semaphore_tryacquire(&handle, n));
	if (is(op, "release"))
		return outcome(shmkit_semaphore_release(&handle, n));
	if (!is(op, "value"))
		return "what?";
	int err = shmkit_semaphore_value(&handle, &value);
	snprintf(text, sizeof text, "%u", value);
	return err ? outcome(err) : text;
}

typedef const char *performer(const char *call, const char *arg);

static performer *performer_of(const char *kind)
{
	if (is(kind, "mutex"))
		return mutex;
	if (is(kind, "cond"))
		return cond;
	if (is(kind, "event"))
		return event;
	if (is(kind, "semaphore") || is(kind, "bounded"))
		return semaphore;
	return NULL;
}

int main(int argc, char **argv)
{
	char line[256], call[64], arg[64];
	performer *perform = argc == 4 ? performer_of(argv[1]) : NULL;
	int err = perform == NULL ? SHMKIT_ETYPE : shmkit_open(&segment, argv[2], 0);
	if (err == 0)
		err = shmkit_find(&segment, argv[3], &handle);
	if (err == 0 && is(argv[1], "cond"))
		err = find_lock(argv[3]);
	printf("%s\n", err ? shmkit_strerror(err) : "ready");
	fflush(stdout);
	while (!err && fgets(line, sizeof line, stdin) != NULL) {
		call[0] = arg[0] = 0;
		sscanf(line, "%63s %63s", call, arg);
		printf("%s\n", perform(call, arg));
		fflush(stdout);
	}
	return err != 0;
}
