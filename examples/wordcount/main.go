package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"shmkit/array"
	"shmkit/pool"
	"shmkit/process"
	"shmkit/shm"
)

func main() {
	process.Main() // a worker works here, and goes no further
	workers := flag.Int("workers", pool.Default(), "number of processes that count")
	quiet := flag.Bool("quiet", false, "draw no bar")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: wordcount [flags] folder…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *workers, *quiet, flag.Args())
	stop()
	if err = errors.Join(err, shm.CloseDefault()); err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

// run counts the files below the folders and prints a line for each.
func run(ctx context.Context, workers int, quiet bool, folders []string) error {
	files, err := filesBelow(folders)
	if err != nil {
		return err
	}
	counts, err := array.New[count](len(files))
	if err != nil {
		return err
	}
	defer counts.Close()
	p, err := pool.New(workers, pool.WithInitializer(share, counts), pool.Retries(3))
	if err != nil {
		return err
	}
	options := []pool.CallOption{pool.ChunkSize(1)}
	if !quiet {
		options = append(options, pool.ProgressBar(os.Stderr, "counting"))
	}
	_, err = pool.Map(ctx, p, countFile, files, options...)
	report(files, counts.Slice())
	return errors.Join(err, p.Shutdown(context.Background(), true))
}

// report prints what was counted, and the sum.
func report(files []file, counts []count) {
	var total count
	for i, c := range counts {
		fmt.Println(c, files[i].Path)
		total.Lines, total.Words, total.Bytes = total.Lines+c.Lines, total.Words+c.Words, total.Bytes+c.Bytes
	}
	fmt.Println(total, "total")
}
