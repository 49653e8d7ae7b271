package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"shmkit/process"
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
	var record1, record2 []*process.Process
	for range workers {
		p, err := inputQ.Start(context.Background(), queue)
		if err != nil {
			return err
		}
		record1 = append(record1, p.Process)
	}
	for range workers {
		p, err := outputQ.Start(context.Background(), getter{queue, lock}, process.Stdout(w))
		if err != nil {
			return err
		}
		record2 = append(record2, p.Process)
	}
	err := errors.Join(waitFor(record1), queue.Close()) // no more will come
	return errors.Join(err, waitFor(record2))
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

var inputQ = process.Register("inputQ", func(_ context.Context, queue *ring.Queue[string]) error {
	now := float64(time.Now().UnixNano()) / 1e9
	return queue.Put(strconv.Itoa(os.Getpid()) + "(put):" + strconv.FormatFloat(now, 'f', 6, 64))
})

// getter is what a process gets that gets.
type getter struct {
	Queue *ring.Queue[string]
	Lock  *shsync.Mutex
}

var outputQ = process.Register("outputQ", func(_ context.Context, g getter) error {
	text, err := g.Queue.Get()
	if err != nil {
		return err
	}
	return g.Lock.With(func(bool) error {
		fmt.Printf("   %d(get):%s\n", os.Getpid(), text)
		return nil
	})
})
