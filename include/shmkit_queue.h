// Queues: bounded, first in first out, whole whoever is killed when. Any number of
// producers and consumers, in Go and in C.
//
// A message is an item of plain memory, of the size that the queue was made for, or bytes.
// It is put whole or not at all, and goes to one consumer. If that dies before it has
// acknowledged the message, the message goes to another one, with its count of
// deliveries; get acknowledges what it returns. A process that is killed or stopped
// inside any call holds up nobody.
//
// Several C processes recover what one of them had by themselves: whoever finds nothing
// to take, or no room, looks which other users of the queue are dead.
//
//	shmkit_queue q;
//	job j;
//	int err = shmkit_queue_open(&segment, "jobs", 'T', sizeof j, &q);
//	while (err == 0 && (err = shmkit_queue_get(&q, &j, sizeof j)) == 0)
//		work(&j);
//	// SHMKIT_EEND: somebody has closed the queue, and nothing is left
//	shmkit_queue_release(&q);

#ifndef SHMKIT_QUEUE_H
#define SHMKIT_QUEUE_H

#include "shmkit_queue_open.h"

#define SHK_AT_ONCE INT64_MIN // instead of a deadline: do not wait

// shmkit_lease is a message that this process has taken and not yet acknowledged, in
// place: data is valid until shmkit_queue_ack or shmkit_queue_nack. It is used by one
// thread at a time. A lease that is dropped without either stays in flight as long as the
// process uses the queue; if the process dies, the message goes to another consumer.
typedef struct shmkit_lease {
	void *data;
	size_t size;
	uint32_t deliveries; // how often it was delivered before: 0 unless consumers died with it, or gave it back; up to 127
	uint32_t block;
	uint64_t held;
	void *copy;          // of bytes that are in several blocks; data points to it
	uint64_t number;     // of the use of the queue; nothing is in hand after it
	shmkit_queue *queue; // NULL: no message
} shmkit_lease;

// shmkit_loan is a block of a queue that this process fills in place: data is valid until
// it is published or abandoned, and holds what an earlier message left. size is how many
// bytes it has; of a queue of bytes set it to how many the message has. It is used by one
// thread at a time. If the process dies before, nobody has seen anything and the block is
// free.
typedef struct shmkit_loan {
	void *data;
	size_t size;
	uint32_t block;
	uint64_t number;     // as in shmkit_lease
	shmkit_queue *queue; // NULL: no block
} shmkit_loan;

// shk_queue_in_hand tells whether what was taken or lent through q is ours still: with the
// release of q it went back.
static inline int shk_queue_in_hand(const shmkit_queue *q, uint64_t number)
{
	if (q == NULL)
		return SHMKIT_EPERM;
	int err = shk_queue_usable(q);
	return err == 0 && q->number != number ? (int)SHMKIT_EPERM : err;
}

// --- put ---------------------------------------------------------------------

// shk_queue_finish publishes the filled block of s, or frees it.
static inline int shk_queue_finish(shmkit_queue *q, const shk_seat *s)
{
	if (shk_queue_try_publish(q, s))
		return 0;
	int err = shk_queue_publish_later(q, s->block);
	if (err)
		shk_queue_discard(q, s->block);
	return err;
}

// shk_queue_fits tells whether a message may have that size.
static inline int shk_queue_fits(const shmkit_queue *q, size_t size)
{
	if (q->bytes)
		return size <= q->most ? 0 : -EMSGSIZE;
	return size == q->size ? 0 : SHMKIT_ETYPE;
}

static inline int shk_queue_put(shmkit_queue *q, const void *item, size_t size, int64_t deadline)
{
	int err = shk_queue_usable(q);
	if (err == 0)
		err = shk_queue_fits(q, size);
	while (err == 0) {
		shk_seat s = {0, 0, 0, 0};
		if ((err = shk_queue_reserve(q, &s)) == 0) {
			if ((err = shk_queue_fill(q, s.block, item, size)) != 0)
				shk_queue_free(q, s.block);
			else if ((err = shk_queue_finish(q, &s)) == 0)
				return 0;
		}
		if (err == SHMKIT_ENOROOM && deadline != SHK_AT_ONCE)
			err = shk_queue_await(q, SHK_WANT_ROOM | shk_want_blocks(q, size), deadline);
	}
	return err;
}

