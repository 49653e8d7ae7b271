package manager_test

import (
	"testing"

	"shmkit/manager"
)

// BenchmarkContainers is one call of each of the methods that are used most, over shared memory.
func BenchmarkContainers(b *testing.B) {
	c := newWorld(b, "shm").dial(b)
	l := newList(b, c, 1)
	d := newDict(b, c, map[string]int{"key": 1})
	v, err := manager.NewValue(c, 1)
	must(b, err)
	a, err := manager.NewArray[int64](c, 10)
	must(b, err)
	s := newSet(b, c, 1)
	for _, x := range []struct {
		name string
		f    func() error
	}{
		{"value load", func() error { _, err := v.Load(); return err }},
		{"value store", func() error { return v.Store(3) }},
		{"list append", func() error { return l.Append(1) }},
		{"list at", func() error { _, err := l.At(0); return err }},
		{"dict set", func() error { return d.Set("key", 1) }},
		{"dict get", func() error { _, err := d.Get("key"); return err }},
		{"dict add", func() error { _, err := d.Add("key", 1); return err }},
		{"array at", func() error { _, err := a.At(3); return err }},
		{"set contains", func() error { _, err := s.Contains(1); return err }},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(b, x.f())
			}
		})
	}
}
