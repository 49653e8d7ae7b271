// The segment handle, its bounds checks, and the validation of a file.

#ifndef SHMKIT_SEGMENT_H
#define SHMKIT_SEGMENT_H

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "shmkit_error.h"
#include "shmkit_layout.h"
#include "shmkit_system.h"

// Flags of shmkit_open.
#define SHMKIT_READONLY 1u // map for reading, do not attach: look-ups and loads only

// shk_use counts the handles of this process on one object: the object has one
// holder bit per process.
typedef struct shk_use {
	struct shk_use *next;
	uint32_t index;
	uint32_t count;
	uint32_t queues; // those among them that are shmkit_queues
} shk_use;

// shk_robust is the kernel's struct robust_list_head.
typedef struct shk_robust {
	uint64_t first;
	int64_t futex_offset;
	uint64_t pending;
} shk_robust;

// shmkit_segment is this process's attachment to one segment. It must stay where
// it is from shmkit_open to shmkit_close; any thread may use it. If the process
// dies, the others recover what it held. Read detail and detail_value after
// SHMKIT_ECORRUPT, own_slot and owner at any time; the rest is internal.
typedef struct shmkit_segment {
	const char *detail;    // name of the damaged field, or NULL
	uint64_t detail_value; // what it held
	uint32_t owner;        // owner id: what every owner field of this process holds
	uint32_t own_slot;

	unsigned flags;
	int fd;
	unsigned char *base; // NULL when closed
	uint64_t reserved;   // bytes mapped
	uint64_t known;      // bytes that may be touched; from fstat, never from the header
	shmkit_header *header;
	shmkit_participant *self;
	char *path; // absolute

	pthread_mutex_t lock; // guards uses; held around LockAdmin, which threads of one process share
	shk_use *uses;
	uint64_t queues; // how many queues were opened

	pthread_t keeper;
	uint32_t keeper_word;  // SHK_KEEPER_*, a private futex
	uint32_t keeper_death; // what the death word has to be; set by the keeper before it watches
	int keeper_joinable;
	shk_robust robust;

	int spins;    // before the first sleep: 0 on one CPU
	int no_waitv; // the kernel has no futex_waitv
	struct shmkit_segment *next, *previous; // of this process, for fork
	int listed;
} shmkit_segment;

static inline int shk_corrupt(shmkit_segment *s, const char *field, uint64_t value)
{
	SHK_STORE(&s->detail_value, value);
	SHK_STORE(&s->detail, field);
	return SHMKIT_ECORRUPT;
}

// shk_backed tells whether len bytes at off may be touched. The file only grows,
// so a file size that was seen stays true.
static inline int shk_backed(shmkit_segment *s, uint64_t off, uint64_t len)
{
	if (len > s->reserved || off > s->reserved - len)
		return 0;
	if (off + len <= SHK_LOAD(&s->known))
		return 1;
	struct stat st;
	if (fstat(s->fd, &st) != 0)
		return 0;
	uint64_t size = (uint64_t)st.st_size < s->reserved ? (uint64_t)st.st_size : s->reserved;
	SHK_STORE(&s->known, size);
	return off + len <= size;
}

// shk_at is the only conversion from offset to pointer: NULL if out of bounds or
// not aligned to align.
static inline void *shk_at(shmkit_segment *s, uint64_t off, uint64_t len, uint64_t align)
{
	if (off < align || off % align != 0 || !shk_backed(s, off, len))
		return NULL;
	return s->base + off;
}

static inline shmkit_participant *shk_participant(shmkit_segment *s, uint32_t slot)
{
	// Inside the smallest file that validation accepts.
	return (shmkit_participant *)(void *)(s->base + SHMKIT_PARTICIPANT_TABLE + (uint64_t)slot * SHMKIT_PARTICIPANT_SIZE);
}

static inline uint32_t shk_owner_slot(uint32_t owner)
{
	return (owner & SHMKIT_OWNER_MASK) >> SHMKIT_GENERATION_BITS;
}

static inline uint32_t shk_page_objects(int k)
{
	return (uint32_t)SHMKIT_FIRST_PAGE_OBJECTS << (k == 0 ? 0 : k - 1);
}

#define SHK_MIN_FILE (SHMKIT_FIRST_ARENA + SHMKIT_MIN_ARENA)
#define SHK_MAX_SIZE (UINT64_C(1) << 46)
#define SHK_PAGE 4096

static inline int shk_validate_pages(shmkit_segment *s, const shmkit_header *h)
{
	int gap = 0;
	if (h->pages[0] == 0)
		return shk_corrupt(s, "header.pages", 0);
	for (int k = 0; k < SHMKIT_MAX_PAGES; k++) {
		uint64_t off = h->pages[k], bytes = (uint64_t)shk_page_objects(k) * SHMKIT_OBJECT_SIZE;
		if (off == 0) {
			gap = 1;
			continue;
		}
		if (gap || off < SHMKIT_FIRST_ARENA || off % SHMKIT_BLOCK_HEADER_SIZE != 0 ||
		    bytes > h->end || off > h->end - bytes)
			return shk_corrupt(s, "header.pages", off);
	}
	return 0;
}