// shmkit_queue_put puts a copy of *item at the end, and waits for room as long as it
// takes; size is its sizeof. When it returns 0 the message is in the queue whatever
// becomes of this process. It synchronizes before the get that returns the message, in
// whatever language.
//
// Returns 0; SHMKIT_EEND: the queue is closed; SHMKIT_ETYPE: messages are not of that size;
// -EMSGSIZE: more bytes than q->most; SHMKIT_EPERM: the segment is read-only;
// SHMKIT_ECORRUPT; SHMKIT_ECLOSED. Any thread.
static inline int shmkit_queue_put(shmkit_queue *q, const void *item, size_t size)
{
	return shk_queue_put(q, item, size, INT64_MAX);
}

// shmkit_queue_timedput is shmkit_queue_put with a deadline on CLOCK_MONOTONIC, after
// which it returns SHMKIT_ETIMEDOUT, and the message is not in the queue; see
// shmkit_deadline.
static inline int shmkit_queue_timedput(shmkit_queue *q, const void *item, size_t size, const struct timespec *deadline)
{
	return shk_queue_put(q, item, size, shk_deadline_ns(deadline));
}

// shmkit_queue_tryput is shmkit_queue_put, but returns SHMKIT_ENOROOM where that would
// wait.
static inline int shmkit_queue_tryput(shmkit_queue *q, const void *item, size_t size)
{
	return shk_queue_put(q, item, size, SHK_AT_ONCE);
}

// --- get ---------------------------------------------------------------------

// shk_queue_take leaves the oldest message in its block, which is ours then. Of a queue of
// bytes *n is how long it is. If that is more than room the message stays: -EMSGSIZE.
static inline int shk_queue_take(shmkit_queue *q, shk_seat *s, uint64_t room, uint64_t *n, int64_t deadline)
{
	int err = shk_queue_usable(q), buried = 0;
	*n = q->size;
	while (err == 0) {
		err = shk_queue_front(q, s);
		if (err == 0 && q->bytes) {
			*n = shk_queue_length(q, s->block);
			// With that word the block has the message still, and so it had then.
			if (*n > room && *n <= q->most && SHK_LOAD(&shk_queue_cell(q, s->block)->block) == s->word) {
				// We may have been woken for it, and somebody else has the room.
				if (deadline != SHK_AT_ONCE)
					shk_queue_wake(q, &q->head->items);
				return -EMSGSIZE;
			}
		}
		if (err == 0 && shk_queue_hold(q, s))
			return 0;
		if (err == SHMKIT_EEMPTY && deadline != SHK_AT_ONCE)
			err = shk_queue_await(q, SHK_WANT_ITEM, deadline);
		// Who waits cleans up after the dead before it sleeps. Who does not, once.
		else if (err == SHMKIT_EEMPTY && !buried && shk_queue_bury_announced(q)) {
			buried = 1;
			err = 0;
		}
	}
	return err;
}

// shk_queue_own_lines writes to each line of a block that is ours, of which n bytes were
// read, what is there: what was only read stays with both cores, and is slow to write again.
static inline void shk_queue_own_lines(shmkit_queue *q, uint32_t block, uint64_t n)
{
	unsigned char *cell = (unsigned char *)shk_queue_cell(q, block);
	// The first line has the word of the block, which changes hands anyway.
	for (uint64_t off = 124; off < sizeof(shmkit_queue_cell) + n + 60 && off < q->stride; off += 64) {
		uint32_t *word = (uint32_t *)(void *)(cell + off);
		SHK_NOTE(word, SHK_HINT(word));
	}
}

// shk_queue_copied ends our hold of a message of n bytes, of which item got a copy. One that
// makes no sense is gone too, or it would stay the oldest for ever.
static inline int shk_queue_copied(shmkit_queue *q, const shk_seat *s, void *item, uint64_t n)
{
	int err = n > q->most ? shk_queue_damaged(q, "queue.length", n) : shk_queue_copy_out(q, s->block, item, n);
	if (q->bytes && SHK_HINT(&shk_queue_cell(q, s->block)->next) != 0) {
		shk_queue_let_go(q, s->block, s->word);
		return err;
	}
	shk_queue_own_lines(q, s->block, n < q->size ? n : q->size);
	shk_queue_free(q, s->block);
	return err;
}

static inline int shk_queue_get(shmkit_queue *q, void *item, size_t size, int64_t deadline)
{
	shk_seat s = {0, 0, 0, 0};
	uint64_t n = 0;
	int err = shk_queue_usable(q);
	if (err == 0 && (q->bytes || size != q->size))
		return SHMKIT_ETYPE;
	if (err == 0)
		err = shk_queue_take(q, &s, size, &n, deadline);
	return err ? err : shk_queue_copied(q, &s, item, n);
}

