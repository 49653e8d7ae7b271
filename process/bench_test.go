package process_test

import (
	"os"
	"os/exec"
	"testing"
)

func BenchmarkStartWait(b *testing.B) {
	for b.Loop() {
		p, err := square.Start(b.Context(), 3)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Result(); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}

// BenchmarkExec is what starting the same program costs that does nothing.
func BenchmarkExec(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), idle+"=1")
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
