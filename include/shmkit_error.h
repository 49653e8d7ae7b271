// Error codes of shmkit.h. Every call that can fail returns an int: 0 for success,
// a positive shmkit_error, or a negative errno of a failed system call.

#ifndef SHMKIT_ERROR_H
#define SHMKIT_ERROR_H

#include <string.h>

typedef enum shmkit_error {
	SHMKIT_OK = 0,

	// Conditions of a lock.
	SHMKIT_EOWNERDEAD = 1,      // the lock IS held; its last holder died inside: repair, then mark_consistent
	SHMKIT_ENOTRECOVERABLE = 2, // unlocked without mark_consistent after EOWNERDEAD
	SHMKIT_ETIMEDOUT = 3,       // the deadline passed; the lock is not held
	SHMKIT_EBUSY = 4,           // held by somebody who lives; or a handle whose lock we hold
	SHMKIT_EPERM = 5,           // misuse: not the holder, no lock in that object, read-only segment
	SHMKIT_ETOOMANY = 6,        // more than there is room for: a release above a bound, a waiter too many

	// Conditions of a queue.
	SHMKIT_ENOROOM = 7, // no room for another message
	SHMKIT_EEMPTY = 8,  // no message
	SHMKIT_EEND = 9,    // nothing can be put any more; for a consumer: and nothing is left

	// Reasons to refuse a file, in the order in which they are looked for.
	SHMKIT_ESIZE = 10,        // too short for a segment, or shorter than it says
	SHMKIT_EMAGIC = 11,       // not a segment
	SHMKIT_EVERSION = 12,     // another format version
	SHMKIT_EFINGERPRINT = 13, // written by a build whose structs are laid out differently
	SHMKIT_EFEATURES = 14,    // uses a feature that this header does not know
	SHMKIT_ECORRUPT = 15,     // a field holds what no participant ever writes; see segment.detail
	SHMKIT_EDESTROYED = 16,   // the last participant left: the segment is gone
	SHMKIT_EBOOT = 17,        // last used before the machine started: open it once with a Go program

	SHMKIT_EFULL = 20,     // no clean participant slot
	SHMKIT_ENOTFOUND = 21, // no object of that name
	SHMKIT_ETYPE = 22,     // the object is of another kind, type or size
	SHMKIT_ECLOSED = 23    // the segment or handle is closed, or this process forked
} shmkit_error;

// shmkit_strerror gives the text of any code that shmkit.h returns. Any thread;
// the text of a negative errno is valid until the thread's next strerror.
static inline const char *shmkit_strerror(int code)
{
	switch (code) {
	case SHMKIT_OK: return "success";
	case SHMKIT_EOWNERDEAD: return "shmkit: previous holder died; the lock is held";
	case SHMKIT_ENOTRECOVERABLE: return "shmkit: lock is not recoverable";
	case SHMKIT_ETIMEDOUT: return "shmkit: timed out";
	case SHMKIT_EBUSY: return "shmkit: lock is held";
	case SHMKIT_EPERM: return "shmkit: not the holder, no lock, or read-only";
	case SHMKIT_ETOOMANY: return "shmkit: more than there is room for";
	case SHMKIT_ENOROOM: return "shmkit: queue is full";
	case SHMKIT_EEMPTY: return "shmkit: queue is empty";
	case SHMKIT_EEND: return "shmkit: queue is closed";
	case SHMKIT_ESIZE: return "shmkit: file is too short for a segment";
	case SHMKIT_EMAGIC: return "shmkit: not a segment";
	case SHMKIT_EVERSION: return "shmkit: unknown format version";
	case SHMKIT_EFINGERPRINT: return "shmkit: layout fingerprint differs";
	case SHMKIT_EFEATURES: return "shmkit: unknown feature bits";
	case SHMKIT_ECORRUPT: return "shmkit: corrupt segment";
	case SHMKIT_EDESTROYED: return "shmkit: segment was destroyed";
	case SHMKIT_EBOOT: return "shmkit: segment of an earlier boot; open it once with shmkit check or any Go program";
	case SHMKIT_EFULL: return "shmkit: every participant slot is taken";
	case SHMKIT_ENOTFOUND: return "shmkit: object not found";
	case SHMKIT_ETYPE: return "shmkit: wrong type";
	case SHMKIT_ECLOSED: return "shmkit: closed";
	default: return code < 0 ? strerror(-code) : "shmkit: unknown error";
	}
}

#endif