static inline int shk_validate_fields(shmkit_segment *s, const shmkit_header *h, uint64_t size)
{
	static const uint8_t no_id[16] = {0};
	if (h->header_size != sizeof *h)
		return shk_corrupt(s, "header.header_size", h->header_size);
	if (h->slots != SHMKIT_MAX_SLOTS)
		return shk_corrupt(s, "header.slots", h->slots);
	if (h->kind != SHMKIT_KIND_ANONYMOUS && h->kind != SHMKIT_KIND_NAMED)
		return shk_corrupt(s, "header.kind", h->kind);
	if (memcmp(h->segment_id, no_id, sizeof no_id) == 0)
		return shk_corrupt(s, "header.segment_id", 0);
	if (h->max_size % SHK_PAGE != 0 || h->max_size < SHK_MIN_FILE || h->max_size > SHK_MAX_SIZE)
		return shk_corrupt(s, "header.max_size", h->max_size);
	if (h->end < SHK_MIN_FILE || h->end > h->max_size || h->end % SHMKIT_UNIT != 0)
		return shk_corrupt(s, "header.end", h->end);
	if (h->end > size)
		return SHMKIT_ESIZE;
	return shk_validate_pages(s, h);
}

// shk_validate checks a private copy of the header, in the order of docs/format.md.
static inline int shk_validate(shmkit_segment *s, const shmkit_header *h, uint64_t size)
{
	if (h->magic != SHMKIT_MAGIC)
		return SHMKIT_EMAGIC;
	if (h->version != SHMKIT_VERSION)
		return SHMKIT_EVERSION;
	if (h->fingerprint != SHMKIT_FINGERPRINT)
		return SHMKIT_EFINGERPRINT;
	if (h->features & ~SHMKIT_KNOWN_FEATURES)
		return SHMKIT_EFEATURES;
	int err = shk_validate_fields(s, h, size);
	if (err)
		return err;
	if (h->state == SHMKIT_STATE_DESTROYED)
		return SHMKIT_EDESTROYED;
	if (h->state != SHMKIT_STATE_LIVE)
		return shk_corrupt(s, "header.state", h->state);
	uint8_t boot[16];
	if (s->flags & SHMKIT_READONLY)
		return 0;
	if ((err = shk_boot_id(boot)) != 0)
		return err;
	return memcmp(boot, h->boot_id, sizeof boot) == 0 ? 0 : SHMKIT_EBOOT;
}

static inline int shk_map(shmkit_segment *s, const shmkit_header *h, const struct stat *st)
{
	int readonly = (s->flags & SHMKIT_READONLY) != 0;
	// A hole would end in SIGBUS when the disk is full: ask for the storage now.
	// A file system that cannot, because it compresses, has no such promise.
	if (!readonly && (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size &&
	    fallocate(s->fd, 0, 0, st->st_size) != 0 && errno != EOPNOTSUPP)
		return -errno;
	// Addresses for all that the segment may ever become: it grows in place.
	void *base = mmap(NULL, h->max_size, PROT_READ | (readonly ? 0 : PROT_WRITE), MAP_SHARED, s->fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	// A forked child that kept the mapping would keep our slot's lock alive.
	if (!readonly && madvise(base, h->max_size, MADV_DONTFORK) != 0) {
		int err = -errno;
		munmap(base, h->max_size);
		return err;
	}
	s->base = (unsigned char *)base;
	s->reserved = h->max_size;
	s->known = (uint64_t)st->st_size < h->max_size ? (uint64_t)st->st_size : h->max_size;
	s->header = (shmkit_header *)base;
	return 0;
}

// shk_load opens, validates and maps the file, without taking a slot.
static inline int shk_load(shmkit_segment *s, const char *path)
{
	int access = s->flags & SHMKIT_READONLY ? O_RDONLY : O_RDWR;
	struct stat st;
	shmkit_header h;
	s->fd = open(path, access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return SHMKIT_EMAGIC;
	if (st.st_size < SHK_MIN_FILE)
		return SHMKIT_ESIZE;
	// Read, not mapped: nothing is known of the file yet.
	ssize_t n = pread(s->fd, &h, sizeof h, 0);
	if (n != (ssize_t)sizeof h)
		return n < 0 ? -errno : SHMKIT_ESIZE;
	int err = shk_validate(s, &h, (uint64_t)st.st_size);
	if (err)
		return err;
	if ((s->path = realpath(path, NULL)) == NULL)
		return -errno;
	return shk_map(s, &h, &st);
}

// shk_admin_lock: at most one process changes the name directory. Threads of this
// process share the file lock, so s->lock keeps them apart.
static inline int shk_admin_lock(shmkit_segment *s)
{
	short type = s->flags & SHMKIT_READONLY ? F_RDLCK : F_WRLCK;
	pthread_mutex_lock(&s->lock);
	int err = shk_filelock(s->fd, F_OFD_SETLKW, type, SHMKIT_LOCK_ADMIN, 1);
	if (err)
		pthread_mutex_unlock(&s->lock);
	return err;
}

static inline void shk_admin_unlock(shmkit_segment *s)
{
	shk_filelock(s->fd, F_OFD_SETLK, F_UNLCK, SHMKIT_LOCK_ADMIN, 1);
	pthread_mutex_unlock(&s->lock);
}

#endif
