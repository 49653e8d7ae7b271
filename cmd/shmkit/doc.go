// Command shmkit shows and checks segments of shared memory, and serves shared objects.
//
// The model: it maps files and looks. Only three commands change anything: rm,
// doctor, and ls, which removes anonymous segments that nobody is attached to. The command
// manager is a server of package manager; its objects end with it.
//
// Guarantees: no file crashes it, however damaged; what it prints holds no control
// characters; the fields of --json stay.
//
// What it does not do: it repairs no damage and ends no process.
//
// Exit status: 0 if all is well, 1 if something was found or failed, 2 for a wrong
// command line.
//
//	shmkit ls
//	shmkit inspect --numpy prices
//	shmkit peek -n 3 prices jobs
//	shmkit check --json prices
//	shmkit rm prices#eurusd
//	shmkit doctor
//	shmkit manager --listen tcp:0.0.0.0:7000 --key-file key --log jobs.log
package main
