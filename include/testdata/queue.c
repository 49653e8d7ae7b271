// A user of queues that the tests drive: one command a line on standard input, one line
// of answer on standard output, the code of the call first. Messages are those of
// queue_test.go.
#include "shmkit.h"

#include <stdio.h>

typedef struct {
	uint64_t from, n, copy[6];
} message;

static shmkit_segment segment;
static shmkit_queue queue;
static shmkit_lease lease;
static shmkit_loan loan;
static shmkit_handle notes; // an Array of Q, by which a process that is killed tells what it had done

static void fill(message *m, uint64_t from, uint64_t n)
{
	m->from = from;
	m->n = n;
	for (int i = 0; i < 6; i++)
		m->copy[i] = n;
}

// whole tells whether a message has not been torn.
static int whole(const message *m)
{
	for (int i = 0; i < 6; i++)
		if (m->copy[i] != m->n)
			return 0;
	return 1;
}

static void answer(int code) { printf("%d\n", code); }

static void answer_message(int code, const message *m)
{
	if (code)
		answer(code);
	else if (!whole(m))
		puts("0 torn");
	else
		printf("0 %lu %lu\n", (unsigned long)m->from, (unsigned long)m->n);
}

static void answer_len(void)
{
	uint64_t n = 0;
	int err = shmkit_queue_len(&queue, &n);
	printf("%d %lu of %lu\n", err, (unsigned long)n, (unsigned long)shmkit_queue_cap(&queue));
}

// answer_loan keeps the loan before if this is none.
static void answer_loan(int code, const shmkit_loan *l)
{
	if (code == 0)
		loan = *l;
	answer(code);
}

static void answer_lease(int code)
{
	message m;
	if (code == 0)
		memcpy(&m, lease.data, sizeof m);
	if (code || !whole(&m)) {
		printf("%d torn\n", code);
		return;
	}
	printf("0 %lu %lu %u\n", (unsigned long)m.from, (unsigned long)m.n, lease.deliveries);
}

static uint64_t mixed(const message *m)
{
	return (m->from * UINT64_C(0x9E3779B97F4A7C15)) ^ (m->n * UINT64_C(0xBF58476D1CE4E5B9));
}

// produce puts so many messages, by put and by loan.
static int produce(uint64_t from, uint64_t count)
{
	for (uint64_t n = 0; n < count; n++) {
		message m;
		shmkit_loan l;
		int err;
		fill(&m, from, n);
		if (n % 3 != 0) {
			err = shmkit_queue_put(&queue, &m, sizeof m);
		} else if ((err = shmkit_queue_loan(&queue, &l)) == 0) {
			memcpy(l.data, &m, sizeof m);
			err = shmkit_queue_publish(&l);
		}
		if (err)
			return err;
	}
	return 0;
}

enum { MOST_PRODUCERS = 64 };

// consume takes all there is until the end, and answers how many, and their checksum. Each
// producer's messages must come in order.
static void consume(void)
{
	uint64_t next[MOST_PRODUCERS] = {0}, count = 0, sum = 0;
	for (;; count++) {
		message m;
		shmkit_lease l;
		int err;
		if (count % 3 != 0) {
			err = shmkit_queue_get(&queue, &m, sizeof m);
		} else if ((err = shmkit_queue_lease(&queue, &l)) == 0) {
			memcpy(&m, l.data, sizeof m);
			err = shmkit_queue_ack(&l);
		}
		if (err) {
			printf("%d %lu %lu\n", err, (unsigned long)count, (unsigned long)sum);
			return;
		}
		if (!whole(&m) || m.from >= MOST_PRODUCERS || m.n < next[m.from]) {
			printf("99 %lu %lu after %lu\n", (unsigned long)m.from, (unsigned long)m.n,
			       m.from < MOST_PRODUCERS ? (unsigned long)next[m.from] : 0);
			return;
		}
		next[m.from] = m.n + 1;
		sum += mixed(&m);
	}
}

// stream puts without end, and notes after each how many are in the queue.
static int stream(uint64_t from, uint64_t n)
{
	uint64_t count, *note = shmkit_array_u64(&notes, &count);
	for (; note != NULL && from < count; n++) {
		message m;
		fill(&m, from, n);
		int err = shmkit_queue_put(&queue, &m, sizeof m);
		if (err)
			return err;
		shmkit_store_u64(&note[from], n + 1);
	}
	return SHMKIT_ETYPE;
}

