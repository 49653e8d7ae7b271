// Command shmkit shows and checks segments of shared memory.
//
// The model: it maps files and looks; it attaches to nothing. Only rm and doctor
// change anything.
//
// Exit status: 0 if all is well, 1 if something was found or failed, 2 for a wrong
// command line.
//
//	shmkit ls
//	shmkit inspect --numpy prices
//	shmkit check --json prices
//	shmkit rm prices#eurusd
//	shmkit doctor
package main
