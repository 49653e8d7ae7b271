package manager_test

import (
	"bytes"
	"encoding"
	"strings"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

func init() {
	shmtest.Register("mixed", func(c *shmtest.Child) {
		client := dialed(c)
		tell := func(v encoding.TextMarshaler, err error) {
			c.Must(err)
			text, err := v.MarshalText()
			c.Must(err)
			c.Say(string(text))
		}
		text, err := manager.NewValue(client, "hällo, 日本")
		tell(text, err)
		raw, err := manager.NewValue(client, []byte{0, 255, '\n'})
		tell(raw, err)
		none, err := manager.NewValue[*int](client, nil)
		tell(none, err)
		truth, err := manager.NewValue(client, true)
		tell(truth, err)
		number, err := manager.NewValue(client, 3.14)
		tell(number, err)
		if _, err := manager.NewValue(client, make(chan int)); err == nil {
			c.Say("a channel was sent")
		}
		if err := text.Store("hällo again, 日本"); err != nil {
			c.Say("after what cannot be sent: ", err)
		}
		c.Say("done")
		c.Park()
	})
}

// Values of several types that a process that is no child of the server leaves there reach
// another client; what cannot be encoded harms nobody.
//
// conformance: MG-02
func TestRemote(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		elsewhere := w.start(t, "mixed")
		w.dial(t)
		text, raw, none, truth, number := new(manager.Value[string]), new(manager.Value[[]byte]), new(manager.Value[*int]), new(manager.Value[bool]), new(manager.Value[float64])
		for _, v := range []encoding.TextUnmarshaler{text, raw, none, truth, number} {
			must(t, v.UnmarshalText([]byte(strings.TrimSpace(elsewhere.Line()))))
		}
		elsewhere.Expect("done")
		if got, err := text.Load(); got != "hällo again, 日本" || err != nil {
			t.Errorf("text: %q, %v", got, err)
		}
		if got, err := raw.Load(); !bytes.Equal(got, []byte{0, 255, '\n'}) || err != nil {
			t.Errorf("bytes: %q, %v", got, err)
		}
		if got, err := none.Load(); got != nil || err != nil {
			t.Errorf("nothing: %v, %v", got, err)
		}
		if got, err := truth.Load(); !got || err != nil {
			t.Errorf("truth: %v, %v", got, err)
		}
		if got, err := number.Load(); got != 3.14 || err != nil {
			t.Errorf("number: %v, %v", got, err)
		}
	})
}
