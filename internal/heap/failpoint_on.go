//go:build failpoint || race

package heap

// onHit is called before every store to shared memory, with the name of the
// place. Tests set it while nothing else runs.
var onHit func(name string)

func hit(name string) {
	if onHit != nil {
		onHit(name)
	}
}
