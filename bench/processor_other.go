//go:build !unix

package main

import "time"

var started = time.Now()

// processorTime is the time that has passed, where the system does not tell more.
func processorTime() int64 { return int64(time.Since(started)) }
