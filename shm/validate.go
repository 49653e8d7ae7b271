package shm

import (
	"fmt"
	"os"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
)

const minFile = layout.FirstArena + layout.MinArena

// openView opens, maps and validates the segment at path, in the order: size,
// magic, version, fingerprint, features, fields. State and boot id are for the
// caller, who may be attaching or only looking.
func openView(path string, writable bool) (*view, error) {
	f, err := sys.OpenFile(path, writable)
	if err != nil {
		return nil, notFound(err)
	}
	v, err := viewFile(f, path, writable)
	if err != nil {
		f.Close()
	}
	return v, err
}

func viewFile(f *os.File, path string, writable bool) (*view, error) {
	size, backed, _, err := fileSize(f)
	if err != nil {
		return nil, err
	}
	if size < minFile {
		return nil, fmt.Errorf("%w: %d bytes, at least %d", ErrSize, size, minFile)
	}
	h, err := readHeader(f)
	if err != nil {
		return nil, err
	}
	if err := validate(h, size); err != nil {
		return nil, err
	}
	// A file with holes would end in SIGBUS when the disk is full. Ask for the
	// storage now.
	if writable && backed < size {
		if err := sys.Allocate(f, 0, int64(size)); err != nil {
			return nil, fmt.Errorf("file has holes that cannot be filled: %w", err)
		}
	}
	return mapFile(f, path, h.MaxSize, writable)
}

// readHeader reads instead of mapping: nothing is known of the file yet.
func readHeader(f *os.File) (*layout.Header, error) {
	b := make([]byte, headerSize)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSize, err)
	}
	return mem.At[layout.Header](mem.Fixed(b), 0)
}

func validate(h *layout.Header, size uint64) error {
	switch {
	case h.Magic != layout.Magic:
		return fmt.Errorf("%w: magic %#016x", ErrMagic, h.Magic)
	case h.Version != layout.Version:
		return fmt.Errorf("%w: %d, want %d", ErrVersion, h.Version, layout.Version)
	case h.Fingerprint != layout.Fingerprint:
		return fmt.Errorf("%w: %#016x, want %#016x", ErrFingerprint, h.Fingerprint, layout.Fingerprint)
	case h.Features&^layout.KnownFeatures != 0:
		return fmt.Errorf("%w: %#x", ErrFeatures, h.Features&^layout.KnownFeatures)
	}
	return validateFields(h, size)
}

func validateFields(h *layout.Header, size uint64) error {
	corrupt := func(field string, value uint64) error { return &CorruptError{"header." + field, value, nil} }
	end := h.End
	switch {
	case h.HeaderSize != headerSize:
		return corrupt("HeaderSize", uint64(h.HeaderSize))
	case h.Slots != layout.MaxSlots:
		return corrupt("Slots", uint64(h.Slots))
	case h.Kind != layout.KindAnonymous && h.Kind != layout.KindNamed:
		return corrupt("Kind", uint64(h.Kind))
	case h.State != layout.StateLive && h.State != layout.StateDestroyed:
		return corrupt("State", uint64(h.State))
	case h.SegmentID == [16]byte{}:
		return corrupt("SegmentID", 0)
	case h.MaxSize%pageSize != 0 || h.MaxSize < minFile || h.MaxSize > hardMax:
		return corrupt("MaxSize", h.MaxSize)
	case end < minFile || end > h.MaxSize || end%layout.Unit != 0:
		return corrupt("End", end)
	case end > size:
		return fmt.Errorf("%w: %d bytes, header.End = %d", ErrSize, size, end)
	}
	return validatePages(h, end)
}

func validatePages(h *layout.Header, end uint64) error {
	gap := false
	for k, off := range h.Pages {
		if off == 0 {
			gap = true
			continue
		}
		bytes := uint64(layout.PageObjects(k)) * layout.ObjectSize
		if gap || off < layout.FirstArena || off%layout.BlockHeaderSize != 0 || bytes > end || off > end-bytes {
			return &CorruptError{fmt.Sprintf("header.Pages[%d]", k), off, nil}
		}
	}
	if h.Pages[0] == 0 {
		return &CorruptError{"header.Pages[0]", 0, nil}
	}
	return nil
}
