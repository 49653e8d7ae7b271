package pool_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"

	"shmkit/internal/codec"
	"shmkit/process"
)

// brittle is an argument and a result that does something bad at one stage of its way.
type brittle struct {
	Home  int // where it comes from, and goes to
	Stage string
	How   string
	Load  []byte
}

// Stages, in their order. The first and the last are in the process that has the pool.
const (
	encodeArgument = "encode argument"
	decodeArgument = "decode argument"
	inFunction     = "function"
	encodeResult   = "encode result"
	decodeResult   = "decode result"
)

var (
	errBrittle = errors.New("it broke")
	carry      = process.RegisterFunc("carry", func(_ context.Context, b brittle) (brittle, error) { return b, b.at(inFunction) })
)

// plain has no methods.
type plain brittle

// MarshalCBOR is for the codec.
func (b brittle) MarshalCBOR() ([]byte, error) {
	stage := encodeResult
	if os.Getpid() == b.Home {
		stage = encodeArgument
	}
	if err := b.at(stage); err != nil {
		return nil, err
	}
	buf := codec.NewBuffer()
	err := codec.Encode(buf, plain(b))
	return buf.Bytes(), err
}

// UnmarshalCBOR is for the codec.
func (b *brittle) UnmarshalCBOR(raw []byte) error {
	if err := codec.Decode(raw, (*plain)(b)); err != nil {
		return err
	}
	if os.Getpid() == b.Home {
		return b.at(decodeResult)
	}
	return b.at(decodeArgument)
}

// at does what it does, if that is its stage.
func (b brittle) at(stage string) error {
	if b.Stage != stage {
		return nil
	}
	switch b.How {
	case "error":
		return errBrittle
	case "panic":
		panic("it broke")
	case "goexit":
		runtime.Goexit()
	case "exit":
		os.Exit(7)
	case "fatal":
		new(sync.Mutex).Unlock() // the runtime ends the process
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "segv":
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "abort":
		syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	}
	return nil
}
