// The C side of the tour: reads what Go wrote, doubles num, and multiplies every
// element of arr by 10 under its lock.
#include "shmkit.h"

#include <stdio.h>

static int run(shmkit_segment *s)
{
	shmkit_handle num, arr;
	uint64_t n;
	int err = shmkit_find(s, "num", &num);
	if (err == 0)
		err = shmkit_find(s, "arr", &arr);
	if (err)
		return err;
	double *d = shmkit_value_f64(&num);
	int32_t *a = shmkit_array_i32(&arr, &n);
	if (d == NULL || a == NULL)
		return SHMKIT_ETYPE;
	printf("   C sees: %g [", shmkit_load_f64(d));
	for (uint64_t i = 0; i < n; i++)
		printf(i ? " %d" : "%d", a[i]);
	printf("]\n");
	shmkit_store_f64(d, 2 * shmkit_load_f64(d));
	if ((err = shmkit_mutex_lock(&arr)) != 0)
		return err;
	for (uint64_t i = 0; i < n; i++)
		a[i] *= 10;
	err = shmkit_mutex_unlock(&arr);
	shmkit_release(&num);
	shmkit_release(&arr);
	return err;
}

int main(int argc, char **argv)
{
	shmkit_segment segment;
	int err = argc == 2 ? shmkit_open(&segment, argv[1], 0) : SHMKIT_ENOTFOUND;
	if (err == 0) {
		err = run(&segment);
		shmkit_close(&segment);
	}
	if (err)
		fprintf(stderr, "peer: %s\n", shmkit_strerror(err));
	return err != 0;
}
