package pool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"shmkit/process"
)

var (
	errOurs = errors.New("one of ours")
	square  = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	whoAmI  = process.RegisterFunc("who", func(context.Context, process.None) (int, error) { return os.Getpid(), nil })
	echo    = process.RegisterFunc("echo", func(_ context.Context, b []byte) ([]byte, error) { return b, nil })
	bad     = process.RegisterFunc("bad", badly)
)

func init() { process.RegisterError("test.ours", errOurs) }

func badly(ctx context.Context, how string) (int, error) {
	switch how {
	case "error":
		return 0, fmt.Errorf("it went wrong: %w", errOurs)
	case "panic":
		panic("help")
	case "goexit":
		runtime.Goexit()
	case "exit":
		os.Exit(7)
	case "exit0":
		os.Exit(0)
	case "elsewhere":
		go panic("in another goroutine")
		select {}
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	case "hang":
		select {}
	case "wait":
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return 1, nil
}