static inline int shk_queue_get_bytes(shmkit_queue *q, void *bytes, size_t room, size_t *n, int64_t deadline)
{
	shk_seat s = {0, 0, 0, 0};
	uint64_t length = 0;
	int err = shk_queue_usable(q);
	if (err == 0 && !q->bytes)
		return SHMKIT_ETYPE;
	if (err == 0)
		err = shk_queue_take(q, &s, room, &length, deadline);
	*n = (size_t)length;
	if (err == 0 && length > room) // it became longer, and is taken
		length = q->most + 1;
	return err ? err : shk_queue_copied(q, &s, bytes, length);
}

// shmkit_queue_get takes the oldest message into *item, and waits for one as long as it
// takes; size is its sizeof. It acknowledges the message: nobody gets it again.
//
// Returns 0; SHMKIT_EEND: the queue is closed and nothing is left; SHMKIT_ETYPE: not that
// size; SHMKIT_EPERM: the segment is read-only; SHMKIT_ECORRUPT; SHMKIT_ECLOSED. Any
// thread.
static inline int shmkit_queue_get(shmkit_queue *q, void *item, size_t size)
{
	return shk_queue_get(q, item, size, INT64_MAX);
}

// shmkit_queue_timedget is shmkit_queue_get with a deadline on CLOCK_MONOTONIC, after
// which it returns SHMKIT_ETIMEDOUT and has taken nothing; see shmkit_deadline.
static inline int shmkit_queue_timedget(shmkit_queue *q, void *item, size_t size, const struct timespec *deadline)
{
	return shk_queue_get(q, item, size, shk_deadline_ns(deadline));
}

// shmkit_queue_tryget is shmkit_queue_get, but returns SHMKIT_EEMPTY where that would
// wait.
static inline int shmkit_queue_tryget(shmkit_queue *q, void *item, size_t size)
{
	return shk_queue_get(q, item, size, SHK_AT_ONCE);
}

// shmkit_queue_get_bytes is shmkit_queue_get for a queue of bytes: the oldest message goes to
// bytes, which has that much room, and *n is how long it is. If it is longer than that it
// stays where it is: -EMSGSIZE, and *n tells how much room it takes.
static inline int shmkit_queue_get_bytes(shmkit_queue *q, void *bytes, size_t room, size_t *n)
{
	return shk_queue_get_bytes(q, bytes, room, n, INT64_MAX);
}

// shmkit_queue_timedget_bytes is shmkit_queue_get_bytes with a deadline; see
// shmkit_queue_timedget.
static inline int shmkit_queue_timedget_bytes(shmkit_queue *q, void *bytes, size_t room, size_t *n, const struct timespec *deadline)
{
	return shk_queue_get_bytes(q, bytes, room, n, shk_deadline_ns(deadline));
}

// shmkit_queue_tryget_bytes is shmkit_queue_get_bytes, but returns SHMKIT_EEMPTY where that
// would wait.
static inline int shmkit_queue_tryget_bytes(shmkit_queue *q, void *bytes, size_t room, size_t *n)
{
	return shk_queue_get_bytes(q, bytes, room, n, SHK_AT_ONCE);
}

// --- lease -------------------------------------------------------------------

// shk_queue_leased is the queue of a lease, which is over then; NULL if there is none.
static inline int shk_queue_leased(shmkit_lease *l, shmkit_lease *was)
{
	*was = *l;
	int err = shk_queue_in_hand(l->queue, l->number);
	free(l->copy);
	memset(l, 0, sizeof *l);
	return err;
}

// shmkit_queue_ack says that the message is dealt with: nobody gets it again. Returns 0;
// SHMKIT_EPERM: it was acknowledged or given back before; SHMKIT_ECLOSED.
static inline int shmkit_queue_ack(shmkit_lease *l)
{
	shmkit_lease was;
	int err = shk_queue_leased(l, &was);
	if (err)
		return err;
	return shk_queue_let_go(was.queue, was.block, was.held);
}

