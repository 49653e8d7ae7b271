package storm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

const helperName = "storm"

func init() { shmtest.Register(helperName, work) }

// lanesEach is how many lanes a process has.
const lanesEach = 2

// pulse is an object that every process opens to see its own counters.
const pulse = "pulse"

func pulseSpec() shm.Spec {
	typ, err := shm.TypeOf[byte]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindBytes, Type: typ, Count: 1}
}

// work is a process of the storm. Its arguments: segment, seed, number of the
// process, number of processes, incarnation, name of the one actor or "".
func work(c *shmtest.Child) {
	var n [4]uint64
	for i := range n {
		v, err := strconv.ParseUint(c.Args[i+1], 10, 64)
		c.Must(err)
		n[i] = v
	}
	seed, number, procs, incarnation := n[0], int(n[1]), int(n[2]), uint32(n[3])
	only := c.Args[5]
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	self, err := seg.OpenObject(pulse, pulseSpec())
	c.Must(err)
	p := &process{pipe: os.NewFile(3, "ledger"), self: self}
	var running sync.WaitGroup
	for i := range lanesEach {
		id := number*lanesEach + i
		l := &Lane{
			ID: id, Lanes: procs * lanesEach, Incarnation: incarnation, Alone: only != "", Seg: seg, process: p,
			Rand: rand.New(rand.NewPCG(seed, uint64(id)<<32|uint64(incarnation))),
		}
		running.Go(func() { l.run(cast(only)) })
	}
	if word := c.Hear(); word != "end" {
		c.Must(fmt.Errorf("the test says %q", word))
	}
	p.end.Store(true)
	running.Wait()
	c.Must(self.Close())
	c.Must(seg.Close())
	if err := shm.CloseDefault(); err != nil {
		c.Must(err)
	}
	if left := segmentDescriptors(); len(left) > 0 {
		c.Must(fmt.Errorf("%w after all was closed: %v", errDescriptors, left))
	}
}

// segmentDescriptors are the open descriptors of segments. Nothing needs one when
// all handles are closed.
func segmentDescriptors() (left []string) {
	entries, _ := filepath.Glob("/proc/self/fd/*")
	for _, e := range entries {
		if target, err := os.Readlink(e); err == nil && strings.HasPrefix(target, shm.Dir()+"/") {
			left = append(left, target)
		}
	}
	return left
}
