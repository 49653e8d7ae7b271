// The words of a queue and what they become: tables in docs/format.md and in
// internal/word/queue.go, from which each function here is taken.

#ifndef SHMKIT_QUEUE_WORD_H
#define SHMKIT_QUEUE_WORD_H

#include "shmkit_object.h"

#define SHK_TURN_BITS (64 - SHMKIT_SLOT_TURN_SHIFT)
#define SHK_TICKET_BITS (64 - SHMKIT_CELL_TICKET_SHIFT)
#define SHK_RETURNS_PENDING UINT64_C(1) // of shmkit_queue_head.returns

static inline uint64_t shk_max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline uint64_t shk_min64(uint64_t a, uint64_t b) { return a < b ? a : b; }

// --- slots -------------------------------------------------------------------

static inline uint64_t shk_slot_word(uint64_t state, uint64_t turn, uint32_t block)
{
	return state | (uint64_t)block << SHMKIT_SLOT_BLOCK_SHIFT | turn << SHMKIT_SLOT_TURN_SHIFT;
}

static inline uint32_t shk_slot_block(uint64_t w)
{
	return (uint32_t)(w >> SHMKIT_SLOT_BLOCK_SHIFT) & (SHMKIT_MAX_BLOCKS - 1);
}

// shk_slot_age is how many turns the slot word w is ahead of turn.
static inline int64_t shk_slot_age(uint64_t w, uint64_t turn)
{
	return (int64_t)(w - (turn << SHMKIT_SLOT_TURN_SHIFT)) >> SHMKIT_SLOT_TURN_SHIFT;
}

// shk_seat_state is what a slot word means to one who comes with a ticket.
typedef enum shk_seat_state {
	SHK_SEAT_OPEN, SHK_SEAT_TAKEN, SHK_SEAT_CLOSED, SHK_SEAT_BEFORE, SHK_SEAT_PAST, SHK_SEAT_DAMAGED
} shk_seat_state;

static inline shk_seat_state shk_seat_of(uint64_t w, uint64_t turn)
{
	uint64_t state = w & SHMKIT_SLOT_STATE_MASK;
	int64_t age = shk_slot_age(w, turn);
	if (age > 0)
		return SHK_SEAT_PAST;
	if (age == 0 && state == SHMKIT_SLOT_EMPTY)
		return SHK_SEAT_OPEN;
	if (age == 0 && state == SHMKIT_SLOT_FULL)
		return SHK_SEAT_TAKEN;
	if (age == 0 && state == SHMKIT_SLOT_CLOSED)
		return SHK_SEAT_CLOSED;
	return age == -1 && state == SHMKIT_SLOT_FULL ? SHK_SEAT_BEFORE : SHK_SEAT_DAMAGED;
}

// shk_slot_publish is the word of an open slot when block is published there.
static inline uint64_t shk_slot_publish(uint64_t w, uint32_t block)
{
	uint64_t turn = w >> SHMKIT_SLOT_TURN_SHIFT;
	if ((w & SHMKIT_SLOT_STATE_MASK) == SHMKIT_SLOT_FULL)
		turn++; // the message that was there is gone
	return shk_slot_word(SHMKIT_SLOT_FULL, turn, block);
}

// --- blocks ------------------------------------------------------------------

static inline uint64_t shk_cell_word(uint64_t state, uint32_t slot, uint32_t deliveries, uint64_t ticket)
{
	return state | (uint64_t)slot << SHMKIT_CELL_SLOT_SHIFT | (uint64_t)deliveries << SHMKIT_CELL_DELIVERIES_SHIFT |
	       ticket << SHMKIT_CELL_TICKET_SHIFT;
}

static inline uint64_t shk_cell_state(uint64_t w) { return w & SHMKIT_CELL_STATE_MASK; }
static inline uint64_t shk_cell_ticket(uint64_t w) { return w >> SHMKIT_CELL_TICKET_SHIFT; }

static inline uint32_t shk_cell_slot(uint64_t w)
{
	return (uint32_t)(w >> SHMKIT_CELL_SLOT_SHIFT) & (SHMKIT_MAX_SLOTS - 1);
}

