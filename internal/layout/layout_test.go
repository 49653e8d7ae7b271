package layout_test

import (
	"reflect"
	"structs"
	"testing"

	"shmkit/internal/layout"
)

// Shared structs: the marker first, fixed-width fields, explicit padding only.
func TestStructsAreFixed(t *testing.T) {
	for _, s := range layout.Structs() {
		if f := s.Type.Field(0); f.Type != reflect.TypeFor[structs.HostLayout]() {
			t.Errorf("%v does not start with structs.HostLayout", s.Type)
		}
		end := uintptr(0)
		for f := range s.Type.Fields() {
			if f.Offset != end {
				t.Errorf("%v.%s: hidden padding of %d bytes before it", s.Type, f.Name, f.Offset-end)
			}
			end = f.Offset + f.Type.Size()
			elem := f.Type
			for elem.Kind() == reflect.Array {
				elem = elem.Elem()
			}
			switch elem.Kind() {
			case reflect.Int, reflect.Uint, reflect.Uintptr, reflect.Bool, reflect.Pointer, reflect.Slice, reflect.String:
				t.Errorf("%v.%s is a %v: its width is not fixed", s.Type, f.Name, elem)
			}
		}
		if end != s.Type.Size() {
			t.Errorf("%v: hidden padding of %d bytes at its end", s.Type, s.Type.Size()-end)
		}
	}
}

func TestFingerprint(t *testing.T) {
	if got := layout.ComputeFingerprint(); got != layout.Fingerprint {
		t.Errorf("Fingerprint is %#x, computed %#x: run go test ./internal/cheader -write", layout.Fingerprint, got)
	}
}

// Generations wrap and skip 0, so that an owner id is never 0.
func TestGenerationWraps(t *testing.T) {
	for _, c := range []struct{ from, to uint32 }{
		{0, 1}, {1, 2}, {layout.GenerationMask - 1, layout.GenerationMask}, {layout.GenerationMask, 1},
	} {
		if got := layout.NextGeneration(c.from); got != c.to {
			t.Errorf("NextGeneration(%d) = %d, want %d", c.from, got, c.to)
		}
	}
	for _, slot := range []uint32{0, 1, layout.MaxSlots - 1} {
		for _, g := range []uint32{1, layout.GenerationMask} {
			o := layout.Owner(slot, g)
			if o == 0 || o&^layout.OwnerMask != 0 || layout.OwnerSlot(o) != slot || layout.OwnerGeneration(o) != g {
				t.Errorf("Owner(%d, %d) = %#x", slot, g, o)
			}
			if o == layout.MutexOrphan&layout.OwnerMask || o == layout.MutexUnusable&layout.OwnerMask {
				t.Errorf("Owner(%d, %d) is a special mutex state", slot, g)
			}
		}
	}
}

func TestPages(t *testing.T) {
	seen := uint32(0)
	for k := range layout.MaxPages {
		n := layout.PageObjects(k)
		for _, pos := range []uint32{0, n - 1} {
			if page, p := layout.PageOf(seen + pos); page != k || p != pos {
				t.Errorf("PageOf(%d) = %d, %d, want %d, %d", seen+pos, page, p, k, pos)
			}
		}
		seen += n
	}
	if seen != layout.MaxObjects {
		t.Errorf("pages hold %d objects, MaxObjects is %d", seen, layout.MaxObjects)
	}
	if page, _ := layout.PageOf(seen); page != layout.MaxPages {
		t.Errorf("PageOf beyond the table gives page %d", page)
	}
}

func TestWords(t *testing.T) {
	w := layout.BlockWord(1<<32-1, layout.BlockPage+5, layout.BlockUsed)
	if layout.BlockUnits(w) != 1<<32-1 || layout.BlockIndex(w) != layout.BlockPage+5 || layout.BlockState(w) != layout.BlockUsed {
		t.Errorf("block word %#x", w)
	}
	s := layout.ObjectState(layout.ObjectDying|layout.ObjectNamed, 1023, 1<<32-1)
	if layout.ObjectSlot(s) != 1023 || layout.ObjectGeneration(s) != 1<<32-1 || s&layout.ObjectStateMask != layout.ObjectDying {
		t.Errorf("object state %#x", s)
	}
}
