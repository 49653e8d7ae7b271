package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"sync"

	shsync "shmkit/sync"
)

const printers = 10

// lockedPrinting: ten goroutines and ten processes write a line in three pieces
// to one pipe, under one lock. Without the lock the pieces would mix.
func lockedPrinting() error {
	m, err := shsync.NewMutex()
	if err != nil {
		return err
	}
	defer m.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Printf("   main: %d\n", os.Getpid())
	if err := printFromAll(m, w); err != nil {
		return err
	}
	var all bytes.Buffer
	if _, err := all.ReadFrom(r); err != nil {
		return err
	}
	os.Stdout.Write(all.Bytes())
	whole := regexp.MustCompile(`(?m)^   (goroutine|process): \d+$`).FindAll(all.Bytes(), -1)
	if err := check("number of whole lines", len(whole), 2*printers); err != nil {
		return err
	}
	return check("number of lines", bytes.Count(all.Bytes(), []byte("\n")), 2*printers)
}

// printFromAll lets everybody print into w, and closes it.
func printFromAll(m *shsync.Mutex, w *os.File) error {
	defer w.Close()
	errs := make(chan error, 2*printers)
	var all sync.WaitGroup
	for range printers {
		all.Go(func() { errs <- printPieces(m, w, "goroutine") })
		all.Go(func() { errs <- runInto(w, "print", m) })
	}
	all.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

func printPieces(m *shsync.Mutex, w *os.File, sign string) error {
	return m.With(func(bool) error {
		for _, piece := range []string{"   " + sign, ": ", fmt.Sprintln(os.Getpid())} {
			if _, err := w.WriteString(piece); err != nil {
				return err
			}
		}
		return nil
	})
}

func printLine(args []string) error {
	var m shsync.Mutex
	if err := receive(args, &m); err != nil {
		return err
	}
	return printPieces(&m, os.Stdout, "process")
}

// killedHolder: a child takes the lock and is killed with SIGKILL inside. In
// Python, and with any lock that does not know its owner, this is the end.
func killedHolder() error {
	m, err := shsync.NewMutex()
	if err != nil {
		return err
	}
	defer m.Close()
	c, err := start("hold", m)
	if err != nil {
		return err
	}
	if _, err := c.line(); err != nil {
		return err
	}
	fmt.Println("  ", m)
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	err = m.Lock() // waits until the kernel says that the holder is gone
	fmt.Println("   Lock:", err)
	if !errors.Is(err, shsync.ErrOwnerDied) {
		return fmt.Errorf("got %w, want ErrOwnerDied", err)
	}
	c.cmd.Wait()
	if err := errors.Join(m.MarkConsistent(), m.Unlock()); err != nil {
		return err
	}
	if err := m.Lock(); err != nil {
		return fmt.Errorf("the repaired lock: %w", err)
	}
	fmt.Println("   repaired, and taken again")
	return m.Unlock()
}

func holdForEver(args []string) error {
	var m shsync.Mutex
	if err := receive(args, &m); err != nil {
		return err
	}
	if err := m.Lock(); err != nil {
		return err
	}
	fmt.Println("locked")
	killed := make(chan os.Signal, 1)
	signal.Notify(killed, os.Interrupt)
	<-killed // nobody sends it: SIGKILL comes first
	return nil
}
