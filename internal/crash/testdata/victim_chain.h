// The operations of the victim that are on a queue of bytes. Trains are those of
// chain_test.go.

static unsigned char train[3 * 32 - 5];

static void prepare_chain(void)
{
	must(shmkit_queue_open(&segment, "chain", 'M', 0, &queue));
	memset(train, 'v', sizeof train);
	if (is("C: chain_ack") || is("C: chain_nack") || is("C: chain_release"))
		must(shmkit_queue_lease(&queue, &lease));
	if (is("C: chain_get of what the dead had"))
		wait_for_test();
}

static void run_chain(void)
{
	size_t n;
	if (is("C: chain_tryput"))
		must(shmkit_queue_tryput(&queue, train, sizeof train));
	else if (is("C: chain_tryget"))
		must(shmkit_queue_tryget_bytes(&queue, train, sizeof train, &n));
	else if (is("C: chain_ack"))
		must(shmkit_queue_ack(&lease));
	else if (is("C: chain_nack"))
		must(shmkit_queue_nack(&lease));
	else if (is("C: chain_release"))
		must(shmkit_queue_release(&queue));
	else
		must(shmkit_queue_get_bytes(&queue, train, sizeof train, &n));
}
