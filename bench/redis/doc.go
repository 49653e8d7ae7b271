// Command redis is the peer of the manager rows that end in -redis: it starts a server of
// Redis that keeps everything in memory, and talks to it over a unix socket by go-redis.
// It is a program of its own because what it imports takes a while to start, and the
// bench starts itself often.
//
// The model: for each number n that it reads it does one thing n times, and answers with
// the nanoseconds. The server ends with it.
//
// What it does not do: install a server, or use one that runs.
//
//	go build shmkit/bench/redis
//	redis FOLDER WHAT BYTES CALLERS    WHAT with so many bytes, if it stores some, by so many goroutines
package main
