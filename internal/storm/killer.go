package storm

import (
	"time"

	"shmkit/shm"
)

// Every so long something happens, on average.
const pace = 20 * time.Millisecond

// blow stops and kills until the time is over, and at least once each.
func (s *storm) blow() {
	begin, looked := time.Now(), time.Now()
	for time.Since(begin) < s.Time || s.report.Kills == 0 || s.report.Stops == 0 {
		time.Sleep(time.Duration(s.rand.Int64N(int64(2 * pace))))
		s.surprise()
		s.wakeUp(false)
		switch dice := s.rand.IntN(100); {
		case dice < 70:
			s.kill(s.rand.IntN(s.Procs))
		case dice < 85:
			s.stop(s.rand.IntN(s.Procs), time.Duration(s.rand.IntN(200))*time.Millisecond)
		case dice < 92:
			survivor := s.rand.IntN(s.Procs)
			s.kill(s.others(survivor)...)
		case dice < 95:
			s.kill(s.others(-1)...)
		default:
			time.Sleep(time.Duration(s.rand.Int64N(int64(20 * pace))))
		}
		if time.Since(looked) > time.Second {
			s.look()
			looked = time.Now()
		}
	}
}

// others are all processes but one, in any order.
func (s *storm) others(survivor int) (all []int) {
	for _, i := range s.rand.Perm(s.Procs) {
		if i != survivor {
			all = append(all, i)
		}
	}
	return all
}

// kill kills processes together, and starts them again.
func (s *storm) kill(numbers ...int) {
	for _, i := range numbers {
		w := s.workers[i]
		w.killed.Store(true)
		w.proc.Cmd.Process.Kill()
		s.report.Kills++
	}
	for _, i := range numbers {
		s.await(s.workers[i])
	}
	for _, i := range numbers {
		s.start(i)
	}
}

// stop lets a process stand still for a while.
func (s *storm) stop(number int, d time.Duration) {
	w := s.workers[number]
	if !w.stoppedTo.IsZero() {
		return
	}
	w.proc.Stop()
	w.stoppedTo = time.Now().Add(d)
	s.report.Stops++
}

// wakeUp lets those go on that stood still long enough, or all.
func (s *storm) wakeUp(all bool) {
	for _, w := range s.workers {
		if !w.stoppedTo.IsZero() && (all || time.Now().After(w.stoppedTo)) {
			w.proc.Cont()
			w.stoppedTo = time.Time{}
		}
	}
}

// look checks the segment while it is in use.
func (s *storm) look() {
	if found, err := shm.Check(segmentName0); err != nil || len(found) > 0 {
		s.t.Fatalf("Check of the segment in use: %v %v", found, err)
	}
}

// calm ends all processes: some as they should, some by a last kill.
func (s *storm) calm() {
	s.surprise()
	s.wakeUp(true)
	for _, w := range s.workers {
		if s.rand.IntN(2) == 0 {
			w.killed.Store(true)
			w.proc.Cmd.Process.Kill()
			s.report.Kills++
		} else {
			w.proc.Send("end")
		}
	}
	for _, w := range s.workers {
		s.await(w)
	}
}
