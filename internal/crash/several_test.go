//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"

	"shmkit/ring"
)

// severals are waits for the queue and for end 0 of the connection. They take nothing, so
// whoever is killed in one has changed nothing but that others are told too often.
func severals(wait func(v *victim, ws ...ring.Waitable) func() error) func(*victim) func() {
	return talks(func(v *victim, w *wire) func() error {
		v.Must(w.receiver())
		return wait(v, v.guests["queue"].(*counter).q, w.to)
	})
}

func waitsForAny(_ *victim, ws ...ring.Waitable) func() error {
	return func() error { _, err := ring.Wait(context.Background(), ws...); return err }
}

func residentSendsPipe(s *scene) { s.ask(s.resident, "pipe sender", "staging") }

var severalShows = []string{"queue", "pipe"}

var severalOperations = []operation{
	{name: "ring.Wait", shows: severalShows, stage: func(s *scene) {
		residentSendsPipe(s)
		residentDoes("post")(s)
	}, prepare: severals(waitsForAny)},
	{name: "ring.Wait that is woken by a queue", shows: severalShows, stage: residentSendsPipe, rouse: residentDoes("post"),
		prepare: severals(waitsForAny)},
	{name: "ring.Wait that is woken by a pipe", shows: severalShows, stage: residentSendsPipe, rouse: residentDoes("pipe send"),
		prepare: severals(waitsForAny)},
	{name: "ring.Wait that is cancelled", shows: severalShows, stage: residentSendsPipe, rouse: cancels,
		prepare: severals(func(v *victim, ws ...ring.Waitable) func() error {
			return givesUp(func(ctx context.Context) error { _, err := ring.Wait(ctx, ws...); return err }, v.context())
		})},
	// The resident sleeps for the same parcel: whoever is woken, and killed or stopped with
	// that, it gets it. How many are left depends on who was first.
	{name: "ring.Wait beside Get", shows: pipeShows, stage: residentSendsPipe,
		meanwhile: residentAwaits("want a parcel", itemsWanted), rouse: residentDoes("fill up"),
		prepare: severals(func(v *victim, ws ...ring.Waitable) func() error {
			v.wait()
			return waitsForAny(v, ws...)
		})},
}

// unless makes an error none that is allowed.
func unless(err, allowed error) error {
	if errors.Is(err, allowed) {
		return nil
	}
	return err
}
