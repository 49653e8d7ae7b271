/*
 * doorbell waits in epoll for descriptor 3, a doorbell that it has inherited, and says
 * "rang" each time. It clears it by reading it. It ends with its standard input.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

int main(void)
{
	const int bell = 3;
	struct epoll_event bells = { .events = EPOLLIN, .data.fd = bell };
	struct epoll_event input = { .events = EPOLLIN, .data.fd = 0 };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, bell, &bells) || epoll_ctl(ep, EPOLL_CTL_ADD, 0, &input))
		return fail("epoll");
	puts("ready");
	for (;;) {
		struct epoll_event got;
		uint64_t value;

		if (epoll_wait(ep, &got, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail("epoll_wait");
		}
		if (got.data.fd == 0)
			return 0;
		if (read(bell, &value, sizeof value) == sizeof value)
			puts("rang");
		else if (errno != EAGAIN && errno != EINTR)
			return fail("read");
	}
}
