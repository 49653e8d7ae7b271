package sys

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// groupPause is how long KillRestOfGroup waits for one process at a time, in milliseconds.
const groupPause = 10

// KillRestOfGroup kills all other processes of the group that this one is in, and waits
// until they have ended, and looks for more as often as it is told. It goes by no clock: on
// a busy machine, or when all are frozen, time passes in which none of them could end. Those
// that it cannot see it does not kill.
func KillRestOfGroup(looks int) {
	for range looks {
		killed := killOthers(unix.Getpgrp())
		if len(killed) == 0 {
			return
		}
		for _, fd := range killed {
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, groupPause)
			unix.Close(fd)
		}
		// They may have started others before they died.
	}
}

// killOthers gives the descriptors of those that it has killed.
func killOthers(group int) (fds []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || !inGroup(pid, group) {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		// By now the number may be another's; from here on it is not, or the signal fails.
		if Ended(fd) || !inGroup(pid, group) || unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) != nil {
			unix.Close(fd)
			continue
		}
		fds = append(fds, fd)
	}
	return fds
}

func inGroup(pid, group int) bool {
	g, err := unix.Getpgid(pid)
	return err == nil && g == group
}
