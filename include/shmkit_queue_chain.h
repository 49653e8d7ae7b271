// Messages of bytes: of any length up to what all places of a queue hold, in one block or
// in several. The first block is what that of any other message is, and the rest is whose
// that is: see docs/format.md.

#ifndef SHMKIT_QUEUE_CHAIN_H
#define SHMKIT_QUEUE_CHAIN_H

#include "shmkit_queue_wait.h"

enum { SHK_MOST_CLAIMS = 64 };

// shk_queue_further is how many blocks a message of n bytes takes beyond the first.
static inline uint32_t shk_queue_further(const shmkit_queue *q, uint64_t n)
{
	return n <= q->size ? 0 : (uint32_t)((n - 1) / q->size);
}

// shk_want_blocks is what one wants who needs the blocks of such a message.
static inline int shk_want_blocks(const shmkit_queue *q, uint64_t n)
{
	return SHK_WANT_BLOCK | (int)((1 + shk_queue_further(q, n)) << SHK_WANT_SHIFT);
}

static inline uint64_t shk_queue_length(const shmkit_queue *q, uint32_t block)
{
	return SHK_LOAD(&shk_queue_cell(q, block)->length);
}

// shk_queue_next is the block that *next names, plus 1, and goes on to the one after it;
// NULL if there is none.
static inline shmkit_queue_cell *shk_queue_next(const shmkit_queue *q, uint32_t *next, uint32_t *block)
{
	if (*next == 0 || *next > q->blocks)
		return NULL;
	*block = *next - 1;
	shmkit_queue_cell *cell = shk_queue_cell(q, *block);
	*next = SHK_HINT(&cell->next);
	return cell;
}

// shk_queue_claim_all makes n free blocks ours, and *list the first of a list of them: all
// or none, so that two large messages never wait for each other with half of their blocks
// each. SHMKIT_ENOROOM if there are not so many.
static inline int shk_queue_claim_all(shmkit_queue *q, uint32_t n, uint32_t *list)
{
	for (int tries = 0; tries < SHK_MOST_CLAIMS; tries++) {
		uint32_t b = (uint32_t)q->slots, got = 0, block;
		if (!shk_queue_enough_free(q, 0, n) && (!shk_queue_bury_announced(q) || !shk_queue_enough_free(q, 0, n)))
			return SHMKIT_ENOROOM;
		*list = 0;
		for (uint32_t i = 0; i < q->blocks; i++, b++) {
			if (b == q->blocks)
				b = 0;
			if (!shk_queue_try_claim(q, b))
				continue;
			SHK_NOTE(&shk_queue_cell(q, b)->next, *list);
			*list = b + 1;
			if (++got == n)
				return 0;
		}
		// Others claim at the same time: give way.
		for (shmkit_queue_cell *cell; got > 0 && (cell = shk_queue_next(q, list, &block)) != NULL; got--)
			SHK_STORE(&cell->block, (uint64_t)SHMKIT_CELL_FREE);
		shk_queue_freed(q);
		for (uint32_t i = (uint32_t)shk_clock(CLOCK_MONOTONIC) % 256; i > 0; i--)
			shk_pause();
	}
	return SHMKIT_ENOROOM;
}

// shk_queue_unlink frees what is tied to block first, which is ours and in no message. It
// follows the chain, and if that does not lead to all of it looks at every block.
static inline void shk_queue_unlink(shmkit_queue *q, uint32_t first)
{
	shmkit_queue_cell *cell = shk_queue_cell(q, first), *link;
	const uint64_t linked = shk_cell_linked(first, SHK_HINT(&cell->version));
	uint32_t next = SHK_HINT(&cell->next), block;
	uint32_t left = shk_queue_further(q, shk_min64(shk_queue_length(q, first), q->most));
	for (; left > 0 && (link = shk_queue_next(q, &next, &block)) != NULL; left--)
		if (!shk_cas64(&link->block, linked, SHMKIT_CELL_FREE)) // this passes the block to the producers
			break;
	for (uint32_t i = 0; (left > 0 || next != 0) && i < q->blocks; i++)
		if (SHK_LOAD(&shk_queue_cell(q, i)->block) == linked)
			shk_cas64(&shk_queue_cell(q, i)->block, linked, SHMKIT_CELL_FREE);
	SHK_NOTE(&cell->next, (uint32_t)0);
}