// shmkit_queue_nack gives the message back, to whoever comes next, with one more delivery
// counted. Returns as shmkit_queue_ack.
static inline int shmkit_queue_nack(shmkit_lease *l)
{
	shmkit_lease was;
	int err = shk_queue_leased(l, &was);
	if (err)
		return err;
	shmkit_queue *q = was.queue;
	// The note comes before the deed, for those who look, and after it, for those who have
	// just looked. If we are killed in between, our sweep notes it once more.
	shk_queue_note_return(q);
	// This passes the message to whoever comes next.
	if (!shk_cas64(&shk_queue_cell(q, was.block)->block, was.held, shk_cell_return(was.held)))
		return SHMKIT_EPERM;
	shk_queue_note_return(q);
	shk_queue_wake(q, &q->head->items);
	return 0;
}

static inline int shk_queue_lease(shmkit_queue *q, shmkit_lease *l, int64_t deadline)
{
	shk_seat s = {0, 0, 0, 0};
	uint64_t n = 0;
	memset(l, 0, sizeof *l);
	int err = shk_queue_take(q, &s, UINT64_MAX, &n, deadline);
	if (err)
		return err;
	if (n > q->most) {
		shk_queue_let_go(q, s.block, s.word); // or it would stay the oldest for ever
		return shk_queue_damaged(q, "queue.length", n);
	}
	l->data = shk_queue_payload(q, s.block);
	l->size = (size_t)n;
	l->deliveries = shk_cell_deliveries(s.word);
	l->block = s.block;
	l->held = s.word;
	l->number = q->number;
	l->queue = q;
	if (!q->bytes || shk_queue_further(q, n) == 0)
		return 0;
	if ((l->data = l->copy = malloc(l->size)) == NULL) {
		shmkit_queue_nack(l);
		return -ENOMEM;
	}
	if ((err = shk_queue_copy_out(q, s.block, l->copy, n)) != 0)
		shmkit_queue_ack(l);
	return err;
}

// shmkit_queue_lease takes the oldest message without a copy, and waits for one as long as
// it takes. Of a queue of bytes it is in place if it is in one block, else l->data is a copy
// that goes with the lease. Returns as shmkit_queue_get; -ENOMEM: there was no memory for
// the copy, the message has gone back.
static inline int shmkit_queue_lease(shmkit_queue *q, shmkit_lease *l) { return shk_queue_lease(q, l, INT64_MAX); }

// shmkit_queue_timedlease is shmkit_queue_lease with a deadline; see shmkit_queue_timedget.
static inline int shmkit_queue_timedlease(shmkit_queue *q, shmkit_lease *l, const struct timespec *deadline)
{
	return shk_queue_lease(q, l, shk_deadline_ns(deadline));
}

// shmkit_queue_trylease is shmkit_queue_lease, but returns SHMKIT_EEMPTY where that would
// wait.
static inline int shmkit_queue_trylease(shmkit_queue *q, shmkit_lease *l) { return shk_queue_lease(q, l, SHK_AT_ONCE); }

// --- loan --------------------------------------------------------------------

static inline int shk_queue_loan(shmkit_queue *q, shmkit_loan *l, int64_t deadline)
{
	uint64_t turn;
	int err = shk_queue_usable(q);
	memset(l, 0, sizeof *l);
	while (err == 0) {
		if (shk_queue_closing(q))
			return SHMKIT_EEND;
		err = shk_queue_claim(q, shk_queue_place(q, SHK_LOAD(&q->head->tail), &turn), &l->block);
		if (err == 0) {
			l->data = shk_queue_payload(q, l->block);
			l->size = q->size;
			l->number = q->number;
			l->queue = q;
			if (q->bytes)
				SHK_NOTE(&shk_queue_cell(q, l->block)->next, (uint32_t)0);
			return 0;
		}
		if (err == SHMKIT_ENOROOM && deadline != SHK_AT_ONCE)
			err = shk_queue_await(q, SHK_WANT_BLOCK, deadline);
	}
	return err;
}

// shmkit_queue_loan takes a block to fill in place, and waits for one as long as it takes:
// there are 64 more than the queue has room for messages. Returns as shmkit_queue_put.
static inline int shmkit_queue_loan(shmkit_queue *q, shmkit_loan *l) { return shk_queue_loan(q, l, INT64_MAX); }

// shmkit_queue_timedloan is shmkit_queue_loan with a deadline; see shmkit_queue_timedput.
static inline int shmkit_queue_timedloan(shmkit_queue *q, shmkit_loan *l, const struct timespec *deadline)
{
	return shk_queue_loan(q, l, shk_deadline_ns(deadline));
}

// shmkit_queue_tryloan is shmkit_queue_loan, but returns SHMKIT_ENOROOM where that would
// wait.
static inline int shmkit_queue_tryloan(shmkit_queue *q, shmkit_loan *l) { return shk_queue_loan(q, l, SHK_AT_ONCE); }

