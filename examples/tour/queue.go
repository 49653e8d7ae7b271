package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"shmkit/ring"
	shsync "shmkit/sync"
)

// workers put, and as many get.
const workers = 10

// tenPutTenGet: queue = Queue(3); ten processes put pid(put):time, ten get one each and
// print it under a lock. The queue is closed when all have put, and what is in it is still
// taken.
func tenPutTenGet() error {
	queue, err1 := ring.New[string](3)
	lock, err2 := shsync.NewMutex()
	r, w, err3 := os.Pipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	defer queue.Detach()
	defer lock.Close()
	defer r.Close()
	if err := throughQueue(queue, lock, w); err != nil {
		return err
	}
	var all bytes.Buffer
	if _, err := all.ReadFrom(r); err != nil {
		return err
	}
	os.Stdout.Write(all.Bytes())
	return checkLines(all.Bytes())
}

// throughQueue starts all, and closes w when they are done.
func throughQueue(queue *ring.Queue[string], lock *shsync.Mutex, w *os.File) error {
	defer w.Close()
	var record1 []*child
	for range workers {
		c, err := start("inputQ", queue)
		if err != nil {
			return err
		}
		record1 = append(record1, c)
	}
	record2 := make(chan error)
	for range workers {
		go func() { record2 <- runInto(w, "outputQ", queue, lock) }()
	}
	var err error
	for _, c := range record1 {
		err = errors.Join(err, c.wait())
	}
	err = errors.Join(err, queue.Close()) // no more will come
	for range workers {
		err = errors.Join(err, <-record2)
	}
	return err
}

// checkLines: ten whole lines, by ten processes, of what ten others put.
func checkLines(text []byte) error {
	getters, putters := map[string]bool{}, map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^   (\d+)\(get\):(\d+)\(put\):\d+\.\d+$`).FindAllSubmatch(text, -1) {
		getters[string(line[1])], putters[string(line[2])] = true, true
	}
	return errors.Join(check("number of lines", bytes.Count(text, []byte("\n")), workers),
		check("number of processes that got", len(getters), workers), check("number of processes that put", len(putters), workers))
}

func inputQ(args []string) error {
	queue := new(ring.Queue[string])
	if err := receive(args, queue); err != nil {
		return err
	}
	now := float64(time.Now().UnixNano()) / 1e9
	return queue.Put(strconv.Itoa(os.Getpid()) + "(put):" + strconv.FormatFloat(now, 'f', 6, 64))
}

func outputQ(args []string) error {
	queue, lock := new(ring.Queue[string]), new(shsync.Mutex)
	if err := receive(args, queue, lock); err != nil {
		return err
	}
	text, err := queue.Get()
	if err != nil {
		return err
	}
	return lock.With(func(bool) error {
		fmt.Printf("   %d(get):%s\n", os.Getpid(), text)
		return nil
	})
}
