// Command plugin is the peer of pool/apply-go-plugin: a program that calls a function in a
// plugin of hashicorp/go-plugin, over gRPC. It is a program of its own because what it
// imports takes a while to start, and the bench starts itself often.
//
// The model: the plugin is this program again. For each number n that it reads it makes n
// calls, one after the other, and answers with the nanoseconds. The plugin ends with it.
//
// What it does not do: measure how long a plugin takes to start.
//
//	go build shmkit/bench/plugin
package main
