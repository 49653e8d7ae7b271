package ring

import (
	"runtime"

	"shmkit/internal/sys"
)

// Who publishes stores an index and then loads a word that says whether the other end
// sleeps; who goes to sleep stores that word and then loads the index. Each needs a full
// fence between its two, or both miss the other. At the end that publishes it would cost
// more than all the rest, so the one that goes to sleep makes both: the kernel lets
// every thread of all processes that have an end pass a barrier. Where it does not, each
// fences for itself, and sleeps end soon by themselves, because one cannot know whether
// the other end does. See doze for those that sleep often.

// fenced tells whether the barriers of other processes reach this one, from now on.
func fenced() bool { return !passes || sys.RegisterBarrier() }

// fence makes a barrier in every process. It tells whether that was possible.
// Also under the race detector: what is not built for that stores without a fence.
func fence() bool { return runtime.GOARCH != "amd64" || sys.Barrier() }
