package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	pythonPeer   = "Python's multiprocessing.Queue"
	osPipePeer   = "os.Pipe, frames of 64 bytes"
	lockfreePeer = "boost::lockfree::queue"
	messagesPeer = "boost message_queue"
)

// peerRows are queue/1p1c again, next to what else two processes could use.
func peerRows() []benchmark {
	return []benchmark{
		{name: "queue/1p1c-python", unit: "ns", scale: 1, peer: pythonPeer, target: 1.0 / 80, start: besides(pythons)},
		{name: "queue/1p1c-os-pipe", unit: "ns", scale: 1, peer: osPipePeer, target: 0.1, start: besides(osPipe)},
		{name: "queue/1p1c-lockfree", unit: "ns", scale: 1, peer: lockfreePeer, target: 1, start: besides(boost("lockfree"))},
		{name: "queue/1p1c-message_queue", unit: "ns", scale: 1, peer: messagesPeer, target: 1, start: besides(boost("message_queue"))},
	}
}

// besides is a row of one producer, one consumer, and that peer.
func besides(peer func(*lab) (runner, error)) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		theirs, err := peer(l)
		if err != nil {
			return contest{}, err
		}
		ours, err := queueOurs(l, 1, 1)
		if err != nil {
			return contest{}, err
		}
		return between(ours, theirs)
	}
}

// pythons are two processes of Python, with as much room in their queue.
func pythons(l *lab) (runner, error) {
	return l.python("peer/queue.py", fmt.Sprint(queueRoom))
}

// python is a process that runs a script of peer.
func (l *lab) python(name string, args ...string) (runner, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, fmt.Errorf("%w: python3 was not found", errLeftOut)
	}
	script, err := sources.ReadFile(name)
	if err != nil {
		return nil, err
	}
	w, err := l.work(exec.Command(python, append([]string{"-c", string(script)}, args...)...))
	if err != nil {
		return nil, err
	}
	return w.run, nil
}

// boost is two processes of C++ that have one of Boost's queues.
func boost(which string) func(*lab) (runner, error) {
	return func(l *lab) (runner, error) {
		if err := l.haveBoost(); err != nil {
			return nil, err
		}
		program, err := l.compile("boost.cc")
		if err != nil {
			return nil, err
		}
		w, err := l.work(exec.Command(program, which))
		if err != nil {
			return nil, err
		}
		return w.run, nil
	}
}

// haveBoost gives errLeftOut where Boost's headers are not.
func (l *lab) haveBoost() error {
	compiler := languages[".cc"].compiler()
	if compiler == "" {
		return nil // compile says so
	}
	source := filepath.Join(l.dir, "have.cc")
	if err := os.WriteFile(source, []byte("#include <boost/version.hpp>\n"), 0o600); err != nil {
		return err
	}
	if exec.Command(compiler, "-fsyntax-only", source).Run() != nil {
		return fmt.Errorf("%w: Boost's headers were not found (Debian: libboost-dev)", errLeftOut)
	}
	return nil
}

// osPipe is one process that writes frames to a pipe, and one that reads them.
func osPipe(l *lab) (runner, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	defer write.Close()
	put, err := l.childWith([]*os.File{write}, "pipe-put")
	if err != nil {
		return nil, err
	}
	take, err := l.childWith([]*os.File{read}, "pipe-take")
	return crew{put, take}.sharing(1), err
}

// frame is the length of a message, and the message.
const frame = 4 + 8*len(letter{})

// pipePutChild writes each message by one call, as who wants it to arrive has to.
func pipePutChild([]string) (role, error) {
	f := os.NewFile(3, "pipe")
	var b [frame]byte
	return func(n int) (string, error) {
		for i := range n {
			binary.LittleEndian.PutUint32(b[:], uint32(len(b)-4))
			binary.LittleEndian.PutUint64(b[4:], uint64(i))
			if _, err := f.Write(b[:]); err != nil {
				return "", err
			}
		}
		return "done", nil
	}, nil
}

// pipeTakeChild reads with a buffer, so that a call may bring many messages.
func pipeTakeChild([]string) (role, error) {
	in := bufio.NewReader(os.NewFile(3, "pipe"))
	var b [frame]byte
	return func(n int) (string, error) {
		for range n {
			if _, err := io.ReadFull(in, b[:4]); err != nil {
				return "", err
			}
			if size := binary.LittleEndian.Uint32(b[:]); int(size) != len(b)-4 {
				return "", fmt.Errorf("%w: a frame of %d bytes", errLost, size)
			}
			if _, err := io.ReadFull(in, b[4:]); err != nil {
				return "", err
			}
		}
		return "done", nil
	}, nil
}
