// Command bench measures shmkit against what one would use instead, in one run.
//
// The model: a row is a pair of runners, ours and the peer's. They are run
// alternately, many times, and each value printed is the median. The ratio is ours
// / peer for costs, so below 1 is better. A row whose peer is a "budget" is
// measured against a fixed number.
//
// It asserts nothing about time and exits with 0 whatever the numbers are.
//
//	go run ./bench [-run REGEXP] [-quick] [-json FILE] [-markdown FILE]
package main
