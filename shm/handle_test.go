package shm_test

import (
	"testing"

	"shmkit/shm"
)

func TestHandleRoundTrip(t *testing.T) {
	h := shm.Handle{Segment: shm.ID{1, 2, 3, 255}, Path: "/dev/shm/with space:and%colon/é", Index: 7, Generation: 1 << 31}
	text, err := h.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var fromText, fromBinary shm.Handle
	if err := fromText.UnmarshalText(text); err != nil || fromText != h {
		t.Errorf("text %s gives %+v, %v", text, fromText, err)
	}
	b, err := h.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := fromBinary.UnmarshalBinary(b); err != nil || fromBinary != h {
		t.Errorf("binary gives %+v, %v", fromBinary, err)
	}
}

func TestTypeOf(t *testing.T) {
	type inner struct {
		A int8
		B uint16
	}
	type outer struct {
		X float64
		N [3]inner
		C shm.Char
	}
	typ, err := shm.TypeOf[outer]()
	if err != nil {
		t.Fatal(err)
	}
	if want := "T{d:X:(3)T{b:A:1xH:B:}:N:c:C:3x}"; typ.Signature != want || typ.Code != 'T' || typ.Size != 24 {
		t.Errorf("got %+v, want signature %s", typ, want)
	}
	for _, bad := range []func() (shm.Type, error){shm.TypeOf[string], shm.TypeOf[*int], shm.TypeOf[[]byte], shm.TypeOf[struct{ F func() }], shm.TypeOf[uintptr]} {
		if typ, err := bad(); err == nil {
			t.Errorf("%v is accepted", typ)
		}
	}
}
