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

<<<<<<< HEAD
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

=======
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

>>>>>>> suite
typedef const char *performer(const char *call, const char *arg);

static performer *performer_of(const char *kind)
{
	if (is(kind, "mutex"))
		return mutex;
<<<<<<< HEAD
	if (is(kind, "cond"))
		return cond;
=======
	if (is(kind, "event"))
		return event;
>>>>>>> suite
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
