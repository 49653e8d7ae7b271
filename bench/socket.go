package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// sockets are two processes that send messages of so many bytes through a unix socket:
// each is one call to write, and read where the message before ended. What they do with
// the bytes is as in contentOf, but that nothing needs copying: the kernel does it.
func (l *lab) sockets(bytes int, what string) (pair, error) {
	path := filepath.Join(l.dir, "size.sock")
	if err := os.RemoveAll(path); err != nil { // of the row before
		return pair{}, err
	}
	// The one who takes is there first.
	return newPair([2]string{"socket-take", "socket-put"}, func(role string) (*worker, error) {
		return l.child(role, path, strconv.Itoa(bytes), what)
	})
}

// socketContent is the buffer, and what is done with it.
func socketContent(args []string) (b []byte, write, read func([]byte), err error) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, nil, nil, err
	}
	b, idle := make([]byte, n), func([]byte) {}
	if args[2] == "copy" {
		return b, idle, idle, nil
	}
	write, read, err = contentOf(args[2], n)
	return b, write, read, err
}

func socketPutChild(args []string) (role, error) {
	b, write, _, err := socketContent(args)
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("unix", args[0])
	return often(func() error {
		write(b)
		_, err := c.Write(b)
		return err
	}), err
}

func socketTakeChild(args []string) (role, error) {
	b, _, read, err := socketContent(args)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", args[0])
	if err != nil {
		return nil, err
	}
	var c net.Conn
	return often(func() (err error) {
		if c == nil {
			if c, err = listener.Accept(); err != nil {
				return err
			}
		}
		if _, err = io.ReadFull(c, b); err == nil {
			read(b)
		}
		return err
	}), nil
}
