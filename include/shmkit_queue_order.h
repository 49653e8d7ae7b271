// Places in the order of a queue: how a message is published, and taken.

#ifndef SHMKIT_QUEUE_ORDER_H
#define SHMKIT_QUEUE_ORDER_H

#include "shmkit_queue_core.h"

// shk_queue_seal closes the queue at an open slot, so that no message is ever published
// there.
static inline void shk_queue_seal(uint64_t *slot, uint64_t w, uint64_t turn)
{
	shk_cas64(slot, w, shk_slot_word(SHMKIT_SLOT_CLOSED, turn, 0));
}

// --- producers ---------------------------------------------------------------

// shk_queue_full is why there is no room at t. After the end nothing is published any
// more, whether the ring is sealed yet or not.
static inline int shk_queue_full(shmkit_queue *q, uint64_t t)
{
	if (shk_queue_closing(q))
		return SHMKIT_EEND;
	shk_queue_raise_high_water(q, q->slots);
	SHK_NOTE(&q->puts.next, t);
	return SHMKIT_ENOROOM;
}

// shk_queue_room finds the ticket that is next, if there is room for it: 0,
// SHMKIT_ENOROOM, SHMKIT_EEND, SHMKIT_ECORRUPT. The block is the one beside the slot.
static inline int shk_queue_room(shmkit_queue *q, shk_seat *s)
{
	uint64_t hint = shk_max64(SHK_HINT(&q->puts.next), SHK_LOAD(&q->head->tail)), t = hint, turn;
	for (int n = 1; n < SHK_LOOK_AGAIN; n++) {
		if (n % SHK_FEW_STEPS == 0)
			t = shk_queue_skip(q, t, 0);
		uint32_t pos = shk_queue_place(q, t, &turn), b;
		uint64_t *slot = &shk_queue_cell(q, pos)->slot, w = SHK_LOAD(slot);
		switch (shk_seat_of(w, turn)) {
		case SHK_SEAT_CLOSED:
			return SHMKIT_EEND;
		case SHK_SEAT_TAKEN: case SHK_SEAT_PAST:
			t = shk_queue_after(q, t, w, turn);
			continue;
		case SHK_SEAT_DAMAGED:
			t = hint = SHK_LOAD(&q->head->tail);
			continue;
		case SHK_SEAT_BEFORE:
			if ((b = shk_slot_block(w)) >= q->blocks)
				return shk_queue_damaged(q, "queue.slot", w);
			if (shk_cell_there(SHK_LOAD(&shk_queue_cell(q, b)->block), t - q->slots))
				return shk_queue_full(q, t);
			break;
		case SHK_SEAT_OPEN:
			break;
		}
		if (shk_queue_closing(q)) {
			shk_queue_seal(slot, w, turn);
			continue;
		}
		if (t != hint)
			SHK_RELEASE(&q->head->tail, t);
		s->ticket = t;
		s->word = w;
		s->pos = s->block = pos;
		return 0;
	}
	return shk_queue_damaged(q, "queue.tail", t);
}

// shk_queue_try_publish publishes the filled block of s, and tells whether its ticket was
// free.
static inline int shk_queue_try_publish(shmkit_queue *q, const shk_seat *s)
{
	uint64_t *slot = &shk_queue_cell(q, s->pos)->slot;
	// The block must name no ticket that was published in this same block before: that
	// message would seem to be there again. If the slot is open still, now that the block
	// is ours, that cannot have been, and never will. And whoever closes the queue seals
	// it, or finds it full: then the message that was here went after that.
	if (SHK_LOAD(slot) != s->word || shk_queue_closing(q))
		return 0;
	SHK_RELEASE(&shk_queue_cell(q, s->block)->block, shk_cell_word(SHMKIT_CELL_QUEUED, q->handle.segment->own_slot, 0, s->ticket));
	// This passes the block to the consumers.
	if (!shk_cas64(slot, s->word, shk_slot_publish(s->word, s->block)))
		return 0;
	shk_queue_advance(q, &q->puts, &q->head->tail, s->ticket);
	shk_queue_wake(q, &q->head->items);
	return 1;
}

// shk_queue_publish_later publishes a block when another message has the ticket that it
// was for, or it has none. It leaves the block to the caller if it fails.
static inline int shk_queue_publish_later(shmkit_queue *q, uint32_t block)
{
	for (;;) {
		shk_seat s = {0, 0, 0, 0};
		int err = shk_queue_room(q, &s);
		if (err)
			return err;
		s.block = block;
		if (shk_queue_try_publish(q, &s))
			return 0;
	}
}

