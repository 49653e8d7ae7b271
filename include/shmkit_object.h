// Objects: look-up by name, checked handles, release.

#ifndef SHMKIT_OBJECT_H
#define SHMKIT_OBJECT_H

#include "shmkit_participant.h"

// shmkit_handle is this process's use of one object. All fields were read once
// and checked when it was found; read them, do not write them. It may be copied,
// but released only once per shmkit_find. Any thread may use it. If this process
// dies, its use of the object ends.
typedef struct shmkit_handle {
	shmkit_segment *segment;
	shmkit_object *record;
	uint32_t index;
	uint32_t generation;
	uint16_t kind; // SHMKIT_OBJECT_*
	uint8_t type_code;
	uint32_t item_size;
	uint64_t count;      // items
	uint64_t size;       // bytes of payload
	unsigned char *data; // payload
	unsigned char *items;
	shmkit_mutex *mutex; // the object's lock, or NULL
	char signature[SHMKIT_MAX_SIGNATURE + 1];
} shmkit_handle;

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
		uint64_t block = SHK_LOAD(&o->block);
		if (block != 0)
			shk_block_free(s, block, index, generation);
		SHK_STORE(&o->block, (uint64_t)0);
		shk_cas64(&o->state, dying, SHMKIT_OBJECT_FREE | rest); // to whoever claims it next
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

// --- handles -----------------------------------------------------------------

// shk_scalar_size is the size of an item of a type code, 0 for a struct.
static inline uint32_t shk_scalar_size(uint8_t code)
{
	switch (code) {
	case 'b': case 'B': case '?': case 'c': return 1;
	case 'h': case 'H': return 2;
	case 'i': case 'I': case 'f': return 4;
	case 'q': case 'Q': case 'd': return 8;
	default: return 0;
	}
}

// shk_fill_items checks that count items of item_size lie inside the payload.
static inline int shk_fill_items(shmkit_handle *h)
{
	shmkit_segment *s = h->segment;
	shmkit_object *o = h->record;
	uint64_t off = SHK_LOAD(&o->items_off);
	uint32_t align = SHK_LOAD(&o->align), scalar = shk_scalar_size(h->type_code);
	if (off > h->size)
		return shk_corrupt(s, "object.items_off", off);
	if (h->item_size != 0 && h->count > (h->size - off) / h->item_size)
		return shk_corrupt(s, "object.count", h->count);
	if (scalar != 0 && h->item_size != scalar)
		return shk_corrupt(s, "object.item_size", h->item_size);
	if (h->item_size != 0 && (align == 0 || align > SHMKIT_BLOCK_HEADER_SIZE || (align & (align - 1)) != 0 ||
	                          h->item_size % align != 0 || (scalar != 0 && align != scalar)))
		return shk_corrupt(s, "object.align", align);
	h->items = h->data + off;
	if (align != 0 && (uintptr_t)h->items % align != 0)
		return shk_corrupt(s, "object.items_off", off);
	return 0;
}

static inline int shk_fill_mutex(shmkit_handle *h)
{
	shmkit_object *o = h->record;
	uint32_t format = SHK_LOAD(&o->owner_format);
	uint64_t off = SHK_LOAD(&o->owner_off), cells = SHK_LOAD(&o->owner_count);
	if (format == SHMKIT_OWNER_NONE || cells == 0)
		return 0;
	if (format != SHMKIT_OWNER_MUTEX32)
		return shk_corrupt(h->segment, "object.owner_format", format);
	if (off % sizeof(uint64_t) != 0 || h->size < sizeof(shmkit_mutex) || off > h->size - sizeof(shmkit_mutex))
		return shk_corrupt(h->segment, "object.owner_off", off);
	h->mutex = (shmkit_mutex *)(void *)(h->data + off);
	return 0;
}

// shk_fill copies the record into h, each field read once and checked.
static inline int shk_fill(shmkit_handle *h)
{
	shmkit_segment *s = h->segment;
	shmkit_object *o = h->record;
	uint64_t data = SHK_LOAD(&o->data);
	uint16_t signature = SHK_LOAD(&o->sig_len);
	h->size = SHK_LOAD(&o->size);
	h->kind = SHK_LOAD(&o->kind);
	h->type_code = SHK_LOAD(&o->type_code);
	h->item_size = SHK_LOAD(&o->item_size);
	h->count = SHK_LOAD(&o->count);
	if (data < SHMKIT_FIRST_ARENA || data % SHMKIT_BLOCK_HEADER_SIZE != 0)
		return shk_corrupt(s, "object.data", data);
	if (!shk_backed(s, data, h->size))
		return shk_corrupt(s, "object.size", h->size);
	if (signature > SHMKIT_MAX_SIGNATURE)
		return shk_corrupt(s, "object.sig_len", signature);
	memcpy(h->signature, o->signature, signature);
	h->data = s->base + data;
	int err = shk_fill_items(h);
	return err ? err : shk_fill_mutex(h);
}

