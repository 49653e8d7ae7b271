package crash

import (
	"encoding/binary"
	"fmt"
	"io"
	"reflect"

	"shmkit/internal/layout"
)

// place names what is at an offset of a segment, as "Struct.Field". The segment may
// be half-made.
func place(file io.ReaderAt, off uint64) string {
	switch {
	case off < layout.ParticipantTable:
		return fieldAt(reflect.TypeFor[layout.Header](), off)
	case off < layout.FirstArena:
		return fieldAt(reflect.TypeFor[layout.Participant](), (off-layout.ParticipantTable)%layout.ParticipantSize)
	}
	pages := offsetOf(reflect.TypeFor[layout.Header](), "Pages")
	for k := range layout.MaxPages {
		page := word(file, pages+8*uint64(k))
		if page != 0 && off >= page && off < page+uint64(layout.PageObjects(k))*layout.ObjectSize {
			return fieldAt(reflect.TypeFor[layout.Object](), (off-page)%layout.ObjectSize)
		}
	}
	return placeInHeap(file, off)
}

// placeInHeap walks arenas and blocks.
func placeInHeap(file io.ReaderAt, off uint64) string {
	arena := uint64(layout.FirstArena)
	for {
		size := word(file, arena+offsetOf(reflect.TypeFor[layout.Arena](), "Size"))
		if off < arena+layout.ArenaHeaderSize {
			return fieldAt(reflect.TypeFor[layout.Arena](), off-arena)
		}
		if size < layout.MinArena || size%layout.Unit != 0 {
			return "new arena"
		}
		if off < arena+size {
			break
		}
		arena += size
	}
	for block := arena + layout.ArenaHeaderSize; ; {
		w := word(file, block)
		size := uint64(layout.BlockUnits(w)) * layout.Unit
		switch {
		case off < block+layout.BlockHeaderSize:
			return fieldAt(reflect.TypeFor[layout.Block](), off-block)
		case size == 0:
			return "new block"
		case off < block+size && layout.BlockState(w) == layout.BlockFree:
			return "free block"
		case off < block+size:
			return payload(file, layout.BlockIndex(w), off)
		}
		block += size
	}
}

// payload names a byte of an object.
func payload(file io.ReaderAt, index uint32, off uint64) string {
	k, pos := layout.PageOf(index)
	if k >= layout.MaxPages {
		return "new directory page"
	}
	object := reflect.TypeFor[layout.Object]()
	page := word(file, offsetOf(reflect.TypeFor[layout.Header](), "Pages")+8*uint64(k))
	record := page + uint64(pos)*layout.ObjectSize
	data := word(file, record+offsetOf(object, "Data"))
	formats := word(file, record+offsetOf(object, "OwnerFormat")&^7)
	items := word(file, record+offsetOf(object, "ItemsOff"))
	if lock := reflect.TypeFor[layout.Mutex](); formats>>32 == uint64(layout.OwnerMutex32) && off >= data && off < data+uint64(lock.Size()) {
		return fieldAt(lock, off-data)
	}
	if off >= data && off < data+items {
		return "payload before the items"
	}
	return "payload"
}

func fieldAt(t reflect.Type, off uint64) string {
	for f := range t.Fields() {
		if off >= uint64(f.Offset) && off < uint64(f.Offset)+uint64(f.Type.Size()) {
			return t.Name() + "." + f.Name
		}
	}
	return fmt.Sprintf("%s+%d", t.Name(), off)
}

func offsetOf(t reflect.Type, field string) uint64 {
	f, ok := t.FieldByName(field)
	if !ok {
		panic("crash: no field " + t.Name() + "." + field)
	}
	return uint64(f.Offset)
}

// word is 0 where there is nothing to read.
func word(file io.ReaderAt, off uint64) uint64 {
	var b [8]byte
	file.ReadAt(b[:], int64(off))
	return binary.LittleEndian.Uint64(b[:])
}
