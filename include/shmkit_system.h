// System calls under shmkit.h; internal (names that start with shk_ may change).
// Results: 0 or more for success, a negative errno.

#ifndef SHMKIT_SYSTEM_H
#define SHMKIT_SYSTEM_H

#if !defined(__linux__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "shmkit.h needs Linux on x86-64 or arm64"
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef F_OFD_SETLK
#error "shmkit.h needs _GNU_SOURCE: include it first or compile with -D_GNU_SOURCE"
#endif

#define SHK_LOAD(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define SHK_STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define SHK_SWAP(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define SHK_ADD(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define SHK_OR(p, v) __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define SHK_AND(p, v) __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)

// SHK_BARRIER keeps the compiler from moving accesses across it. It is enough
// against death, which happens between two instructions.
#define SHK_BARRIER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static inline int shk_cas32(uint32_t *p, uint32_t old, uint32_t value)
{
	return __atomic_compare_exchange_n(p, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline int shk_cas64(uint64_t *p, uint64_t old, uint64_t value)
{
	return __atomic_compare_exchange_n(p, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void shk_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

#define SHK_SECOND INT64_C(1000000000)

static inline int64_t shk_clock(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * SHK_SECOND + t.tv_nsec;
}

static inline struct timespec shk_timespec(int64_t ns)
{
	struct timespec t;
	t.tv_sec = (time_t)(ns / SHK_SECOND);
	t.tv_nsec = (long)(ns % SHK_SECOND);
	return t;
}

// shk_nap sleeps without being a cancellation point.
static inline void shk_nap(int64_t ns)
{
	struct timespec t = shk_timespec(ns);
	syscall(SYS_nanosleep, &t, NULL);
}

// shk_filelock applies an OFD lock command to bytes of the file: never the
// classic F_SETLK, which any close of the file in this process would drop.
static inline int shk_filelock(int fd, int command, short type, uint64_t start, uint64_t len)
{
	struct flock l;
	memset(&l, 0, sizeof l);
	l.l_type = type;
	l.l_whence = SEEK_SET;
	l.l_start = (off_t)start;
	l.l_len = (off_t)len;
	while (fcntl(fd, command, &l) != 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

// shk_filelock_holder asks whether another open file holds a lock in the range that keeps
// one of that type away: 1 with where the first one lies, 0 for none.
static inline int shk_filelock_holder(int fd, short type, uint64_t *start, uint64_t *len)
{
	struct flock l;
	memset(&l, 0, sizeof l);
	l.l_type = type;
	l.l_whence = SEEK_SET;
	l.l_start = (off_t)*start;
	l.l_len = (off_t)*len;
	if (fcntl(fd, F_OFD_GETLK, &l) != 0)
		return -errno;
	if (l.l_type == F_UNLCK)
		return 0;
	*start = (uint64_t)l.l_start;
	*len = (uint64_t)l.l_len;
	return 1;
}

// shk_futex_wake wakes n of those who sleep on word, and gives how many it woke.
static inline long shk_futex_wake(uint32_t *word, int n)
{
	return syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

// shk_futex_wait sleeps while *word == value, until the monotonic time until_ns.
static inline int shk_futex_wait(uint32_t *word, uint32_t value, int64_t until_ns)
{
	struct timespec t = shk_timespec(until_ns);
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, &t, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
		return 0;
	return -errno;
}

// shk_waiter is struct futex_waitv of Linux 5.16, which older headers lack.
typedef struct shk_waiter {
	uint64_t value;
	uint64_t address;
	uint32_t flags;
	uint32_t reserved;
} shk_waiter;

#define SHK_SYS_FUTEX_WAITV 449 // on both machines
#define SHK_WAITER_SHARED32 2   // FUTEX_32, and not private

// shk_refused tells an error that is not one of futex_waitv's own: an old kernel
// says ENOSYS, a sandbox whatever it was told to say.
static inline int shk_refused(int err)
{
	switch (-err) {
	case 0: case EAGAIN: case ETIMEDOUT: case EINTR: case EFAULT: case EINVAL: case ENOMEM: return 0;
	default: return 1;
	}
}

static inline void shk_waiter_set(shk_waiter *w, uint32_t *word, uint32_t value)
{
	w->address = (uint64_t)(uintptr_t)word;
	w->value = value;
	w->flags = SHK_WAITER_SHARED32;
	w->reserved = 0;
}

// shk_futex_waitv sleeps on n words at once; see shk_refused.
static inline int shk_futex_waitv(shk_waiter *w, unsigned n, int64_t until_ns)
{
	struct timespec t = shk_timespec(until_ns);
	if (syscall(SHK_SYS_FUTEX_WAITV, w, n, 0, &t, CLOCK_MONOTONIC) >= 0)
		return 0;
	return -errno;
}

// shk_futex_wait2 is shk_futex_waitv for two words.
static inline int shk_futex_wait2(uint32_t *a, uint32_t a_value, uint32_t *b, uint32_t b_value, int64_t until_ns)
{
	shk_waiter w[2];
	shk_waiter_set(&w[0], a, a_value);
	shk_waiter_set(&w[1], b, b_value);
	return shk_futex_waitv(w, 2, until_ns);
}

static inline int shk_hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// shk_boot_id reads the id of the running kernel: the 32 hexadecimal digits in the
// order in which they are printed.
static inline int shk_boot_id(uint8_t id[16])
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, sizeof text);
	int err = n < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	int digits = 0;
	memset(id, 0, 16);
	for (ssize_t i = 0; i < n && digits < 32; i++) {
		int d = shk_hexdigit(text[i]);
		if (d < 0)
			continue;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | d);
		digits++;
	}
	return digits == 32 ? 0 : -EINVAL;
}

static inline uint64_t shk_pid_namespace(void)
{
	struct stat st;
	return stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

#endif
