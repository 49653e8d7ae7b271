package main

import "encoding/binary"

// What is written to the messages of the size rows, and read from them, is words.
const wordSize = 8

func put(b []byte) { binary.NativeEndian.PutUint64(b, 1) }

func get(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }

// fillEnds writes the first word and the last one.
func fillEnds(b []byte) {
	put(b)
	put(b[len(b)-wordSize:])
}

// addEnds reads them.
func addEnds(b []byte) {
	sink.Store(int64(get(b) + get(b[len(b)-wordSize:])))
}

// fillPages writes a word of each page.
func fillPages(b []byte) {
	for ; len(b) >= wordSize; b = b[min(page, len(b)):] {
		put(b)
	}
}

// addPages reads a word of each page.
func addPages(b []byte) {
	sum := uint64(0)
	for ; len(b) >= wordSize; b = b[min(page, len(b)):] {
		sum += get(b)
	}
	sink.Store(int64(sum))
}

// fill writes all words.
//
//go:noinline
func fill(b []byte) {
	for ; len(b) >= wordSize; b = b[wordSize:] {
		binary.NativeEndian.PutUint64(b, uint64(len(b)))
	}
}

// addUp reads all words.
//
//go:noinline
func addUp(b []byte) {
	sum := uint64(0)
	for ; len(b) >= wordSize; b = b[wordSize:] {
		sum += get(b)
	}
	sink.Store(int64(sum))
}