// --- consumers ---------------------------------------------------------------

// shk_queue_returned finds the oldest of the messages that came back: 1 if there is one.
// If it sees none, and none came back while it looked, it says so to those who come after.
static inline int shk_queue_returned(shmkit_queue *q, shk_seat *s)
{
	for (int n = 0; n < SHK_LOOK_AGAIN; n++) {
		uint64_t version = SHK_LOAD(&q->head->returns);
		int found = 0;
		for (uint32_t i = 0; i < q->blocks; i++) {
			uint64_t w = SHK_LOAD(&shk_queue_cell(q, i)->block);
			if (shk_cell_state(w) != SHMKIT_CELL_RETURNED || (found && shk_cell_ticket(w) >= shk_cell_ticket(s->word)))
				continue;
			found = 1;
			s->word = w;
			s->block = i;
		}
		if (found || shk_cas64(&q->head->returns, version, version & ~SHK_RETURNS_PENDING))
			return found;
	}
	return 0;
}

// shk_queue_last finds a message that came back, when the queue is closed and the ring is
// empty. A message stays in its block until it is dealt with, so one look at each block sees
// all of them. SHMKIT_EEMPTY if another process has one, which may come back; SHMKIT_EEND.
static inline int shk_queue_last(shmkit_queue *q, shk_seat *s)
{
	int err = SHMKIT_EEND;
	for (uint32_t i = 0; i < q->blocks; i++) {
		uint64_t w = SHK_LOAD(&shk_queue_cell(q, i)->block);
		if (shk_cell_state(w) == SHMKIT_CELL_RETURNED) {
			s->word = w;
			s->block = i;
			return 0;
		}
		if (shk_cell_state(w) == SHMKIT_CELL_HELD && shk_cell_slot(w) != q->handle.segment->own_slot)
			err = SHMKIT_EEMPTY;
	}
	return err;
}

// How many messages are taken at most between two looks for the dead, and about how many
// nanoseconds these take at most.
enum { SHK_MOST_UNSEEN = 128, SHK_SELDOMEST = 10000000 };

// SHK_MOST_RETURNS is how often one looks again because something came back meanwhile.
enum { SHK_MOST_RETURNS = 1 << 10 };

// shk_queue_look is a look at the slot of *t in the ring: 0, SHMKIT_EEMPTY and so on, or
// SHK_AGAIN with *t where to look next. returns was read before.
static inline int shk_queue_look(shmkit_queue *q, shk_seat *s, uint64_t *t, uint64_t returns, int patient)
{
	uint64_t turn;
	s->ticket = *t;
	s->pos = shk_queue_place(q, *t, &turn);
	uint64_t *slot = &shk_queue_cell(q, s->pos)->slot, w = SHK_LOAD(slot);
	switch (shk_seat_of(w, turn)) {
	case SHK_SEAT_OPEN: case SHK_SEAT_BEFORE:
		SHK_NOTE(&q->gets.next, *t);
		// If it has not changed there was an instant at which nothing was returned and
		// nothing in the ring.
		if (patient && SHK_LOAD(&q->head->returns) != returns)
			return SHK_AGAIN;
		if (!shk_queue_closing(q))
			return SHMKIT_EEMPTY;
		shk_queue_seal(slot, w, turn);
		return SHK_AGAIN;
	case SHK_SEAT_CLOSED:
		return shk_queue_last(q, s);
	case SHK_SEAT_TAKEN:
		if ((s->block = shk_slot_block(w)) >= q->blocks)
			return shk_queue_damaged(q, "queue.slot", w);
		s->word = SHK_LOAD(&shk_queue_cell(q, s->block)->block);
		if (shk_cell_there(s->word, *t))
			return 0;
		++*t;
		return SHK_AGAIN;
	case SHK_SEAT_PAST:
		*t = shk_queue_after(q, *t, w, turn);
		return SHK_AGAIN;
	case SHK_SEAT_DAMAGED:
		break;
	}
	*t = SHK_LOAD(&q->head->head);
	return SHK_AGAIN;
}