static inline int shk_open_handle(shmkit_segment *s, uint32_t index, uint32_t generation, shmkit_handle *h)
{
	shmkit_object *o = shk_record(s, index);
	if (o == NULL)
		return shk_corrupt(s, "header.pages", index);
	memset(h, 0, sizeof *h);
	h->segment = s;
	h->record = o;
	h->index = index;
	h->generation = generation;
	pthread_mutex_lock(&s->lock);
	int err = shk_hold(s, o, index, generation);
	if (err == 0)
		err = shk_fill(h);
	if (err != 0 && err != -ENOMEM && !(s->flags & SHMKIT_READONLY))
		shk_drop(s, o, index);
	pthread_mutex_unlock(&s->lock);
	if (err)
		memset(h, 0, sizeof *h);
	return err;
}

// shmkit_find looks an object up by name and begins to use it: it is not freed
// before shmkit_release, even if its name is removed meanwhile.
//
// Returns SHMKIT_ENOTFOUND, SHMKIT_ECORRUPT, SHMKIT_ECLOSED, -EINVAL for a name
// that is empty or longer than 128 bytes. Any thread.
static inline int shmkit_find(shmkit_segment *s, const char *name, shmkit_handle *h)
{
	size_t len = strnlen(name, SHMKIT_MAX_NAME + 1);
	uint32_t index = 0, generation = 0;
	memset(h, 0, sizeof *h);
	if (s->base == NULL)
		return SHMKIT_ECLOSED;
	if (len == 0 || len > SHMKIT_MAX_NAME)
		return -EINVAL;
	for (int tries = 0;; tries++) {
		int err = shk_lookup(s, name, len, &index, &generation);
		if (err) {
			if ((err = shk_admin_lock(s)) != 0)
				return err;
			err = shk_lookup(s, name, len, &index, &generation);
			shk_admin_unlock(s);
		}
		if (err == 0)
			err = shk_open_handle(s, index, generation, h);
		// Found, and gone before we held it: somebody replaces it just now.
		if (err != SHMKIT_ENOTFOUND || index == 0 || tries == 100)
			return err;
		index = 0;
	}
}

// shmkit_still tells a read-only process whether what it just read was the
// object's: 0, or SHMKIT_ENOTFOUND if the object was freed meanwhile.
static inline int shmkit_still(const shmkit_handle *h)
{
	if (h->segment == NULL || h->segment->base == NULL)
		return SHMKIT_ECLOSED;
	uint64_t state = SHK_LOAD(&h->record->state) & ~SHMKIT_OBJECT_NAMED;
	return state == shk_object_ready(h->generation) ? 0 : SHMKIT_ENOTFOUND;
}

// shmkit_release ends the use that shmkit_find began; no pointer into the object
// may be used after it. If the object has lost its name and nobody else uses it,
// it is freed. SHMKIT_EBUSY: this process holds the object's lock.
static inline int shmkit_release(shmkit_handle *h)
{
	shmkit_segment *s = h->segment;
	if (s == NULL || s->base == NULL)
		return SHMKIT_ECLOSED;
	if (!(s->flags & SHMKIT_READONLY)) {
		if (h->mutex != NULL && (SHK_LOAD(&h->mutex->word) & SHMKIT_OWNER_MASK) == s->owner)
			return SHMKIT_EBUSY;
		pthread_mutex_lock(&s->lock);
		shk_drop(s, h->record, h->index);
		pthread_mutex_unlock(&s->lock);
	}
	memset(h, 0, sizeof *h);
	return 0;
}

// shmkit_expect checks that an object is of a kind (SHMKIT_OBJECT_*), type code
// and item size: 0 or SHMKIT_ETYPE. For a struct pass 'T' and its sizeof, and
// compare h->signature.
static inline int shmkit_expect(const shmkit_handle *h, uint16_t kind, char type_code, size_t item_size)
{
	if (h->segment == NULL)
		return SHMKIT_ECLOSED;
	int same = h->kind == kind && h->type_code == (uint8_t)type_code && h->item_size == item_size;
	return same ? 0 : SHMKIT_ETYPE;
}

// shmkit_data is the first item, with the number of items in *count (which may be
// NULL); NULL if the handle is closed. Plain reads and writes of it need the
// object's lock, or the atomic calls of shmkit_scalar.h.
static inline void *shmkit_data(const shmkit_handle *h, uint64_t *count)
{
	if (count != NULL)
		*count = h->count;
	return h->segment != NULL && h->segment->base != NULL ? h->items : NULL;
}

#endif
