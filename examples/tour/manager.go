package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"shmkit/manager"
	"shmkit/pipe"
	"shmkit/process"
)

// managed is what a server process has, and others change.
type managed struct {
	X   *manager.Value[float64]
	Arr *manager.Array[int32]
	L   *manager.List[string]
}

// newManaged is x = server.Value('d', 0.0), arr = server.Array('i', range(10)), l = server.list().
func newManaged(c *manager.Client) (m managed, err error) {
	var err1, err2, err3 error
	m.X, err1 = manager.NewValue(c, 0.0, manager.Named("x"))
	m.Arr, err2 = manager.ArrayFrom(c, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, manager.Named("arr"))
	m.L, err3 = manager.NewList[string](c, nil, manager.Named("l"))
	return m, errors.Join(err1, err2, err3)
}

// openManaged opens them by their names.
func openManaged(c *manager.Client) (m managed, err error) {
	var err1, err2, err3 error
	m.X, err1 = manager.OpenValue[float64](c, "x")
	m.Arr, err2 = manager.OpenArray[int32](c, "arr")
	m.L, err3 = manager.OpenList[string](c, "l")
	return m, errors.Join(err1, err2, err3)
}

// change is x.value = 3.14; arr[0] = 5; l.append('Hello').
func (m managed) change() error {
	return errors.Join(m.X.Store(3.14), m.Arr.Set(0, 5), m.L.Append("Hello"))
}

// show prints and checks what is there.
func (m managed) show() error {
	x, err1 := m.X.Load()
	arr, err2 := m.Arr.Copy()
	l, err3 := m.L.Items()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	fmt.Println("  ", x)
	fmt.Println("  ", arr)
	fmt.Println("  ", l)
	return errors.Join(check("x", x, 3.14), check("arr", fmt.Sprint(arr), "[5 1 2 3 4 5 6 7 8 9]"), check("l", fmt.Sprint(l), "[Hello]"))
}

// managerOfChild: server = Manager(); a child is given handles of three objects there, and
// changes them.
func managerOfChild() error {
	ctx := context.Background()
	server, err := manager.Start(ctx)
	if err != nil {
		return err
	}
	defer server.Shutdown(ctx)
	m, err := newManaged(server.Client())
	if err != nil {
		return err
	}
	p, err := changeManaged.Start(ctx, m)
	if err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	return errors.Join(m.show(), server.Shutdown(ctx))
}

var changeManaged = process.Register("change", func(_ context.Context, m managed) error { return m.change() })

// managerOverTCP: the same over tcp, with a key and TLS. Who changes is another program, which
// is told the address and the key, and opens the objects by their names.
func managerOverTCP() error {
	ctx := context.Background()
	key := make([]byte, 32)
	rand.Read(key)
	server, err := manager.Start(ctx, manager.WithAddress("tcp", "127.0.0.1:0"), manager.WithKey(key))
	if err != nil {
		return err
	}
	defer server.Shutdown(ctx)
	m, err := newManaged(server.Client())
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, elsewhere, server.Address())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(key), os.Stdout, os.Stderr // a key is nothing for a command line
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the other program: %w", err)
	}
	_, refused := manager.Dial(ctx, "tcp", server.Address(), manager.WithKey(bytes.Repeat([]byte("guess"), 8)))
	fmt.Println("   who has another key:", refused)
	if !errors.Is(refused, pipe.ErrAuth) {
		return fmt.Errorf("got %w, want pipe.ErrAuth", refused)
	}
	return errors.Join(m.show(), server.Shutdown(ctx))
}

// elsewhere as the first argument makes this program the one that changes what is at a server.
const elsewhere = "change"

// changeElsewhere is all that program does; its key comes from standard input.
func changeElsewhere(address string) error {
	key, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	c, err := manager.Dial(context.Background(), "tcp", address, manager.WithKey(key))
	if err != nil {
		return err
	}
	defer c.Close()
	m, err := openManaged(c)
	if err != nil {
		return err
	}
	fmt.Printf("   process %d changes them, by %v\n", os.Getpid(), c)
	return m.change()
}
