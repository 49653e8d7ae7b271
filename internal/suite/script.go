package suite

// Step is one line of a script: actor who makes the call, and answers it with want.
type Step struct {
	who        int
	call, want string
}

// At is a step.
func At(who int, call, want string) Step { return Step{who, call, want} }

// Instead of an answer or a call:
const (
	Sleeps = "(sleeps)" // an answer: the call waits
	Ends   = "(ends)"   // a call: that of the actor which waited answers now
	Dies   = "(dies)"   // a call: the actor is killed
)

// Play plays a script.
func (s *Stage) Play(script ...Step) {
	s.T.Helper()
	for _, st := range script {
		switch a := s.Actors[st.who]; {
		case st.call == Dies:
			a.kill()
		case st.call == Ends:
			a.Answers(st.want)
		case st.want == Sleeps:
			a.Block(st.call)
		default:
			a.Do(st.call, st.want)
		}
	}
}
