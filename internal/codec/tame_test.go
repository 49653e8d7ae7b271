package codec

import (
	"math/big"
	"reflect"
	"testing"
	"time"
)

type tree struct {
	Left, Right *tree
	Name        string
}

type named int

func (n *named) UnmarshalText([]byte) error { return nil }

func TestTame(t *testing.T) {
	for _, c := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[int](), true},
		{reflect.TypeFor[[]byte](), true},
		{reflect.TypeFor[tree](), true},
		{reflect.TypeFor[map[string][]*tree](), true},
		{reflect.TypeFor[named](), false},
		{reflect.TypeFor[map[named]int](), false},
		{reflect.TypeFor[struct{ At []time.Time }](), false},
		{reflect.TypeFor[*big.Int](), false},
		{reflect.TypeFor[any](), false},
		{reflect.TypeFor[struct{ Any error }](), false},
	} {
		if got := Tame(c.t); got != c.want {
			t.Errorf("%v: %v", c.t, got)
		}
	}
}
