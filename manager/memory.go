package manager

import (
	"fmt"
	"math"

	"shmkit/array"
	"shmkit/internal/host"
)

// numeric is what a shared Value or Array may be of.
type numeric interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// A block is numbers in shared memory, which the server makes and which clients on the same
// machine map. It implements host.Memory: numbers come and go as their own bits.
type block[T numeric] struct {
	a    *array.Array[T]
	bits func(T) uint64
	of   func(uint64) T
}

// A blockKind makes and opens blocks of one kind of numbers.
type blockKind struct {
	make func(n int) (host.Memory, error)
	open func(handle []byte) (host.Memory, error)
}

func blocksOf[T numeric](bits func(T) uint64, of func(uint64) T) blockKind {
	return blockKind{
		make: func(n int) (host.Memory, error) {
			a, err := array.New[T](n)
			if err != nil {
				return nil, err
			}
			return &block[T]{a, bits, of}, nil
		},
		open: func(handle []byte) (host.Memory, error) {
			a := &array.Array[T]{}
			if err := a.UnmarshalBinary(handle); err != nil {
				return nil, err
			}
			return &block[T]{a, bits, of}, nil
		},
	}
}

func integers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](width int) blockKind {
	mask := uint64(math.MaxUint64) >> (64 - 8*width)
	return blocksOf(func(v T) uint64 { return uint64(v) & mask }, func(b uint64) T { return T(b) })
}

// blocks are by the letter of the kind; see wire.ArrayWidth.
var blocks = map[byte]blockKind{
	'b': integers[int8](1), 'h': integers[int16](2), 'i': integers[int32](4), 'q': integers[int64](8),
	'B': integers[uint8](1), 'H': integers[uint16](2), 'I': integers[uint32](4), 'Q': integers[uint64](8),
	'f': blocksOf(func(v float32) uint64 { return uint64(math.Float32bits(v)) }, func(b uint64) float32 { return math.Float32frombits(uint32(b)) }),
	'd': blocksOf(math.Float64bits, math.Float64frombits),
}

// newMemory makes n zeros of a kind.
func newMemory(code byte, n int) (host.Memory, error) {
	kind, ok := blocks[code]
	if !ok {
		return nil, fmt.Errorf("%w: numbers of kind %q", ErrType, code)
	}
	return kind.make(n)
}

func (b *block[T]) Len() int                       { return b.a.Len() }
func (b *block[T]) Load(i int) uint64              { return b.bits(b.a.LoadAt(i)) }
func (b *block[T]) Store(i int, v uint64)          { b.a.StoreAt(i, b.of(v)) }
func (b *block[T]) Swap(i int, v uint64) uint64    { return b.bits(b.a.SwapAt(i, b.of(v))) }
func (b *block[T]) Add(i int, delta uint64) uint64 { return b.bits(b.a.AddAt(i, b.of(delta))) }
func (b *block[T]) CompareAndSwap(i int, old, new uint64) bool {
	return b.a.CompareAndSwapAt(i, b.of(old), b.of(new))
}
func (b *block[T]) Handle() ([]byte, error) { return b.a.MarshalBinary() }
func (b *block[T]) Close()                  { b.a.Close() }
