// A user of queues of bytes that the tests drive: one command a line on standard input, one
// line of answer on standard output, the code of the call first. Byte i of a message is
// seed + i.
#include "shmkit.h"

#include <stdio.h>

static shmkit_segment segment;
static shmkit_queue queue;
static shmkit_lease lease;
static shmkit_handle notes; // as in queue.c
static unsigned char buffer[1 << 16];

static void fill(unsigned char *b, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		b[i] = (unsigned char)(seed + i);
}

static int whole(const unsigned char *b, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (b[i] != (unsigned char)(b[0] + i))
			return 0;
	return 1;
}

static void answer(int code) { printf("%d\n", code); }

static void answer_bytes(int code, const void *bytes, size_t n, unsigned deliveries)
{
	const unsigned char *b = (const unsigned char *)bytes;
	if (code == 0 && !whole(b, n))
		puts("0 torn");
	else
		printf("%d %lu %u %u\n", code, (unsigned long)n, code == 0 && n > 0 ? b[0] : 0, deliveries);
}

// put_in_place publishes a loan.
static int put_in_place(size_t n, unsigned seed)
{
	shmkit_loan l;
	int err = shmkit_queue_loan(&queue, &l);
	if (err)
		return err;
	if (n > l.size) {
		l.size = n;
		err = shmkit_queue_publish(&l);
		shmkit_queue_abandon(&l);
		return err;
	}
	fill((unsigned char *)l.data, n, seed);
	l.size = n;
	return shmkit_queue_publish(&l);
}

// length_of spreads lengths over one block and several.
static size_t length_of(uint64_t n)
{
	return 1 + (size_t)(n * 2654435761u % (n % 4 ? 100 : queue.most < sizeof buffer ? queue.most : sizeof buffer));
}

// produce puts so many messages, number n with the length and the seed of n, and notes each.
static int produce(uint64_t from, uint64_t count)
{
	uint64_t most, *note = shmkit_array_u64(&notes, &most);
	for (uint64_t n = 0; n < count; n++) {
		size_t len = length_of(n);
		fill(buffer, len, (unsigned)n);
		int err = shmkit_queue_put(&queue, buffer, len);
		if (err)
			return err;
		if (note != NULL && from < most)
			shmkit_store_u64(&note[from], n + 1);
	}
	return 0;
}

// consume takes until the end, by get and by lease, and answers how many messages and
// bytes.
static void consume(void)
{
	uint64_t count = 0, bytes = 0;
	for (;; count++) {
		size_t n = 0;
		int err, torn;
		if (count % 2) {
			err = shmkit_queue_get_bytes(&queue, buffer, sizeof buffer, &n);
			torn = err == 0 && !whole(buffer, n);
		} else {
			shmkit_lease l;
			err = shmkit_queue_lease(&queue, &l);
			n = l.size;
			torn = err == 0 && !whole((const unsigned char *)l.data, n);
			if (err == 0)
				err = shmkit_queue_ack(&l);
		}
		if (err || torn) {
			printf("%d %lu %lu\n", torn ? 99 : err, (unsigned long)count, (unsigned long)bytes);
			return;
		}
		bytes += n;
	}
}

// churn does all that there is, and puts as many as it takes.
static int churn(void)
{
	for (uint64_t n = 0;; n++) {
		size_t got, len = length_of(n);
		shmkit_lease l;
		fill(buffer, len, (unsigned)n);
		int err = shmkit_queue_tryput(&queue, buffer, len);
		if (err && err != SHMKIT_ENOROOM)
			return err;
		err = shmkit_queue_tryget_bytes(&queue, buffer, sizeof buffer, &got);
		if (err == 0 && !whole(buffer, got))
			return 99;
		if (err && err != SHMKIT_EEMPTY)
			return err;
		if ((err = shmkit_queue_trylease(&queue, &l)) && err != SHMKIT_EEMPTY)
			return err;
		if (err == 0 && !whole((const unsigned char *)l.data, l.size))
			return 99;
		if (err == 0 && (err = n % 5 ? shmkit_queue_ack(&l) : shmkit_queue_nack(&l)) != 0)
			return err;
	}
}