// shk_queue_front_slow is shk_queue_front for all that is not as it mostly is.
static inline int shk_queue_front_slow(shmkit_queue *q, shk_seat *s)
{
	uint64_t t = shk_max64(SHK_HINT(&q->gets.next), SHK_LOAD(&q->head->head));
	for (int n = 1; n < SHK_LOOK_AGAIN; n++) {
		if (n % SHK_FEW_STEPS == 0)
			t = shk_queue_skip(q, t, 1);
		uint64_t returns = SHK_LOAD(&q->head->returns);
		if (returns & SHK_RETURNS_PENDING && shk_queue_returned(q, s))
			return 0;
		if (returns & SHK_RETURNS_PENDING && n < SHK_MOST_RETURNS)
			continue;
		int err = shk_queue_look(q, s, &t, returns, n < SHK_MOST_RETURNS);
		if (err != SHK_AGAIN)
			return err;
	}
	return shk_queue_damaged(q, "queue.head", t);
}

static inline int shk_queue_bury_announced(shmkit_queue *q);

// shk_queue_look_out is called by one who has come to the limit at ticket t, which is the
// next to take. It looks for the dead while there are messages to take, now and then, and how
// far the producers are where that may be the limit: see ring/lookout.go.
static inline void shk_queue_look_out(shmkit_queue *q, uint64_t t)
{
	shk_queue_end *e = &q->gets;
	if (t >= SHK_HINT(&e->known)) {
		shk_queue_pace(q, e, t, &q->head->tail, 0);
		SHK_NOTE(&e->known, SHK_HINT(&e->limit));
	}
	uint64_t left = SHK_HINT(&e->due) - t, gap = SHK_HINT(&e->gap);
	if (left == 0 || left > SHK_MOST_UNSEEN) {
		shk_queue_bury_announced(q);
		int64_t now = shk_clock(CLOCK_MONOTONIC), took = now - SHK_HINT(&e->last);
		if (took < SHK_SELDOMEST)
			left = shk_min64(shk_max64(2 * gap, 1), SHK_MOST_UNSEEN);
		else
			left = shk_max64(gap * SHK_SELDOMEST / (uint64_t)took, 1);
		SHK_NOTE(&e->last, now);
		SHK_NOTE(&e->gap, left);
		SHK_NOTE(&e->due, t + left);
	}
	SHK_NOTE(&e->limit, shk_min64(SHK_HINT(&e->known), t + left));
}

// shk_queue_overtaken brings the next look nearer by a message that came back and was taken
// ahead of the next ticket: where these are all that is taken, tickets do not go on.
static inline void shk_queue_overtaken(shmkit_queue *q)
{
	uint64_t due = SHK_HINT(&q->gets.due) - 1;
	SHK_NOTE(&q->gets.due, due);
	SHK_NOTE(&q->gets.limit, shk_min64(SHK_HINT(&q->gets.limit), due));
}

// shk_queue_front finds the oldest message, which this process may or may not get: it is
// taken by a compare-and-swap on the word of its block. 0, SHMKIT_EEMPTY, SHMKIT_EEND,
// SHMKIT_ECORRUPT.
static inline int shk_queue_front(shmkit_queue *q, shk_seat *s)
{
	uint64_t t = SHK_HINT(&q->gets.next), turn;
	if (t >= SHK_HINT(&q->gets.limit))
		shk_queue_look_out(q, t);
	s->ticket = t;
	s->pos = shk_queue_place(q, t, &turn);
	if (!(SHK_LOAD(&q->head->returns) & SHK_RETURNS_PENDING)) {
		uint64_t w = SHK_LOAD(&shk_queue_cell(q, s->pos)->slot);
		s->block = shk_slot_block(w);
		if (shk_seat_of(w, turn) == SHK_SEAT_TAKEN && s->block < q->blocks) {
			s->word = SHK_LOAD(&shk_queue_cell(q, s->block)->block);
			if (shk_cell_there(s->word, t))
				return 0;
		}
	}
	return shk_queue_front_slow(q, s);
}

// shk_queue_hold takes what shk_queue_front found and leaves it in its block, whose word
// is then s->word: 1, or 0 if somebody else has taken it.
static inline int shk_queue_hold(shmkit_queue *q, shk_seat *s)
{
	uint64_t was = s->word;
	s->word = shk_cell_take(was, q->handle.segment->own_slot);
	// This passes the message to us.
	if (!shk_cas64(&shk_queue_cell(q, s->block)->block, was, s->word))
		return 0;
	if (shk_cell_state(was) == SHMKIT_CELL_QUEUED) {
		shk_queue_advance(q, &q->gets, &q->head->head, s->ticket);
	} else {
		SHK_ADD(&q->head->redelivered, (uint64_t)1);
		shk_queue_overtaken(q);
	}
	shk_queue_wake(q, &q->head->space);
	return 1;
}

#endif
