// Command bench measures shmkit against what one would use instead, in one run.
//
// The model: a row is a pair of runners, ours and the peer's. They are run
// alternately, many times, and each value printed is the median. The ratio is ours
// / peer for costs, so below 1 is better. A row whose peer is a "limit" is
// measured against a fixed number. Work in other processes is done by children,
// which are this binary again, or a small program in C, C++ or Python; all of them
// end with the row, and by themselves if the bench dies.
//
// It asserts nothing about time and exits with 0 whatever the numbers are. What it
// does not do: it pins no CPU, changes no setting of the machine, and says nothing
// about machines with many cores if this one has two.
//
//	go run ./bench [-run REGEXP] [-quick] [-json FILE] [-markdown FILE,…] [-from FILE]
package main
