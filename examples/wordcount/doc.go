// Command wordcount counts the lines, words and bytes of all files below a folder, in
// several processes at once, as wc does in one.
//
// The model: this program is the parent. A pool of processes, which are this program again,
// counts one file per task and writes what it found into an Array that all of them share;
// nothing but the name of the file is sent to a worker, and nothing is sent back.
//
// A worker may die at any instant. Its file is counted again by another one, into the same
// place, so the result is the same.
//
// What it does not do: count one large file by several workers.
//
//	go run ./examples/wordcount [-workers N] [-quiet] FOLDER…
package main
