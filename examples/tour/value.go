package main

import (
	"context"
	"fmt"

	"shmkit/array"
	"shmkit/process"
	"shmkit/value"
)

// valueAndArray: num = Value('d', 0.0), arr = Array('i', range(10)); a child sets
// num to 3.14 and arr[0] to 5; the parent prints both.
func valueAndArray() error {
	num, err := value.New(0.0)
	if err != nil {
		return err
	}
	defer num.Close()
	arr, err := array.From([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	if err != nil {
		return err
	}
	defer arr.Close()
	p, err := fill.Start(context.Background(), shared{num, arr})
	if err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	fmt.Println("  ", num.Load())
	fmt.Println("  ", arr.Copy())
	if err := check("num", num.Load(), 3.14); err != nil {
		return err
	}
	return check("arr", fmt.Sprint(arr.Copy()), "[5 1 2 3 4 5 6 7 8 9]")
}

// shared is what the child gets.
type shared struct {
	Num *value.Value[float64]
	Arr *array.Array[int32]
}

var fill = process.Register("fill", func(_ context.Context, s shared) error {
	s.Num.Store(3.14)
	s.Arr.Set(0, 5)
	return nil
})