static inline int shk_queue_publish(shmkit_loan *l, int64_t deadline)
{
	shmkit_queue *q = l->queue;
	int err = shk_queue_in_hand(q, l->number);
	if (err == 0 && l->size > q->size)
		err = -EMSGSIZE;
	if (err)
		return err;
	if (q->bytes)
		SHK_NOTE(&shk_queue_cell(q, l->block)->length, (uint64_t)l->size);
	while (err == 0) {
		if ((err = shk_queue_publish_later(q, l->block)) == 0)
			break;
		// It may name a ticket, which went to another message.
		SHK_STORE(&shk_queue_cell(q, l->block)->block, q->loaned);
		if (err == SHMKIT_ENOROOM && deadline != SHK_AT_ONCE)
			err = shk_queue_await(q, SHK_WANT_ROOM, deadline);
	}
	if (err == SHMKIT_ENOROOM || err == SHMKIT_ETIMEDOUT)
		return err;
	if (err)
		shk_queue_free(q, l->block);
	memset(l, 0, sizeof *l);
	return err;
}

// shmkit_queue_publish puts what was filled at the end of the queue, and waits for a place
// as long as it takes. The loan is over, except after SHMKIT_ENOROOM, SHMKIT_ETIMEDOUT and
// -EMSGSIZE: l->size is more than it was. Returns 0; SHMKIT_EPERM: it was published or
// abandoned before; SHMKIT_EEND: the queue is closed; SHMKIT_ECORRUPT; SHMKIT_ECLOSED.
static inline int shmkit_queue_publish(shmkit_loan *l) { return shk_queue_publish(l, INT64_MAX); }

// shmkit_queue_timedpublish is shmkit_queue_publish with a deadline on CLOCK_MONOTONIC,
// after which it returns SHMKIT_ETIMEDOUT; see shmkit_deadline.
static inline int shmkit_queue_timedpublish(shmkit_loan *l, const struct timespec *deadline)
{
	return shk_queue_publish(l, shk_deadline_ns(deadline));
}

// shmkit_queue_trypublish is shmkit_queue_publish, but returns SHMKIT_ENOROOM where that
// would wait.
static inline int shmkit_queue_trypublish(shmkit_loan *l) { return shk_queue_publish(l, SHK_AT_ONCE); }

// shmkit_queue_abandon gives the block back unpublished. Returns 0; SHMKIT_EPERM: it was
// published or abandoned before; SHMKIT_ECLOSED.
static inline int shmkit_queue_abandon(shmkit_loan *l)
{
	int err = shk_queue_in_hand(l->queue, l->number);
	if (err)
		return err;
	shk_queue_free(l->queue, l->block);
	memset(l, 0, sizeof *l);
	return 0;
}

// --- the queue as a whole ----------------------------------------------------

// shmkit_queue_close closes the queue for everybody: nothing can be put any more; what is
// in it can be taken, and then SHMKIT_EEND is all that there is. Calling it again does
// nothing. Returns 0; SHMKIT_EPERM on a read-only segment; SHMKIT_ECLOSED.
static inline int shmkit_queue_close(shmkit_queue *q)
{
	shk_seat s = {0, 0, 0, 0};
	int err = shk_queue_usable(q);
	if (err)
		return err;
	SHK_OR(&q->head->flags, SHMKIT_QUEUE_CLOSING);
	shk_queue_barrier(q); // whoever drops a message from here on sees the flag
	shk_queue_room(q, &s); // seals the ring; if it is full, whoever next comes to an open slot does
	shk_queue_wake_all(q);
	return 0;
}

// shmkit_queue_len stores how many messages wait to be taken, those that came back among
// them, at some instant of the call; while others take messages all the time it is an
// estimate. A read-only segment will do. Returns 0 or SHMKIT_ECLOSED.
static inline int shmkit_queue_len(shmkit_queue *q, uint64_t *n)
{
	int err = shk_queue_usable(q);
	if (err == SHMKIT_ECLOSED)
		return err;
	*n = shk_queue_depth(q);
	return 0;
}

// shmkit_queue_cap is how many messages the queue has room for. Messages that were taken
// and not acknowledged do not count. 0 if q is not open.
static inline uint64_t shmkit_queue_cap(const shmkit_queue *q)
{
	return q->handle.segment != NULL && q->handle.segment->base != NULL ? q->slots : 0;
}

#endif
