package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shmkit/pipe"
	"shmkit/process"
)

// twoWays: pipe = Pipe(), an end for each of two children. The first says hello and prints
// the answer, the second prints what it hears and answers. A third one has an end when it is
// killed.
func twoWays() error {
	a, b, err := pipe.New(true)
	if err != nil {
		return err
	}
	defer a.Close()
	defer b.Close()
	var said1, said2 bytes.Buffer
	p1, err := proc1.Start(context.Background(), a, process.Stdout(&said1))
	if err != nil {
		return err
	}
	p2, err := proc2.Start(context.Background(), b, process.Stdout(&said2))
	if err != nil {
		return err
	}
	if err := errors.Join(p1.Wait(), p2.Wait()); err != nil {
		return err
	}
	fmt.Print("   ", &said1, "   ", &said2)
	return errors.Join(check("line", strings.TrimSpace(said1.String()), "proc1 rec: hello, too"),
		check("line", strings.TrimSpace(said2.String()), "proc2 rec: hello"), endOfTheDead())
}

var proc1 = process.Register("proc1", func(_ context.Context, c *pipe.Conn) error {
	defer c.Close()
	if err := c.Send("hello"); err != nil {
		return err
	}
	rec, err := pipe.Recv[string](c)
	fmt.Println("proc1 rec:", rec)
	return err
})

var proc2 = process.Register("proc2", func(_ context.Context, c *pipe.Conn) error {
	defer c.Close()
	rec, err := pipe.Recv[string](c)
	fmt.Println("proc2 rec:", rec)
	return errors.Join(err, c.Send("hello, too"))
})

// endOfTheDead: a child sends one message, and is killed in the middle of a second one.
func endOfTheDead() error {
	a, b, err := pipe.New(true)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := sendHalf.Start(context.Background(), b)
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
	if err := p.Kill(); err != nil {
		return err
	}
	_, end := a.RecvBytes()
	p.Wait() // its error is the signal
	fmt.Printf("   a child that was killed while it sent: %q, then %v\n", whole, end)
	return errors.Join(check("message", whole, "whole"), check("end", end, io.EOF))
}

var sendHalf = process.Register("half", func(_ context.Context, c *pipe.Conn) error {
	if err := c.Send("whole"); err != nil {
		return err
	}
	return c.SendBytes(make([]byte, 1<<30)) // the parent does not wait for all of it
})
