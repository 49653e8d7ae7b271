package process

import (
	"context"
	"sync"

	"shmkit/internal/codec"
	"shmkit/internal/function"
)

// Signature tells what the function takes and gives, for comparison.
func (f *Func[A, R]) Signature() string { return f.types }

// Lookup finds a function of this program by its name, whatever its types are: for who has
// its arguments encoded, and passes its results on. Values of A and R must be encoded as those
// that the function takes and gives. ok is false if no function has that name.
func Lookup[A, R any](name string) (f *Func[A, R], ok bool) {
	entry, ok := function.Find(name)
	if !ok {
		return nil, false
	}
	call := func(ctx context.Context, arg A) (result R, err error) {
		buf := codec.NewBuffer()
		defer buf.Free()
		if err := codec.Encode(buf, arg); err != nil {
			return result, err
		}
		b, err := entry.Call(ctx, buf.Bytes(), func() {})
		if err != nil {
			return result, err
		}
		err = codec.Decode(b, &result)
		return result, err
	}
	return &Func[A, R]{name, entry.Types, call, sync.OnceValue(func() error { return unfit[A, R](name) })}, true
}
