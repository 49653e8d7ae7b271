package value_test

import (
	"sync/atomic"
	"testing"

	"shmkit/value"
)

var (
	sumInt64   int64
	sumInt32   int32
	sumUint8   uint8
	sumFloat64 float64
	anyTrue    bool
)

func mustNew[T any](tb testing.TB, init T) *value.Value[T] {
	tb.Helper()
	v, err := value.New(init)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { v.Close() })
	return v
}

func BenchmarkLoad(b *testing.B) {
	b.Run("atomic", func(b *testing.B) {
		for p := new(int64); b.Loop(); {
			sumInt64 += atomic.LoadInt64(p)
		}
	})
	b.Run("int64", func(b *testing.B) {
		for v := mustNew(b, int64(1)); b.Loop(); {
			sumInt64 += v.Load()
		}
	})
	b.Run("int32", func(b *testing.B) {
		for v := mustNew(b, int32(1)); b.Loop(); {
			sumInt32 += v.Load()
		}
	})
	b.Run("uint8", func(b *testing.B) {
		for v := mustNew(b, uint8(1)); b.Loop(); {
			sumUint8 += v.Load()
		}
	})
	b.Run("float64", func(b *testing.B) {
		for v := mustNew(b, 1.0); b.Loop(); {
			sumFloat64 += v.Load()
		}
	})
	b.Run("bool", func(b *testing.B) {
		for v := mustNew(b, true); b.Loop(); {
			anyTrue = v.Load()
		}
	})
	b.Run("struct", func(b *testing.B) {
		for v := mustNew(b, [4]int64{}); b.Loop(); {
			sumInt64 += v.Load()[0]
		}
	})
}

func BenchmarkStore(b *testing.B) {
	b.Run("atomic", func(b *testing.B) {
		for p := new(int64); b.Loop(); {
			atomic.StoreInt64(p, 1)
		}
	})
	b.Run("int64", func(b *testing.B) {
		for v := mustNew(b, int64(1)); b.Loop(); {
			v.Store(1)
		}
	})
	b.Run("int32", func(b *testing.B) {
		for v := mustNew(b, int32(1)); b.Loop(); {
			v.Store(1)
		}
	})
	b.Run("uint8", func(b *testing.B) {
		for v := mustNew(b, uint8(1)); b.Loop(); {
			v.Store(1)
		}
	})
	b.Run("float64", func(b *testing.B) {
		for v := mustNew(b, 1.0); b.Loop(); {
			v.Store(1)
		}
	})
	b.Run("bool", func(b *testing.B) {
		for v := mustNew(b, true); b.Loop(); {
			v.Store(true)
		}
	})
	b.Run("struct", func(b *testing.B) {
		for v := mustNew(b, [4]int64{}); b.Loop(); {
			v.Store([4]int64{1})
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	b.Run("atomic", func(b *testing.B) {
		for p := new(int64); b.Loop(); {
			atomic.AddInt64(p, 1)
		}
	})
	b.Run("int64", func(b *testing.B) {
		for v := mustNew(b, int64(1)); b.Loop(); {
			v.Add(1)
		}
	})
	b.Run("int32", func(b *testing.B) {
		for v := mustNew(b, int32(1)); b.Loop(); {
			v.Add(1)
		}
	})
	b.Run("uint8", func(b *testing.B) {
		for v := mustNew(b, uint8(1)); b.Loop(); {
			v.Add(1)
		}
	})
	b.Run("float64", func(b *testing.B) {
		for v := mustNew(b, 1.0); b.Loop(); {
			v.Add(1)
		}
	})
}

func BenchmarkCompareAndSwap(b *testing.B) {
	b.Run("atomic", func(b *testing.B) {
		for p := new(int64); b.Loop(); {
			atomic.CompareAndSwapInt64(p, 0, 0)
		}
	})
	b.Run("int64", func(b *testing.B) {
		for v := mustNew(b, int64(0)); b.Loop(); {
			v.CompareAndSwap(0, 0)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		v, err := value.New(1)
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
}
