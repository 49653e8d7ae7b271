// Opens every file named on standard input, goes through all that the header
// offers, and prints the code of the open. It must neither crash nor hang.
#include "shmkit.h"

#include <stdio.h>

static const char *names[] = {"counter", "lock", "prices", "plain", "absent"};

static void touch(shmkit_handle *h)
{
	uint64_t n = 0;
	volatile unsigned char sum = 0;
	unsigned char *p = (unsigned char *)shmkit_data(h, &n);
	for (uint64_t i = 0; i < n * h->item_size; i++)
		sum = (unsigned char)(sum + p[i]);
	double *d = shmkit_value_f64(h);
	if (d != NULL && !(h->segment->flags & SHMKIT_READONLY))
		shmkit_add_f64(d, 1);
}

static void use(shmkit_segment *s)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		shmkit_handle h;
		if (shmkit_find(s, names[i], &h) != 0)
			continue;
		touch(&h);
		struct timespec soon = shmkit_deadline(1);
		int err = shmkit_mutex_timedlock(&h, &soon);
		if (err == SHMKIT_EOWNERDEAD)
			shmkit_mutex_mark_consistent(&h);
		if (err == 0 || err == SHMKIT_EOWNERDEAD)
			shmkit_mutex_unlock(&h);
		shmkit_still(&h);
		shmkit_release(&h);
	}
}

int main(void)
{
	char path[4200];
	while (scanf("%4199s", path) == 1) {
		shmkit_segment s;
		int readonly = shmkit_open(&s, path, SHMKIT_READONLY);
		if (readonly == 0) {
			use(&s);
			shmkit_close(&s);
		}
		int code = shmkit_open(&s, path, 0);
		printf("%d %d %s\n", code, readonly, code == SHMKIT_ECORRUPT ? s.detail : "-");
		if (code == 0) {
			use(&s);
			shmkit_close(&s);
		}
		fflush(stdout);
	}
	return 0;
}
