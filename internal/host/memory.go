package host

// A Memory is numbers of one kind that clients read and write without asking. A host that
// makes them is not replayed: they change beside its operations. Numbers come and go as their
// own bits. All methods may be called while clients use the same numbers, and are atomic.
type Memory interface {
	Len() int
	Load(i int) uint64
	Store(i int, bits uint64)
	Swap(i int, bits uint64) (old uint64)
	Add(i int, delta uint64) (sum uint64)
	CompareAndSwap(i int, old, new uint64) (swapped bool)
	// Handle is what clients open it by.
	Handle() ([]byte, error)
	Close()
}

// Close gives back the memory that clients share. Nothing is applied after that.
func (h *Host) Close() {
	for _, e := range h.eachEntry() {
		switch o := e.object.(type) {
		case *value:
			if o.mem != nil {
				o.mem.Close()
			}
		case *array:
			if o.mem != nil {
				o.mem.Close()
			}
		}
	}
}