// everything makes every call that does not wait for long, and answers the set of their
// codes.
static void everything(int times)
{
	uint64_t codes = 0;
	for (int i = 0; i < times; i++) {
		size_t n = 0, len = length_of((uint64_t)i);
		shmkit_lease l;
		int all[4] = {0, 0, 0, 0};
		fill(buffer, len, (unsigned)i);
		all[0] = shmkit_queue_tryput(&queue, buffer, len);
		all[1] = shmkit_queue_trylease(&queue, &l);
		if (l.queue != NULL)
			all[2] = i % 2 ? shmkit_queue_ack(&l) : shmkit_queue_nack(&l);
		all[3] = shmkit_queue_tryget_bytes(&queue, buffer, (size_t)i, &n);
		if (all[3] == -EMSGSIZE)
			all[3] = shmkit_queue_tryget_bytes(&queue, buffer, sizeof buffer, &n);
		for (int k = 0; k < 4; k++)
			codes |= all[k] >= 0 && all[k] < 63 ? UINT64_C(1) << all[k] : UINT64_C(1) << 63;
	}
	printf("0 %lu %s\n", (unsigned long)codes, segment.detail ? segment.detail : "-");
	segment.detail = NULL;
}

static int is(const char *op, const char *want) { return strcmp(op, want) == 0; }

static void run(const char *op, const char *a, const char *b)
{
	size_t len = strtoul(a, NULL, 10), n = 0;
	unsigned seed = (unsigned)strtoul(b, NULL, 10);
	int err;
	fill(buffer, len < sizeof buffer ? len : sizeof buffer, seed);
	if (is(op, "open"))
		answer(shmkit_open(&segment, a, 0));
	else if (is(op, "find"))
		answer(shmkit_queue_open(&segment, a, 'M', 0, &queue));
	else if (is(op, "notes"))
		answer(shmkit_find(&segment, a, &notes));
	else if (is(op, "put"))
		answer(shmkit_queue_put(&queue, buffer, len));
	else if (is(op, "tryput"))
		answer(shmkit_queue_tryput(&queue, buffer, len));
	else if (is(op, "place"))
		answer(put_in_place(len, seed));
	else if (is(op, "get"))
		err = shmkit_queue_get_bytes(&queue, buffer, *a ? len : sizeof buffer, &n), answer_bytes(err, buffer, n, 0);
	else if (is(op, "tryget"))
		err = shmkit_queue_tryget_bytes(&queue, buffer, sizeof buffer, &n), answer_bytes(err, buffer, n, 0);
	else if (is(op, "plain"))
		answer(shmkit_queue_tryget(&queue, buffer, len));
	else if (is(op, "lease"))
		err = shmkit_queue_lease(&queue, &lease), answer_bytes(err, lease.data, lease.size, lease.deliveries);
	else if (is(op, "ack"))
		answer(shmkit_queue_ack(&lease));
	else if (is(op, "nack"))
		answer(shmkit_queue_nack(&lease));
	else if (is(op, "produce"))
		answer(produce(len, strtoul(b, NULL, 10)));
	else if (is(op, "consume"))
		consume();
	else if (is(op, "churn"))
		answer(churn());
	else if (is(op, "everything"))
		everything(atoi(a));
	else if (is(op, "detail"))
		printf("0 %s\n", segment.detail ? segment.detail : "-");
	else if (is(op, "most"))
		printf("0 %lu\n", (unsigned long)queue.most);
	else if (is(op, "release"))
		answer(shmkit_queue_release(&queue));
	else if (is(op, "leave"))
		answer(shmkit_close(&segment));
	else
		answer(-ENOSYS);
}

int main(void)
{
	char line[4400], op[16], a[4200], b[32];
	while (fgets(line, sizeof line, stdin) != NULL) {
		op[0] = a[0] = b[0] = 0;
		sscanf(line, "%15s %4199s %31s", op, a, b);
		run(op, a, b);
		fflush(stdout);
	}
	return 0;
}