// eat takes leases without end, and counts each message before it acknowledges it.
static int eat(void)
{
	uint64_t count, *note = shmkit_array_u64(&notes, &count);
	for (;;) {
		message m;
		shmkit_lease l;
		int err = shmkit_queue_lease(&queue, &l);
		if (err)
			return err;
		memcpy(&m, l.data, sizeof m);
		if (!whole(&m) || note == NULL || m.n >= count)
			return 99;
		// One more in the lower half, and in the upper half if it had come back.
		shmkit_add_u64(&note[m.n], 1 + ((uint64_t)(l.deliveries > 0) << 32));
		if ((err = shmkit_queue_ack(&l)) != 0)
			return err;
	}
}

// churn does all that there is, and puts as many as it takes.
static int churn(uint64_t from)
{
	for (uint64_t n = 0;; n++) {
		message m;
		shmkit_loan o;
		shmkit_lease e;
		int err;
		fill(&m, from, n);
		if ((err = shmkit_queue_tryput(&queue, &m, sizeof m)) && err != SHMKIT_ENOROOM)
			return err;
		if ((err = shmkit_queue_tryget(&queue, &m, sizeof m)) && err != SHMKIT_EEMPTY)
			return err;
		if ((err = shmkit_queue_loan(&queue, &o)) != 0)
			return err;
		fill((message *)o.data, from, n);
		if ((err = n % 2 ? shmkit_queue_trypublish(&o) : shmkit_queue_abandon(&o)) == SHMKIT_ENOROOM)
			err = shmkit_queue_abandon(&o);
		if (err)
			return err;
		if ((err = shmkit_queue_trylease(&queue, &e)) && err != SHMKIT_EEMPTY)
			return err;
		if (err == 0 && !whole((message *)e.data))
			return 99;
		if (err == 0 && (err = n % 5 ? shmkit_queue_ack(&e) : shmkit_queue_nack(&e)) != 0)
			return err;
	}
}

static void note_code(uint64_t *codes, int code)
{
	*codes |= code >= 0 && code < 63 ? UINT64_C(1) << code : UINT64_C(1) << 63;
}

// everything makes every call that does not wait for long, and answers the set of their
// codes.
static void everything(int times)
{
	uint64_t codes = 0, n;
	for (int i = 0; i < times; i++) {
		struct timespec soon = shmkit_deadline(i == 0);
		message m;
		shmkit_loan o;
		shmkit_lease e;
		fill(&m, 1, (uint64_t)i);
		note_code(&codes, shmkit_queue_tryput(&queue, &m, sizeof m));
		note_code(&codes, shmkit_queue_timedput(&queue, &m, sizeof m, &soon));
		note_code(&codes, shmkit_queue_tryloan(&queue, &o));
		if (o.queue != NULL) {
			memset(o.data, 0, o.size);
			note_code(&codes, i % 2 ? shmkit_queue_trypublish(&o) : shmkit_queue_timedpublish(&o, &soon));
			if (o.queue != NULL)
				note_code(&codes, shmkit_queue_abandon(&o));
		}
		note_code(&codes, shmkit_queue_len(&queue, &n));
		note_code(&codes, shmkit_queue_trylease(&queue, &e));
		if (e.queue != NULL) {
			memcpy(&m, e.data, sizeof m < e.size ? sizeof m : e.size);
			note_code(&codes, i % 2 ? shmkit_queue_ack(&e) : shmkit_queue_nack(&e));
		}
		note_code(&codes, shmkit_queue_tryget(&queue, &m, sizeof m));
		soon = shmkit_deadline(i == 0);
		note_code(&codes, shmkit_queue_timedget(&queue, &m, sizeof m, &soon));
	}
	printf("0 %lu %s\n", (unsigned long)codes, segment.detail ? segment.detail : "-");
	segment.detail = NULL;
}

static int open_text(const char *text)
{
	char path[PATH_MAX];
	int err = shmkit_text_path(text, path, sizeof path);
	if (err == 0 && segment.base == NULL)
		err = shmkit_open(&segment, path, 0);
	return err ? err : shmkit_queue_open_text(&segment, text, 'T', sizeof(message), &queue);
}

static int is(const char *op, const char *want) { return strcmp(op, want) == 0; }

