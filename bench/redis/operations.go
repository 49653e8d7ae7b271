package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// operation is what is done the i-th time.
type operation func(i int) error

var errWrong = errors.New("a wrong result")

// prepare gives the operation of that name: the cheapest commands that do it.
func prepare(c *redis.Client, what string, size int) (operation, error) {
	ctx := context.Background()
	switch what {
	case "value-get":
		return func(int) error {
			got, err := c.Get(ctx, "value").Float64()
			return wrong(err, got == 3.14)
		}, c.Set(ctx, "value", 3.14, 0).Err()
	case "value-set":
		return func(int) error { return c.Set(ctx, "value", 3.14, 0).Err() }, nil
	case "list-append":
		return func(int) error { return c.RPush(ctx, "list", 7).Err() }, nil
	case "dict-set":
		keys, text := make([]string, max(1, min(1000, (16<<20)/size))), make([]byte, size) // some megabytes, whatever the size
		for i := range keys {
			keys[i] = fmt.Sprint("key-", i)
		}
		return func(i int) error { return c.HSet(ctx, "dict", keys[i%len(keys)], text).Err() }, nil
	case "queue-put-get":
		return func(int) error { return putGet(ctx, c) }, nil
	case "lock":
		return func(int) error { return lockUnlock(ctx, c) }, nil
	}
	return nil, fmt.Errorf("no operation %q", what)
}

func putGet(ctx context.Context, c *redis.Client) error {
	if err := c.LPush(ctx, "queue", 7).Err(); err != nil {
		return err
	}
	got, err := c.BRPop(ctx, 0, "queue").Result()
	return wrong(err, len(got) == 2 && got[1] == "7")
}

// lockUnlock looks at no owner when it gives the lock back, as who wants to be sure has to.
func lockUnlock(ctx context.Context, c *redis.Client) error {
	got, err := c.SetNX(ctx, "lock", 1, 0).Result()
	if err := wrong(err, got); err != nil {
		return err
	}
	n, err := c.Del(ctx, "lock").Result()
	return wrong(err, n == 1)
}

func wrong(err error, ok bool) error {
	if err == nil && !ok {
		return errWrong
	}
	return err
}
