// Object records: look-up by name, holder bits, and the end of an object.

#ifndef SHMKIT_RECORD_H
#define SHMKIT_RECORD_H

#include "shmkit_participant.h"

static inline uint64_t shk_object_ready(uint32_t generation)
{
	return SHMKIT_OBJECT_READY | (uint64_t)generation << SHMKIT_OBJECT_GENERATION_SHIFT;
}

// shk_record is the record of object index i, NULL if there is none.
static inline shmkit_object *shk_record(shmkit_segment *s, uint32_t i)
{
	uint32_t first = 0;
	if (i == 0)
		return NULL;
	for (int k = 0; k < SHMKIT_MAX_PAGES; k++) {
		uint32_t n = shk_page_objects(k);
		if (i - first < n) {
			uint64_t page = SHK_LOAD(&s->header->pages[k]);
			uint64_t off = page + (uint64_t)(i - first) * SHMKIT_OBJECT_SIZE;
			if (page < SHMKIT_FIRST_ARENA || off < page)
				return NULL;
			return (shmkit_object *)shk_at(s, off, SHMKIT_OBJECT_SIZE, SHMKIT_BLOCK_HEADER_SIZE);
		}
		first += n;
	}
	return NULL;
}

// shk_record_count bounds a walk: the number of records of all pages there are.
static inline uint32_t shk_record_count(shmkit_segment *s)
{
	uint32_t n = 0;
	for (int k = 0; k < SHMKIT_MAX_PAGES && SHK_LOAD(&s->header->pages[k]) != 0; k++)
		n += shk_page_objects(k);
	return n;
}

// --- look-up -----------------------------------------------------------------

static inline uint64_t shk_name_hash(const char *name, size_t len)
{
	uint64_t h = UINT64_C(14695981039346656037); // FNV-1a
	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * UINT64_C(1099511628211);
	return h;
}

static inline int shk_matches(shmkit_object *o, const char *name, size_t len, uint64_t hash, uint32_t *generation)
{
	uint64_t state = SHK_LOAD(&o->state);
	if ((state & (SHMKIT_OBJECT_STATE_MASK | SHMKIT_OBJECT_NAMED)) != (SHMKIT_OBJECT_READY | SHMKIT_OBJECT_NAMED))
		return 0;
	if (SHK_LOAD(&o->name_hash) != hash || SHK_LOAD(&o->name_len) != len || memcmp(o->name, name, len) != 0)
		return 0;
	*generation = (uint32_t)(state >> SHMKIT_OBJECT_GENERATION_SHIFT);
	return SHK_LOAD(&o->state) == state; // the name was read between two equal states
}

// shk_lookup walks the chain of a name. Without the admin lock a miss or damage
// is not certain: the walk may have been led into another chain.
static inline int shk_lookup(shmkit_segment *s, const char *name, size_t len, uint32_t *index, uint32_t *generation)
{
	uint64_t hash = shk_name_hash(name, len);
	uint32_t i = SHK_LOAD(&s->header->bucket[hash % SHMKIT_BUCKETS]);
	for (uint32_t steps = shk_record_count(s); i != 0; steps--) {
		shmkit_object *o = shk_record(s, i);
		if (o == NULL || steps == 0)
			return shk_corrupt(s, "header.bucket or object.next", i);
		if (shk_matches(o, name, len, hash, generation)) {
			*index = i;
			return 0;
		}
		i = SHK_LOAD(&o->next);
	}
	return SHMKIT_ENOTFOUND;
}

// --- holding -----------------------------------------------------------------

// shk_hold sets this process's holder bit and then looks at the state: whoever
// frees an object looks at the bits after it changed the state, so one of the two
// sees the other.
static inline int shk_hold(shmkit_segment *s, shmkit_object *o, uint32_t index, uint32_t generation)
{
	if (s->flags & SHMKIT_READONLY)
		return 0;
	shk_use *u = s->uses;
	while (u != NULL && u->index != index)
		u = u->next;
	if (u == NULL) {
		if ((u = (shk_use *)calloc(1, sizeof *u)) == NULL)
			return -ENOMEM;
		u->index = index;
		u->next = s->uses;
		s->uses = u;
	}
	u->count++;
	SHK_OR(&o->holders[s->own_slot / 64], UINT64_C(1) << s->own_slot % 64);
	return (SHK_LOAD(&o->state) & ~SHMKIT_OBJECT_NAMED) == shk_object_ready(generation) ? 0 : SHMKIT_ENOTFOUND;
}

