package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// stop is the net under it all: it takes about five seconds, and must not hang.
const stop = time.Minute

// errSkipped: this machine cannot show it.
var errSkipped = errors.New("skipped")

func main() {
	time.AfterFunc(stop, func() {
		fmt.Fprintln(os.Stderr, "remote: still not done after", stop)
		os.Exit(1)
	})
	run := show
	if len(os.Args) > 1 {
		run = func() error { return play(os.Args[1], os.Args[2:]) }
	}
	switch err := run(); {
	case errors.Is(err, errSkipped):
		fmt.Println(err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "remote:", err)
		os.Exit(1)
	}
}

// show is the program without arguments: it makes the machines and starts the others.
func show() error {
	if done, err := asRoot(); done || err != nil {
		return err
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: it needs ip(8): %w", errSkipped, err)
	}
	a, err1 := newMachine("first machine")
	b, err2 := newMachine("second machine")
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("%w: it needs network namespaces: %w", errSkipped, err)
	}
	if err := connect(a, b); err != nil {
		return fmt.Errorf("%w: it needs veth: %w", errSkipped, err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	server, err := a.start("server", key)
	if err != nil {
		return err
	}
	address, err := server.hear("address")
	if err != nil {
		return err
	}
	if err := share(a, b, key, address); err != nil {
		return err
	}
	if err := server.end(); err != nil {
		return err
	}
	fmt.Println("all as it should be")
	return nil
}

// share lets a program on each machine share what the server has, and pulls the cable.
func share(a, b *machine, key []byte, address string) error {
	near, err := a.start("giver", key, address)
	if err != nil {
		return err
	}
	if _, err := near.hear("made"); err != nil {
		return err
	}
	far, err := b.start("worker", key, address)
	if err != nil {
		return err
	}
	if _, err := far.hear("locked"); err != nil {
		return err
	}
	if _, err := near.hear("waits"); err != nil {
		return err
	}
	fmt.Println("the cable is pulled")
	if err := b.ip("link set cable down"); err != nil {
		return err
	}
	_, err1 := near.hear("locked")
	_, err2 := far.hear("cut off")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	fmt.Println("the cable is plugged in again")
	if err := errors.Join(b.ip("link set cable up"), far.say("again")); err != nil {
		return err
	}
	return errors.Join(far.end(), near.end())
}
