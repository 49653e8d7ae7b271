//go:build linux && (amd64 || arm64)

package crash_test

// wish is what a task of a guest waits for, beside what the process does otherwise. A
// guest embeds one. The zero value is none.
type wish struct{ done chan error }

// wants begins f, which waits for something.
func (w *wish) wants(f func() error) error {
	done := make(chan error, 1)
	w.done = done
	go func() { done <- f() }()
	return nil
}

// wanting tells whether there is a wish, be it granted or not, that got has not ended.
func (w *wish) wanting() bool { return w.done != nil }

// granted tells whether nothing has to be waited for any more.
func (w *wish) granted() bool { return w.done == nil || len(w.done) > 0 }

// got waits until the wish is granted, and ends it. It does nothing if there is none.
func (w *wish) got() error {
	if w.done == nil {
		return nil
	}
	err := <-w.done
	w.done = nil
	return err
}
