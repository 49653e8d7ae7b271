package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"shmkit/process"
	shsync "shmkit/sync"
)

const printers = 5

// lockedPrinting: five goroutines and five processes write a line in three pieces
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
	record1 := make(chan error)
	for range printers {
		go func() { record1 <- printPieces(m, w, "goroutine") }()
	}
	var record2 []*process.Process
	for range printers {
		p, err := printID.Start(context.Background(), m, process.Stdout(w))
		if err != nil {
			return err
		}
		record2 = append(record2, p.Process)
	}
	var err error
	for range printers {
		err = errors.Join(err, <-record1)
	}
	return errors.Join(err, waitFor(record2))
}

// waitFor waits for processes.
func waitFor(all []*process.Process) (err error) {
	for _, p := range all {
		err = errors.Join(err, p.Wait())
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

var printID = process.Register("print", func(_ context.Context, m *shsync.Mutex) error {
	return printPieces(m, os.Stdout, "process")
})

// killedHolder: a child takes the lock and is killed with SIGKILL inside. In
// Python, and with any lock that does not know its owner, this is the end.
func killedHolder() error {
	m, err1 := shsync.NewMutex()
	locked, err2 := shsync.NewEvent()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	defer m.Close()
	defer locked.Close()
	p, err := hold.Start(context.Background(), holdArg{m, locked})
	if err != nil {
		return err
	}
	if err := locked.Wait(); err != nil {
		return err
	}
	fmt.Println("  ", m)
	if err := p.Kill(); err != nil {
		return err
	}
	err = m.Lock() // waits until the kernel says that the holder is gone
	fmt.Println("   Lock:", err)
	if !errors.Is(err, shsync.ErrOwnerDied) {
		return fmt.Errorf("got %w, want ErrOwnerDied", err)
	}
	fmt.Println("   Wait:", p.Wait())
	if err := errors.Join(m.MarkConsistent(), m.Unlock()); err != nil {
		return err
	}
	if err := m.Lock(); err != nil {
		return fmt.Errorf("the repaired lock: %w", err)
	}
	fmt.Println("   repaired, and taken again")
	return m.Unlock()
}

// holdArg is what the child gets that is killed.
type holdArg struct {
	Lock   *shsync.Mutex
	Locked *shsync.Event
}

var hold = process.Register("hold", func(_ context.Context, arg holdArg) error {
	if err := errors.Join(arg.Lock.Lock(), arg.Locked.Set()); err != nil {
		return err
	}
	select {} // SIGKILL ends it
})
