package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shmkit/pool"
	"shmkit/process"
)

// square is what the workers of the pool run.
var square = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) { return x * x, nil })

// squaresFromPool: pool = Pool(5); pool.map(f, [1, 2, … 10]). Then it is closed, and its
// workers are waited for.
func squaresFromPool() error {
	ctx := context.Background()
	p, err := pool.New(5)
	if err != nil {
		return err
	}
	rel, err := pool.Map(ctx, p, square, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	fmt.Println("  ", rel)
	p.Close()
	if err := errors.Join(err, p.Join(ctx)); err != nil {
		return err
	}
	if !slices.Equal(rel, []int{1, 4, 9, 16, 25, 36, 49, 64, 81, 100}) {
		return fmt.Errorf("the squares are %v", rel)
	}
	return nil
}
