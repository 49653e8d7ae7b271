package shmtest

import (
	"testing"
	"time"
)

func TestStopAndCont(t *testing.T) {
	Watchdog(t, time.Minute)
	p := Start(t, "echo")
	p.Expect("args")
	p.Stop()
	if !stopped(p.PID()) {
		t.Error("runs after Stop")
	}
	p.Send("while stopped")
	p.Cont()
	p.Expect("echo while stopped")
}
