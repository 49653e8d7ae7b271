// Stores uniform values of a large struct for ever, and looks that what it reads
// is uniform.
#include "shmkit.h"

#include <stdio.h>

typedef struct {
	uint64_t word[5];
} large;

int main(int argc, char **argv)
{
	shmkit_segment s;
	shmkit_handle h;
	int err = argc == 2 ? shmkit_open(&s, argv[1], 0) : SHMKIT_ENOTFOUND;
	if (err == 0)
		err = shmkit_find(&s, "large", &h);
	if (err == 0)
		err = shmkit_expect(&h, SHMKIT_OBJECT_VALUE, 'T', sizeof(large));
	if (err == 0) {
		puts("running");
		fflush(stdout);
	}
	for (uint64_t n = 0; err == 0; n++) {
		large x;
		for (int i = 0; i < 5; i++)
			x.word[i] = n;
		err = shmkit_value_set(&h, &x, sizeof x);
		if (err == 0)
			err = shmkit_value_get(&h, &x, sizeof x);
		for (int i = 1; i < 5; i++)
			if (x.word[i] != x.word[0])
				return 3;
	}
	fprintf(stderr, "whole: %s\n", shmkit_strerror(err));
	return 1;
}
