// Handles as text: how one program names an object for another.

#ifndef SHMKIT_TEXT_H
#define SHMKIT_TEXT_H

#include "shmkit_object.h"

// The text is what MarshalText of a Go handle gives:
//
//	shmkit1:SEGMENT:INDEX.GENERATION:PATH
//
// SEGMENT is the id of the segment, 32 hexadecimal digits; PATH is escaped as in a URL.

static inline int shk_hexdigit_any(char c)
{
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : shk_hexdigit(c);
}

static inline int shk_text_number(const char **at, char end, uint32_t *n)
{
	uint64_t v = 0;
	const char *p = *at;
	for (; *p >= '0' && *p <= '9'; p++)
		if ((v = v * 10 + (uint64_t)(*p - '0')) > UINT32_MAX)
			return -EINVAL;
	if (p == *at || *p != end)
		return -EINVAL;
	*at = p + 1;
	*n = (uint32_t)v;
	return 0;
}

// shk_text_parse reads all but the path, at which *path points then.
static inline int shk_text_parse(const char *text, uint8_t id[16], uint32_t *index, uint32_t *generation, const char **path)
{
	const char prefix[] = "shmkit1:";
	if (strncmp(text, prefix, sizeof prefix - 1) != 0)
		return -EINVAL;
	text += sizeof prefix - 1;
	for (int i = 0; i < 16; i++, text += 2) {
		int high = shk_hexdigit_any(text[0]), low = high < 0 ? -1 : shk_hexdigit_any(text[1]);
		if (low < 0)
			return -EINVAL;
		id[i] = (uint8_t)(high << 4 | low);
	}
	if (*text++ != ':' || shk_text_number(&text, '.', index) != 0 || shk_text_number(&text, ':', generation) != 0)
		return -EINVAL;
	*path = text;
	return 0;
}

// shmkit_text_path stores the path of the segment that a handle text leads to: what to
// shmkit_open. size is the size of path, PATH_MAX is enough. Returns 0; -EINVAL: no handle;
// -ENAMETOOLONG.
static inline int shmkit_text_path(const char *text, char *path, size_t size)
{
	uint8_t id[16];
	uint32_t index, generation;
	int err = shk_text_parse(text, id, &index, &generation, &text);
	size_t n = 0;
	if (err)
		return err;
	for (; *text != 0; text++, n++) {
		int c = (unsigned char)*text;
		if (c == '%') {
			int high = shk_hexdigit_any(text[1]), low = high < 0 ? -1 : shk_hexdigit_any(text[2]);
			if (low < 0 || (c = high << 4 | low) == 0)
				return -EINVAL;
			text += 2;
		}
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		path[n] = (char)c;
	}
	if (n == 0 || path[0] != '/')
		return -EINVAL;
	path[n] = 0;
	return 0;
}

// shmkit_find_text is shmkit_find by the text of a handle, also of an object without a
// name. s is the segment that the text leads to, see shmkit_text_path. Whoever sends a
// handle keeps its own until the receiver has found the object.
//
// Returns as shmkit_find: SHMKIT_ENOTFOUND if the object is gone, or was in another
// segment; -EINVAL: no handle.
static inline int shmkit_find_text(shmkit_segment *s, const char *text, shmkit_handle *h)
{
	uint8_t id[16];
	uint32_t index, generation;
	const char *path;
	memset(h, 0, sizeof *h);
	if (s->base == NULL)
		return SHMKIT_ECLOSED;
	int err = shk_text_parse(text, id, &index, &generation, &path);
	if (err)
		return err;
	if (memcmp(id, s->header->segment_id, sizeof id) != 0 || shk_record(s, index) == NULL)
		return SHMKIT_ENOTFOUND;
	err = shk_open_handle(s, index, generation, h);
	if (err == 0 && s->flags & SHMKIT_READONLY)
		err = shmkit_still(h); // who only reads holds nothing
	if (err)
		memset(h, 0, sizeof *h);
	return err;
}

#endif
