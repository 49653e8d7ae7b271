package ring_test

import "testing"

// What a Put and a Get cost when nobody waits, in one goroutine.
func BenchmarkSPSCPutGet(b *testing.B) {
	p, c := ends(b, newSPSC(b, 64))
	for b.Loop() {
		if p.TryPut(message{}) != nil {
			b.Fatal("full")
		}
		if _, err := c.TryGet(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSPSCPipe(b *testing.B) {
	p, c := ends(b, newSPSC(b, 1024))
	go func() {
		for range b.N {
			p.Put(message{})
		}
	}()
	for range b.N {
		c.Get()
	}
}