static inline int shk_held(shmkit_object *o)
{
	for (int w = 0; w < SHMKIT_MAX_SLOTS / 64; w++)
		if (SHK_LOAD(&o->holders[w]) != 0)
			return 1;
	return 0;
}

// shk_arena_of finds the arena of a block, NULL if the arenas are damaged.
static inline shmkit_arena *shk_arena_of(shmkit_segment *s, uint64_t block)
{
	uint64_t end = SHK_LOAD(&s->header->end);
	for (uint64_t at = SHMKIT_FIRST_ARENA; at < end;) {
		shmkit_arena *a = (shmkit_arena *)shk_at(s, at, sizeof *a, SHMKIT_UNIT);
		if (a == NULL || SHK_LOAD(&a->magic) != SHMKIT_ARENA_MAGIC)
			return NULL;
		uint64_t size = SHK_LOAD(&a->size);
		if (size < SHMKIT_MIN_ARENA || size % SHMKIT_UNIT != 0 || size > end - at)
			return NULL;
		if (block >= at + sizeof *a && block < at + size)
			return a;
		at += size;
	}
	return NULL;
}

// shk_block_free frees the block of an object if it still names that object.
static inline void shk_block_free(shmkit_segment *s, uint64_t block, uint32_t index, uint32_t generation)
{
	shmkit_arena *a = shk_arena_of(s, block);
	shmkit_block *b = (shmkit_block *)shk_at(s, block, sizeof *b, SHMKIT_BLOCK_HEADER_SIZE);
	if (a == NULL || b == NULL)
		return;
	uint64_t word = SHK_LOAD(&b->word);
	uint32_t owner = (uint32_t)(word >> SHMKIT_BLOCK_INDEX_SHIFT) & SHMKIT_BLOCK_INDEX_MASK;
	if (word >> SHMKIT_BLOCK_STATE_SHIFT != SHMKIT_BLOCK_USED || owner != index || SHK_LOAD(&b->generation) != generation)
		return;
	// This passes the block to the owner of the arena.
	if (shk_cas64(&b->word, word, (word & UINT32_MAX) | SHMKIT_BLOCK_FREE << SHMKIT_BLOCK_STATE_SHIFT))
		SHK_ADD(&a->freed, (uint64_t)1);
}

// shk_free_if_unused frees an object that has no name and no holder. If this
// process dies half-way, the sweep of its slot finishes.
static inline void shk_free_if_unused(shmkit_segment *s, shmkit_object *o, uint32_t index)
{
	for (;;) {
		uint64_t state = SHK_LOAD(&o->state);
		if ((state & (SHMKIT_OBJECT_STATE_MASK | SHMKIT_OBJECT_NAMED)) != SHMKIT_OBJECT_READY || shk_held(o))
			return;
		uint32_t generation = (uint32_t)(state >> SHMKIT_OBJECT_GENERATION_SHIFT);
		uint64_t rest = (uint64_t)generation << SHMKIT_OBJECT_GENERATION_SHIFT;
		uint64_t dying = SHMKIT_OBJECT_DYING | (uint64_t)s->own_slot << SHMKIT_OBJECT_SLOT_SHIFT | rest;
		if (!shk_cas64(&o->state, state, dying))
			continue;
		if (shk_held(o)) {
			shk_cas64(&o->state, dying, state); // whoever clears the last bit decides
			continue;
		}
		uint64_t freeing = (dying & ~SHMKIT_OBJECT_STATE_MASK) | SHMKIT_OBJECT_FREEING;
		if (!shk_cas64(&o->state, dying, freeing))
			continue; // somebody began to use it and took it back
		uint64_t block = SHK_LOAD(&o->block);
		if (block != 0)
			shk_block_free(s, block, index, generation);
		SHK_STORE(&o->block, (uint64_t)0);
		shk_cas64(&o->state, freeing, SHMKIT_OBJECT_FREE | rest); // to whoever claims it next
		return;
	}
}

// shk_drop undoes one shk_hold. The caller holds s->lock.
static inline void shk_drop(shmkit_segment *s, shmkit_object *o, uint32_t index)
{
	shk_use **at = &s->uses;
	while (*at != NULL && (*at)->index != index)
		at = &(*at)->next;
	shk_use *u = *at;
	if (u == NULL || --u->count > 0)
		return;
	*at = u->next;
	free(u);
	SHK_AND(&o->holders[s->own_slot / 64], ~(UINT64_C(1) << s->own_slot % 64));
	shk_free_if_unused(s, o, index);
}

#endif
