package manager_test

import (
	"testing"

	"shmkit/manager"
)

func TestValue(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		v, err := manager.NewValue(dial(), "first", manager.Named("v"))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Store("second"); err != nil {
			t.Fatal(err)
		}
		if got, err := v.Load(); got != "second" || err != nil {
			t.Fatalf("Load = %q, %v", got, err)
		}
	})
}