static inline uint32_t shk_cell_deliveries(uint64_t w)
{
	return (uint32_t)(w >> SHMKIT_CELL_DELIVERIES_SHIFT) & SHMKIT_MAX_DELIVERIES;
}

// shk_cell_there tells whether the message with that ticket, to which a slot led, is
// still in the block whose word is w.
static inline int shk_cell_there(uint64_t w, uint64_t ticket)
{
	return shk_cell_state(w) == SHMKIT_CELL_QUEUED && shk_cell_ticket(w) == (ticket & ((UINT64_C(1) << SHK_TICKET_BITS) - 1));
}

static inline uint64_t shk_cell_take(uint64_t w, uint32_t slot)
{
	return shk_cell_word(SHMKIT_CELL_HELD, slot, shk_cell_deliveries(w), shk_cell_ticket(w));
}

static inline uint64_t shk_cell_return(uint64_t w)
{
	uint32_t n = shk_cell_deliveries(w);
	return shk_cell_word(SHMKIT_CELL_RETURNED, 0, n < SHMKIT_MAX_DELIVERIES ? n + 1 : n, shk_cell_ticket(w));
}

// shk_cell_full_ticket is the ticket in a block word, of which that has the lower bits,
// when the tail of the queue is near it.
static inline uint64_t shk_cell_full_ticket(uint64_t w, uint64_t tail)
{
	const uint64_t span = UINT64_C(1) << SHK_TICKET_BITS;
	uint64_t t = (tail & ~(span - 1)) | shk_cell_ticket(w);
	if (t > tail + span / 2 && t >= span)
		return t - span;
	return t + span / 2 < tail ? t + span : t;
}

// shk_cell_resolve is what becomes of a block when the process in slot is dead, or has
// no handle any more. seat is the slot word of the ticket in w, read after w. It gives w
// if the block is not that process's, or goes on without it. Loaned becomes free when
// nothing is Linked to the block.
static inline uint64_t shk_cell_resolve(uint64_t w, uint32_t slot, uint32_t block, uint64_t seat, uint64_t turn)
{
	if (shk_cell_slot(w) != slot)
		return w;
	switch (shk_cell_state(w)) {
	case SHMKIT_CELL_LOANED:
		return SHMKIT_CELL_FREE;
	case SHMKIT_CELL_QUEUED:
		// Had it been published and taken, w would have changed before the slot did.
		return seat == shk_slot_word(SHMKIT_SLOT_FULL, turn, block) ? w : shk_cell_word(SHMKIT_CELL_LOANED, slot, 0, 0);
	case SHMKIT_CELL_HELD:
		return shk_cell_return(w);
	default:
		return w;
	}
}

// shk_cell_linked is the word of a block that belongs to the message whose first block is
// first and has that version.
static inline uint64_t shk_cell_linked(uint32_t first, uint32_t version)
{
	return shk_cell_word(SHMKIT_CELL_LINKED, 0, 0, (uint64_t)first | (uint64_t)version << SHK_TICKET_BITS / 2);
}

static inline uint32_t shk_cell_link_first(uint64_t w)
{
	return (uint32_t)(shk_cell_ticket(w) & ((UINT64_C(1) << SHK_TICKET_BITS / 2) - 1));
}

// --- sleepers ----------------------------------------------------------------

static inline uint32_t shk_sleepers_announce(uint32_t w)
{
	if ((w & SHMKIT_QUEUE_SLEEPERS) == SHMKIT_QUEUE_NOBODY)
		return w | SHMKIT_QUEUE_ONE;
	return (w & ~SHMKIT_QUEUE_SLEEPERS) | SHMKIT_QUEUE_MANY;
}

static inline uint32_t shk_sleepers_wake(uint32_t w)
{
	uint32_t next = (w + 1) & ~SHMKIT_QUEUE_SLEEPERS;
	return (w & SHMKIT_QUEUE_SLEEPERS) == SHMKIT_QUEUE_ONE ? next | SHMKIT_QUEUE_NOBODY : next | SHMKIT_QUEUE_MANY;
}

static inline uint32_t shk_sleepers_none(uint32_t w) { return (w + 1) & ~SHMKIT_QUEUE_SLEEPERS; }

#endif
