// The operations of the victim that are on a queue. Parcels are those of queue_test.go.

static shmkit_queue queue;
static shmkit_lease lease;
static shmkit_loan loan;
static uint64_t parcel[20];

static void wrap(uint64_t *p)
{
	for (int i = 0; i < 20; i++)
		p[i] = 100;
}

static void prepare_queue(void)
{
	must(shmkit_queue_open(&segment, is("C: queue_close") ? "closing" : "queue", 'T', sizeof parcel, &queue));
	wrap(parcel);
	if (is("C: queue_tryget") || is("C: queue_trylease"))
		shk_queue_look_out(&queue, SHK_HINT(&queue.gets.next)); // as if it had taken something before
	if (is("C: queue_ack") || is("C: queue_nack") || is("C: queue_release"))
		must(shmkit_queue_lease(&queue, &lease));
	if (is("C: queue_publish") || is("C: queue_abandon")) {
		must(shmkit_queue_loan(&queue, &loan));
		wrap((uint64_t *)loan.data);
	}
	if (is("C: queue_put that wakes") || is("C: queue_get that wakes") || is("C: queue_get of what the dead had") ||
	    is("C: queue_tryget of what the dead had") || is("C: queue_close"))
		wait_for_test();
}

static void run_queue(void)
{
	if (is("C: queue_tryput"))
		must(shmkit_queue_tryput(&queue, parcel, sizeof parcel));
	else if (of("C: queue_tryget"))
		must(shmkit_queue_tryget(&queue, parcel, sizeof parcel));
	else if (is("C: queue_trylease"))
		must(shmkit_queue_trylease(&queue, &lease));
	else if (is("C: queue_ack"))
		must(shmkit_queue_ack(&lease));
	else if (is("C: queue_nack"))
		must(shmkit_queue_nack(&lease));
	else if (is("C: queue_tryloan"))
		must(shmkit_queue_tryloan(&queue, &loan));
	else if (is("C: queue_publish"))
		must(shmkit_queue_publish(&loan));
	else if (is("C: queue_abandon"))
		must(shmkit_queue_abandon(&loan));
	else if (is("C: queue_release"))
		must(shmkit_queue_release(&queue));
	else if (is("C: queue_close"))
		must(shmkit_queue_close(&queue));
	else if (of("C: queue_put"))
		must(shmkit_queue_put(&queue, parcel, sizeof parcel));
	else
		must(shmkit_queue_get(&queue, parcel, sizeof parcel));
}