static int transfer(const char *op, const char *a, const char *b, const char *c)
{
	message m;
	struct timespec put = shmkit_deadline(atol(c)), take = shmkit_deadline(atol(a));
	fill(&m, strtoul(a, NULL, 10), strtoul(b, NULL, 10));
	if (is(op, "put"))
		answer(shmkit_queue_put(&queue, &m, sizeof m));
	else if (is(op, "tryput"))
		answer(shmkit_queue_tryput(&queue, &m, sizeof m));
	else if (is(op, "timedput"))
		answer(shmkit_queue_timedput(&queue, &m, sizeof m, &put));
	else if (is(op, "get"))
		answer_message(shmkit_queue_get(&queue, &m, sizeof m), &m);
	else if (is(op, "tryget"))
		answer_message(shmkit_queue_tryget(&queue, &m, sizeof m), &m);
	else if (is(op, "timedget"))
		answer_message(shmkit_queue_timedget(&queue, &m, sizeof m, &take), &m);
	else if (is(op, "small"))
		answer(shmkit_queue_put(&queue, &m, sizeof m - 1) | shmkit_queue_get(&queue, &m, 1));
	else
		return 0;
	return 1;
}

static int in_place(const char *op, const char *a, const char *b)
{
	struct timespec soon = shmkit_deadline(atol(a));
	shmkit_loan l;
	if (is(op, "lease"))
		answer_lease(shmkit_queue_lease(&queue, &lease));
	else if (is(op, "trylease"))
		answer_lease(shmkit_queue_trylease(&queue, &lease));
	else if (is(op, "timedlease"))
		answer_lease(shmkit_queue_timedlease(&queue, &lease, &soon));
	else if (is(op, "ack"))
		answer(shmkit_queue_ack(&lease));
	else if (is(op, "nack"))
		answer(shmkit_queue_nack(&lease));
	else if (is(op, "loan"))
		answer_loan(shmkit_queue_loan(&queue, &l), &l);
	else if (is(op, "tryloan"))
		answer_loan(shmkit_queue_tryloan(&queue, &l), &l);
	else if (is(op, "timedloan"))
		answer_loan(shmkit_queue_timedloan(&queue, &l, &soon), &l);
	else if (is(op, "fill"))
		fill((message *)loan.data, strtoul(a, NULL, 10), strtoul(b, NULL, 10)), answer(loan.size != sizeof(message));
	else if (is(op, "publish"))
		answer(shmkit_queue_publish(&loan));
	else if (is(op, "trypublish"))
		answer(shmkit_queue_trypublish(&loan));
	else if (is(op, "timedpublish"))
		answer(shmkit_queue_timedpublish(&loan, &soon));
	else if (is(op, "abandon"))
		answer(shmkit_queue_abandon(&loan));
	else
		return 0;
	return 1;
}

static void run(const char *op, const char *a, const char *b)
{
	if (is(op, "open"))
		answer(shmkit_open(&segment, a, is(b, "readonly") ? SHMKIT_READONLY : 0));
	else if (is(op, "find"))
		answer(shmkit_queue_open(&segment, a, *b ? *b : 'T', sizeof(message), &queue));
	else if (is(op, "text"))
		answer(open_text(a));
	else if (is(op, "notes"))
		answer(shmkit_find(&segment, a, &notes));
	else if (is(op, "close"))
		answer(shmkit_queue_close(&queue));
	else if (is(op, "release"))
		answer(shmkit_queue_release(&queue));
	else if (is(op, "leave"))
		answer(shmkit_close(&segment));
	else if (is(op, "len"))
		answer_len();
	else if (is(op, "produce"))
		answer(produce(strtoul(a, NULL, 10), strtoul(b, NULL, 10)));
	else if (is(op, "consume"))
		consume();
	else if (is(op, "stream"))
		answer(stream(strtoul(a, NULL, 10), strtoul(b, NULL, 10)));
	else if (is(op, "eat"))
		answer(eat());
	else if (is(op, "churn"))
		answer(churn(strtoul(a, NULL, 10)));
	else if (is(op, "everything"))
		everything(atoi(a));
	else if (is(op, "slot"))
		answer((int)segment.own_slot);
	else if (is(op, "detail"))
		printf("0 %s\n", segment.detail ? segment.detail : "-");
	else if (is(op, "signature"))
		printf("0 %s\n", queue.handle.signature);
	else if (is(op, "nowaitv"))
		segment.no_waitv = 1, answer(0);
	else
		answer(-ENOSYS);
}

int main(void)
{
	char line[4400], op[16], a[4200], b[32], c[32];
	while (fgets(line, sizeof line, stdin) != NULL) {
		op[0] = a[0] = b[0] = c[0] = 0;
		sscanf(line, "%15s %4199s %31s %31s", op, a, b, c);
		if (!transfer(op, a, b, c) && !in_place(op, a, b))
			run(op, a, b);
		fflush(stdout);
	}
	return 0;
}