// shk_queue_discard frees a block that is ours and in no message, and what is tied to it.
static inline void shk_queue_discard(shmkit_queue *q, uint32_t block)
{
	if (q->bytes && SHK_HINT(&shk_queue_cell(q, block)->next) != 0)
		shk_queue_unlink(q, block);
	shk_queue_free(q, block);
}

// shk_queue_chain writes n bytes to so many blocks, and ties them to block first.
static inline int shk_queue_chain(shmkit_queue *q, uint32_t first, const unsigned char *from, uint64_t n, uint32_t more)
{
	shmkit_queue_cell *cell = shk_queue_cell(q, first), *link;
	uint32_t list = 0, block = 0;
	int err = shk_queue_claim_all(q, more, &list);
	if (err)
		return err;
	uint32_t version = SHK_HINT(&cell->version) + 1; // what was tied to first before is not taken for what is now
	const uint64_t linked = shk_cell_linked(first, version);
	SHK_NOTE(&cell->version, version);
	SHK_NOTE(&cell->next, list);
	for (; more > 0 && (link = shk_queue_next(q, &list, &block)) != NULL; more--) {
		uint64_t part = shk_min64(n, q->size);
		memcpy(shk_queue_payload(q, block), from, part);
		from += part;
		n -= part;
		// This passes the block to whoever has first: us, or the sweep of us. A release: its
		// version comes before, and nobody else looks at the payload before first is taken.
		SHK_RELEASE(&link->block, linked);
	}
	if (more == 0 && list == 0)
		return 0;
	shk_queue_unlink(q, first);
	return shk_queue_damaged(q, "queue.next", list);
}

// shk_queue_fill writes a message of n bytes to block first, which is ours, and to others
// that it ties to it. With an error nothing is tied to first.
static inline int shk_queue_fill(shmkit_queue *q, uint32_t first, const void *item, uint64_t n)
{
	shmkit_queue_cell *cell = shk_queue_cell(q, first);
	const unsigned char *from = (const unsigned char *)item;
	uint32_t more = q->bytes ? shk_queue_further(q, n) : 0;
	if (q->bytes) {
		SHK_NOTE(&cell->length, n);
		SHK_NOTE(&cell->next, (uint32_t)0);
	}
	if (more > 0) {
		int err = shk_queue_chain(q, first, from + q->size, n - q->size, more);
		if (err)
			return err;
	}
	if (n > 0)
		memcpy(shk_queue_payload(q, first), from, more > 0 ? q->size : n);
	return 0;
}

// shk_queue_copy_out copies the n bytes of the message in block first, which we hold.
static inline int shk_queue_copy_out(shmkit_queue *q, uint32_t first, void *item, uint64_t n)
{
	shmkit_queue_cell *cell = shk_queue_cell(q, first);
	const uint64_t linked = shk_cell_linked(first, SHK_HINT(&cell->version));
	unsigned char *to = (unsigned char *)item;
	uint32_t next = SHK_HINT(&cell->next), block = first;
	while (n > 0) {
		uint64_t part = shk_min64(n, q->size);
		memcpy(to, shk_queue_payload(q, block), part);
		to += part;
		if ((n -= part) == 0)
			break;
		uint32_t was = next;
		shmkit_queue_cell *link = shk_queue_next(q, &next, &block);
		if (link == NULL)
			return shk_queue_damaged(q, "queue.next", was);
		if (SHK_LOAD(&link->block) != linked)
			return shk_queue_damaged(q, "queue.block", SHK_LOAD(&link->block));
	}
	return 0;
}

// shk_queue_let_go ends our hold of a block whose word is held: the message is dealt with.
static inline int shk_queue_let_go(shmkit_queue *q, uint32_t block, uint64_t held)
{
	shmkit_queue_cell *cell = shk_queue_cell(q, block);
	int several = q->bytes && SHK_HINT(&cell->next) != 0;
	// From here on the message is acknowledged. This passes its block to the producers, or
	// makes it one that goes with what is tied to it.
	if (!shk_cas64(&cell->block, held, several ? q->loaned : SHMKIT_CELL_FREE))
		return SHMKIT_EPERM;
	if (several)
		shk_queue_discard(q, block);
	else
		shk_queue_freed(q);
	return 0;
}

#endif
