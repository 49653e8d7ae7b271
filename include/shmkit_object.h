// Handles of objects: found by name, checked, released.

#ifndef SHMKIT_OBJECT_H
#define SHMKIT_OBJECT_H

#include "shmkit_record.h"

// Bits of the redo state of a large Value, see docs/format.md.
#define SHMKIT_REDO_HELD UINT64_C(1) // the holder of the lock only loads and stores the item whole
#define SHMKIT_REDO_COPY UINT64_C(2) // the shadow is the value and is being copied over the item
#define SHMKIT_REDO_OWED UINT64_C(4) // a death is still to be told

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
	unsigned char *redo_shadow; // of a Value that is too large for one store, or NULL
	uint64_t *redo_state;
	char signature[SHMKIT_MAX_SIGNATURE + 1];
} shmkit_handle;

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
	if (format > SHMKIT_OWNER_MUTEX32 && format <= SHMKIT_OWNER_ROLES)
		return 0; // of a kind that has functions of its own, or none in C
	if (format != SHMKIT_OWNER_MUTEX32)
		return shk_corrupt(h->segment, "object.owner_format", format);
	if (off % sizeof(uint64_t) != 0 || h->size < sizeof(shmkit_mutex) || off > h->size - sizeof(shmkit_mutex))
		return shk_corrupt(h->segment, "object.owner_off", off);
	h->mutex = (shmkit_mutex *)(void *)(h->data + off);
	return 0;
}

static inline int shk_one_store(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

// shk_fill_redo finds the redo area, which follows the item of a large Value.
static inline int shk_fill_redo(shmkit_handle *h)
{
	uint64_t whole = ((uint64_t)h->item_size + 7) & ~UINT64_C(7);
	if (h->kind != SHMKIT_OBJECT_VALUE || h->mutex == NULL || shk_one_store(h->item_size))
		return 0;
	uint64_t room = h->size - (uint64_t)(h->items - h->data);
	if (h->count != 1 || room < 2 * whole + sizeof *h->redo_state)
		return shk_corrupt(h->segment, "object.size", h->size);
	if ((uintptr_t)h->items % sizeof *h->redo_state != 0)
		return shk_corrupt(h->segment, "object.items_off", (uint64_t)(h->items - h->data));
	h->redo_shadow = h->items + whole;
	h->redo_state = (uint64_t *)(void *)(h->redo_shadow + whole);
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
	if (err == 0)
		err = shk_fill_mutex(h);
	return err ? err : shk_fill_redo(h);
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
