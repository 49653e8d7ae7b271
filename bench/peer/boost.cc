// The peers of queue/1p1c-lockfree and queue/1p1c-message_queue: one process puts
// messages of 64 bytes into one of Boost's queues in shared memory, another one takes
// them.
//
//	boost lockfree         boost::lockfree::queue, which nobody can wait for: who has
//	                       nothing to do spins, and yields now and then
//	boost message_queue    boost::interprocess::message_queue
//
// For each number n that it reads: n messages; answers with the nanoseconds until the
// other process has taken them.
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/queue.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <csignal>
#include <unistd.h>

namespace {

constexpr size_t room = 1024;
constexpr int spins = 1000; // before who has nothing to do yields

struct message {
	std::uint64_t words[8];
};

// Its nodes are in the object, because the capacity is fixed, and so it can be shared.
class Lockfree {
	using Queue = boost::lockfree::queue<message, boost::lockfree::fixed_sized<true>, boost::lockfree::capacity<room>>;
	Queue *queue;

	template <class Try> static void until(Try attempt)
	{
		for (int i = 1; !attempt(); i++)
			if (i % spins == 0)
				sched_yield();
	}

public:
	Lockfree()
	{
		void *p = mmap(nullptr, sizeof(Queue), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			_exit(1);
		queue = new (p) Queue;
	}
	void put(const message &m)
	{
		until([&] { return queue->push(m); });
	}
	void take(message &m)
	{
		until([&] { return queue->pop(m); });
	}
};

// It is made by a name, which is removed at once, so that nothing is left behind.
class Messages {
	std::string name = "shmkit-bench-" + std::to_string(getpid());
	boost::interprocess::message_queue queue{boost::interprocess::create_only, name.c_str(), room, sizeof(message)};

public:
	Messages() { boost::interprocess::message_queue::remove(name.c_str()); }
	void put(const message &m) { queue.send(&m, sizeof m, 0); }
	void take(message &m)
	{
		boost::interprocess::message_queue::size_type size;
		unsigned priority;
		queue.receive(&m, sizeof m, size, priority);
	}
};

// consume takes as many messages as it is told, and says when it is done.
template <class Queue> int consume(Queue &queue, int in, int out)
{
	long n;
	while (read(in, &n, sizeof n) == sizeof n) {
		message m;
		for (long i = 0; i < n; i++) {
			queue.take(m);
			if (m.words[0] != static_cast<std::uint64_t>(i))
				return 1;
		}
		if (write(out, &n, sizeof n) != sizeof n)
			return 1;
	}
	return 0;
}

template <class Queue> int produce(Queue &queue, int out, int in)
{
	long n, answer;
	puts("ready");
	fflush(stdout);
	while (scanf("%ld", &n) == 1) {
		auto begin = std::chrono::steady_clock::now();
		if (write(out, &n, sizeof n) != sizeof n)
			return 1;
		message m{};
		for (long i = 0; i < n; i++) {
			m.words[0] = static_cast<std::uint64_t>(i);
			queue.put(m);
		}
		if (read(in, &answer, sizeof answer) != sizeof answer)
			return 1;
		std::chrono::nanoseconds cost = std::chrono::steady_clock::now() - begin;
		printf("%lld\n", static_cast<long long>(cost.count()));
		fflush(stdout);
	}
	return 0;
}

template <class Queue> int run()
{
	Queue queue;
	int there[2], back[2];
	if (pipe(there) != 0 || pipe(back) != 0)
		return 1;
	pid_t parent = getpid(), child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			return 1; // it died before
		close(there[1]);
		close(back[0]);
		_exit(consume(queue, there[0], back[1]));
	}
	close(there[0]);
	close(back[1]); // so that a consumer that fails is noticed
	int result = produce(queue, there[1], back[0]);
	kill(child, SIGKILL);
	return result;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	return std::strcmp(argv[1], "lockfree") == 0 ? run<Lockfree>() : run<Messages>();
}
