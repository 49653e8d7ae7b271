package word

import "shmkit/internal/layout"

// StreamWake is a futex of a stream after whoever sleeps on it was woken.
func StreamWake(w uint32) uint32 { return (w + layout.StreamNumber) &^ layout.StreamWaiters }

// StreamAnnounce is the futex after one who is alone there announced that it will sleep.
// It has to make a barrier in every process then, unless spared: the word told the other
// end before that it must fence, and this one knows that a barrier has been made since.
func StreamAnnounce(w uint32, known bool) (next uint32, spared bool) {
	return w | layout.StreamWaiters | layout.StreamOften, known && w&layout.StreamOften != 0
}

// StreamSeldom is the futex after the other end has found for long that nobody sleeps.
func StreamSeldom(w uint32) uint32 { return w &^ layout.StreamOften }
