package pools

import (
	"context"
	"errors"
	"fmt"
	"os"

	"shmkit/pool"
	"shmkit/process"
)

// Func is what tasks run.
type Func = process.Func[int, int]

var (
	errOurs  = errors.New("pools: one of ours")
	errInput = errors.New("pools: no more input")
)

func init() { process.RegisterError("suite.pools.ours", errOurs) }

// What tasks run.
var (
	// Square is n².
	Square = process.RegisterFunc("suite.pools.square", func(_ context.Context, n int) (int, error) { return n * n, nil })
	// Power is xⁿ.
	Power = pool.Register2("suite.pools.power", func(_ context.Context, x, n int) (int, error) {
		v := 1
		for range n {
			v *= x
		}
		return v, nil
	})
	// Unlucky fails for 13, and is n otherwise.
	Unlucky = process.RegisterFunc("suite.pools.unlucky", func(_ context.Context, n int) (int, error) {
		if n == 13 {
			return 0, fmt.Errorf("not %d: %w", n, errOurs)
		}
		return n, nil
	})
	// Who is the worker.
	Who = process.RegisterFunc("suite.pools.who", func(context.Context, int) (int, error) { return os.Getpid(), nil })
	// Bad ends as one of the ways of going wrong.
	Bad = process.RegisterFunc("suite.pools.bad", badly)
	// Wait waits at a gate, and is the worker.
	Wait = process.RegisterFunc("suite.pools.wait", waitAt)
)

// The ways of going wrong.
const (
	fails = iota
	panics
	exits
	killed
)

func badly(_ context.Context, how int) (int, error) {
	switch how {
	case panics:
		panic("help")
	case exits:
		os.Exit(7)
	case killed:
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	}
	return 0, fmt.Errorf("it went wrong: %w", errOurs)
}
