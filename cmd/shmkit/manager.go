package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"shmkit/manager"
	"shmkit/shm"
)

// graceful is how long clients have when the server is told to end.
const graceful = 5 * time.Second

// manager serves shared objects until a signal ends it.
func (c *command) manager() error {
	family, address, ok := strings.Cut(c.listen, ":")
	if !ok {
		return usageError("manager: --listen FAMILY:ADDRESS is missing, such as shm:, unix:/run/jobs or tcp:0.0.0.0:7000")
	}
	setups, err := c.setups(family, address)
	if err != nil {
		return err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	s, err := manager.Serve(family, address, setups...)
	if err != nil {
		return err
	}
	if err := c.ready(s); err != nil {
		return errors.Join(err, s.Shutdown(context.Background()))
	}
	<-told
	signal.Stop(told) // the next one ends it at once
	ctx, cancel := context.WithTimeout(context.Background(), graceful)
	defer cancel()
	return errors.Join(s.Shutdown(ctx), removeHeap())
}

// removeHeap removes the file of what clients have mapped, who go on and need not end their use
// for it to go.
func removeHeap() error {
	seg, err := shm.Default()
	if err != nil {
		return err
	}
	if err := shm.Remove(seg.Path()); err != nil && !errors.Is(err, shm.ErrNotFound) {
		return err
	}
	return shm.CloseDefault()
}

// ready prints where the server listens: from then on it can be dialed.
func (c *command) ready(s *manager.Server) error {
	if c.json {
		return c.printJSON(map[string]any{"family": s.Family(), "address": s.Address(), "pid": os.Getpid()})
	}
	_, err := fmt.Fprintf(c.out, "%s:%s\n", s.Family(), s.Address())
	return err
}

// setups are what the flags say.
func (c *command) setups(family, address string) ([]manager.Setup, error) {
	setups := []manager.Setup{manager.WithReport(func(client string, err error) {
		c.complain("%s: %v", client, err)
	})}
	if c.insecure {
		setups = append(setups, manager.Insecure())
	}
	switch {
	case c.keyFile != "":
		key, err := readKey(c.keyFile)
		if err != nil {
			return nil, err
		}
		setups = append(setups, manager.WithKey(key))
	case family == "tcp" && !c.insecure:
		return nil, usageError("manager: tcp without --key-file needs --insecure: whoever can connect would be served")
	case strings.HasPrefix(address, "@") && !c.insecure:
		return nil, usageError("manager: an address without a file needs --key-file, or --insecure: whoever is on this machine would be served")
	}
	return setups, nil
}

// What is wrong with a file of a key.
var (
	errLoose = errors.New("main: others than its owner may read the key, or write it: chmod 600")
	errNoKey = errors.New("main: the key is empty")
)

// readKey reads a key, without line breaks at its end.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&0o077 != 0 {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errLoose}
	}
	b, err := os.ReadFile(path)
	if b = bytes.TrimRight(b, "\r\n"); err == nil && len(b) == 0 {
		err = &fs.PathError{Op: "read", Path: path, Err: errNoKey}
	}
	return b, err
}
