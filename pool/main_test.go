package pool_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
	"shmkit/pool"
	"shmkit/process"
	"shmkit/shm"
)

// stepEnv names a step, a signal and a file: the first worker that comes to the step, and
// makes the file, gets the signal.
const stepEnv = "SHMKIT_TEST_STEP"

func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // else each worker takes a second to end, under the race detector
	}
	pool.AtStep(func(step string) { signalAt(step) })
	process.Main()
	// A process has a descriptor of itself from its first child on.
	if p, err := square.Start(context.Background(), 1); err != nil || p.Wait() != nil {
		fmt.Println("there are no processes:", err)
	} else {
		p.Close()
	}
	shmtest.Main(m, shm.CloseDefault)
}

// signalAt does what stepEnv says.
func signalAt(step string) {
	want, rest, _ := strings.Cut(os.Getenv(stepEnv), " ")
	if want != step {
		return
	}
	how, file, _ := strings.Cut(rest, " ")
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return
	}
	fmt.Fprintln(f, os.Getpid())
	f.Close()
	if how == "kill" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	} else { // this thread: another one could get it, and stop this one a little later
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGSTOP)
	}
}

// stepAt makes workers do that.
func stepAt(step, how, file string) pool.Option {
	return pool.WorkerOptions(process.Env(stepEnv + "=" + step + " " + how + " " + file))
}

func watch(t testing.TB) {
	t.Helper()
	shmtest.Watchdog(t, 2*time.Minute)
}

// newPool makes a pool that ends with the test.
func newPool(t testing.TB, workers int, options ...pool.Option) *pool.Pool {
	t.Helper()
	p, err := pool.New(workers, options...)
	if err != nil {
		t.Fatal(err)
	}
	endWith(t, p)
	return p
}

// endWith ends a pool with the test.
func endWith(t testing.TB, p *pool.Pool) {
	t.Cleanup(func() {
		p.Terminate()
		if err := p.Join(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// works fails the test if the pool does not work.
func works(t testing.TB, p *pool.Pool) {
	t.Helper()
	list := make([]int, 200)
	for i := range list {
		list[i] = i
	}
	got, err := pool.Map(context.Background(), p, square, list, pool.ChunkSize(3))
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, got, len(list))
}
