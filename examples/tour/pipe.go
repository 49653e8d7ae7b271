package main

import (
	"errors"
	"fmt"
	"io"

	"shmkit/pipe"
)

// twoWays: pipe = Pipe(), an end for each of two children. The first says hello and prints
// the answer, the second prints what it hears and answers. A third one has an end when it is
// killed.
func twoWays() error {
	a, b, err := pipe.New(true)
	if err != nil {
		return err
	}
	first, err := start("proc1", a)
	if err != nil {
		return err
	}
	second, err := start("proc2", b)
	if err != nil {
		return err
	}
	defer a.Close()
	defer b.Close()
	if err := errors.Join(first.says("proc1 rec: hello, too"), second.says("proc2 rec: hello")); err != nil {
		return err
	}
	return endOfTheDead()
}

// says waits for a child that prints one line.
func (c *child) says(want string) error {
	line, err := c.line()
	if err != nil {
		return err
	}
	fmt.Println("  ", line)
	return errors.Join(check("line", line, want), c.wait())
}

func proc1(args []string) error {
	c := new(pipe.Conn)
	if err := receive(args, c); err != nil {
		return err
	}
	defer c.Close()
	if err := c.Send("hello"); err != nil {
		return err
	}
	rec, err := pipe.Recv[string](c)
	fmt.Println("proc1 rec:", rec)
	return err
}

func proc2(args []string) error {
	c := new(pipe.Conn)
	if err := receive(args, c); err != nil {
		return err
	}
	defer c.Close()
	rec, err := pipe.Recv[string](c)
	fmt.Println("proc2 rec:", rec)
	return errors.Join(err, c.Send("hello, too"))
}

// endOfTheDead: a child sends one message, and is killed in the middle of a second one.
func endOfTheDead() error {
	a, b, err := pipe.New(true)
	if err != nil {
		return err
	}
	defer a.Close()
	c, err := start("half", b)
	if err != nil {
		return err
	}
	if err := b.Close(); err != nil { // it is the child's
		return err
	}
	whole, err := pipe.Recv[string](a)
	if err != nil {
		return err
	}
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	_, end := a.RecvBytes()
	c.cmd.Wait() // its error is the signal
	fmt.Printf("   a child that was killed while it sent: %q, then %v\n", whole, end)
	return errors.Join(check("message", whole, "whole"), check("end", end, io.EOF))
}

func sendHalf(args []string) error {
	c := new(pipe.Conn)
	if err := receive(args, c); err != nil {
		return err
	}
	if err := c.Send("whole"); err != nil {
		return err
	}
	return c.SendBytes(make([]byte, 1<<30)) // the parent does not wait for all of it
}
