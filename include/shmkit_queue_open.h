// A handle of a queue: opened, checked, released.

#ifndef SHMKIT_QUEUE_OPEN_H
#define SHMKIT_QUEUE_OPEN_H

#include "shmkit_queue_chain.h"
#include "shmkit_text.h"

#define SHK_MESSAGES 'M' // type code of messages that are not plain memory

// shk_queue_numbers reads the head of a queue once.
static inline int shk_queue_numbers(shmkit_queue *q)
{
	shmkit_handle *h = &q->handle;
	shmkit_queue_head *head = (shmkit_queue_head *)(void *)h->data;
	const uint64_t cell = sizeof(shmkit_queue_cell);
	if (h->kind != SHMKIT_OBJECT_QUEUE)
		return SHMKIT_ETYPE;
	if (h->size < sizeof *head || (size_t)(h->items - h->data) != sizeof *head)
		return shk_corrupt(h->segment, "object.items_off", (uint64_t)(h->items - h->data));
	q->head = head;
	q->cells = h->items;
	q->size = h->item_size;
	q->bytes = h->type_code == SHK_MESSAGES;
	q->slots = SHK_LOAD(&head->slots);
	q->blocks = SHK_LOAD(&head->blocks);
	q->stride = SHK_LOAD(&head->stride);
	if (q->blocks == 0 || q->blocks > SHMKIT_MAX_BLOCKS || q->blocks != h->count)
		return shk_corrupt(h->segment, "queue.blocks", q->blocks);
	if (q->slots == 0 || q->slots > q->blocks)
		return shk_corrupt(h->segment, "queue.slots", q->slots);
	uint32_t block_size = SHK_LOAD(&head->block_size);
	if (block_size != h->item_size)
		return shk_corrupt(h->segment, "queue.block_size", block_size);
	if (q->stride != ((cell + block_size + 63) & ~UINT64_C(63)))
		return shk_corrupt(h->segment, "queue.stride", q->stride);
	if (q->stride * q->blocks > h->size - sizeof *head)
		return shk_corrupt(h->segment, "object.size", h->size);
	if (q->bytes && q->size == 0)
		return shk_corrupt(h->segment, "object.item_size", 0);
	q->most = q->bytes ? q->size * q->slots : q->size;
	return 0;
}

// shk_queue_begin sets what a handle remembers to what is known.
static inline void shk_queue_begin(shmkit_queue *q)
{
	q->magic = q->slots > 1 ? UINT64_MAX / q->slots + 1 : 0;
	q->lazy = q->slots >= SHK_SMALL_QUEUE ? SHK_LAZY_SHIFT : 0;
	q->loaned = shk_cell_word(SHMKIT_CELL_LOANED, q->handle.segment->own_slot, 0, 0);
	q->puts.next = SHK_LOAD(&q->head->tail);
	q->gets.next = SHK_LOAD(&q->head->head);
	q->puts.stream = q->gets.stream = SHK_IN_STREAM;
	q->puts.since = q->puts.slept = q->puts.next;
	q->gets.since = q->gets.slept = q->gets.next;
}

// shk_queue_counted changes how many shmkit_queues of this process are on the object. With
// the last one goes what the process has in hand there.
static inline void shk_queue_counted(shmkit_queue *q, int change)
{
	shmkit_segment *s = q->handle.segment;
	if (s->flags & SHMKIT_READONLY)
		return;
	pthread_mutex_lock(&s->lock);
	for (shk_use *u = s->uses; u != NULL; u = u->next) {
		if (u->index != q->handle.index)
			continue;
		u->queues += (uint32_t)change;
		if (u->queues == 0)
			shk_queue_resolve(q, s->own_slot);
	}
	pthread_mutex_unlock(&s->lock);
}

// shk_queue_adopt makes *q a use of the queue that its handle is on, or releases that.
static inline int shk_queue_adopt(shmkit_queue *q, char type_code, size_t size)
{
	int bytes = type_code == SHK_MESSAGES && size == 0;
	int err = shmkit_expect(&q->handle, SHMKIT_OBJECT_QUEUE, type_code, bytes ? q->handle.item_size : size);
	// What a codec of Go has made is not for C.
	if (err == 0 && (type_code == SHK_MESSAGES) != bytes)
		err = SHMKIT_ETYPE;
	if (err == 0 && bytes && strcmp(q->handle.signature, "bytes") != 0)
		err = SHMKIT_ETYPE;
	if (err == 0)
		err = shk_queue_numbers(q);
	if (err) {
		shmkit_release(&q->handle);
		return err;
	}
	shk_queue_begin(q);
	q->number = SHK_ADD(&q->handle.segment->queues, (uint64_t)1);
	shk_queue_counted(q, 1);
	return 0;
}

// shmkit_queue_open begins to use the queue called name. type_code and size are those of
// a message, as for shmkit_expect: for a struct 'T' and its sizeof; compare
// q->handle.signature, which tells its fields. For a queue of bytes, which is a Queue of
// []byte or string in Go, 'M' and 0: its messages are of any length up to q->most.
//
// Returns 0; SHMKIT_ETYPE: no queue, or one of other messages, among them those that a
// codec of Go encodes; what shmkit_find returns.
// On a read-only segment it can be looked at only: shmkit_queue_len and shmkit_queue_cap.
static inline int shmkit_queue_open(shmkit_segment *s, const char *name, char type_code, size_t size, shmkit_queue *q)
{
	memset(q, 0, sizeof *q);
	int err = shmkit_find(s, name, &q->handle);
	return err ? err : shk_queue_adopt(q, type_code, size);
}

// shmkit_queue_open_text is shmkit_queue_open with the text of a handle; see
// shmkit_find_text.
static inline int shmkit_queue_open_text(shmkit_segment *s, const char *text, char type_code, size_t size, shmkit_queue *q)
{
	memset(q, 0, sizeof *q);
	int err = shmkit_find_text(s, text, &q->handle);
	return err ? err : shk_queue_adopt(q, type_code, size);
}

// shmkit_queue_release ends this use of the queue, which goes on for others. With the
// last one of the process, messages that it had taken and not acknowledged go to others,
// and blocks that it was filling are free. Returns 0 or SHMKIT_ECLOSED.
//
// Preconditions: no other call on q is running.
static inline int shmkit_queue_release(shmkit_queue *q)
{
	if (q->handle.segment == NULL || q->handle.segment->base == NULL)
		return SHMKIT_ECLOSED;
	shk_queue_counted(q, -1);
	return shmkit_release(&q->handle);
}

static inline int shk_queue_usable(const shmkit_queue *q)
{
	if (q->handle.segment == NULL || q->handle.segment->base == NULL)
		return SHMKIT_ECLOSED;
	return q->handle.segment->flags & SHMKIT_READONLY ? SHMKIT_EPERM : 0;
}

// shk_queue_resolve_own is shk_queue_resolve of this process before it leaves. Its handles
// are checked again: the record may be any.
static inline void shk_queue_resolve_own(shmkit_segment *s, shmkit_object *o)
{
	shmkit_queue q;
	memset(&q, 0, sizeof q);
	q.handle.segment = s;
	q.handle.record = o;
	if (shk_fill(&q.handle) != 0 || shk_queue_numbers(&q) != 0)
		return;
	shk_queue_begin(&q);
	shk_queue_resolve(&q, s->own_slot);
}

#endif
