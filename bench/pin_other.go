//go:build !linux

package main

import (
	"fmt"
	"time"
)

// possible tells whether there are the processors of p.
func (p placing) possible() error {
	if len(p) > 0 {
		return fmt.Errorf("%w: processes cannot be bound to processors here", errLeftOut)
	}
	return nil
}

func (p placing) numbers() []string { return nil }

func pin([]string) error { return nil }

// nap is a sleep.
func nap(d time.Duration) { time.Sleep(d) }
