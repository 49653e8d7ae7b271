package manager_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

const sharedTimes = 5000

func init() {
	shmtest.Register("sharer", func(c *shmtest.Child) {
		var setups []manager.Setup
		if c.Args[2] == "asks" {
			setups = append(setups, manager.WithoutSharedMemory())
		}
		client, err := manager.Dial(background, c.Args[0], c.Args[1], append(setups, testKey)...)
		c.Must(err)
		v, err := manager.OpenValue[int64](client, "v")
		c.Must(err)
		a, err := manager.OpenArray[uint16](client, "a")
		c.Must(err)
		for range sharedTimes {
			_, err := v.Add(1)
			c.Must(err)
			_, err = a.AddAt(-1, 1)
			c.Must(err)
		}
		c.Say(v.Maps(), a.Maps())
		c.Park()
	})
}

// Numbers are the same to clients that map them and to those that ask, and each change is one
// step. When the server is gone those that mapped are told as the others.
func TestShared(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		maps := w.family != "tcp"
		c := w.dial(t)
		v, err := manager.NewValue[int64](c, 5, manager.Named("v"))
		must(t, err)
		a, err := manager.ArrayFrom(c, []uint16{1, 2, 3}, manager.Named("a"))
		must(t, err)
		same(t, "the maker maps", v.Maps() && a.Maps(), maps)
		sharers := map[*shmtest.Process]bool{}
		for i := range 4 {
			p := w.start(t, "sharer", []string{"maps", "asks"}[i%2])
			sharers[p] = maps && i%2 == 0
		}
		for p, yes := range sharers {
			p.Expect(fmt.Sprint(yes, " ", yes))
		}
		want(t, "Load", int64(5+4*sharedTimes))(v.Load())
		want(t, "LoadAt", uint16((3+4*sharedTimes)&math.MaxUint16))(a.LoadAt(2))
		want(t, "CompareAndSwap", true)(v.CompareAndSwap(5+4*sharedTimes, -1))
		want(t, "Swap", int64(-1))(v.Swap(7))
		want(t, "Slice", []uint16{1, 2})(a.Slice(0, 2))
		must(t, a.Fill(9))
		must(t, a.SetSlice(1, []uint16{8}))
		want(t, "Copy", []uint16{9, 8, 9})(a.Copy())
		fails[uint16](t, "outside", manager.ErrRange)(a.LoadAt(3))
		any, err := manager.OpenValue[any](c, "v")
		must(t, err)
		want[interface{}](t, "as any", 7)(any.Load())
		if maps {
			is(t, "text in a shared number", any.Store("x"), manager.ErrType)
		}

		w.server.Kill()
		for err = nil; err == nil; err = v.Store(1) {
			runtime.Gosched() // the kernel tells those who map
		}
		is(t, "Store when the server was killed", err, manager.ErrServerGone)
		fails[uint16](t, "LoadAt when the server was killed", manager.ErrServerGone)(a.LoadAt(0))
	})
}
