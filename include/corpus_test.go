package include_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shmkit/internal/layout"
)

// hostile is one damaged file and what opening it must give; -1 for any code.
type hostile struct {
	name string
	code int
	make func(im *image) []byte
}

func change(f func(im *image)) func(im *image) []byte {
	return func(im *image) []byte { f(im); return im.bytes }
}

// headerCases: each reason to refuse a file, by name.
func headerCases() []hostile {
	return []hostile{
		{"sound", ok, change(func(*image) {})},
		{"empty", eSize, func(*image) []byte { return nil }},
		{"zeros", eMagic, func(im *image) []byte { return make([]byte, imageSize) }},
		{"magic", eMagic, change(func(im *image) { im.header.Magic++ })},
		{"version", eVersion, change(func(im *image) { im.header.Version++ })},
		{"fingerprint", eFingerprint, change(func(im *image) { im.header.Fingerprint++ })},
		{"features", eFeatures, change(func(im *image) { im.header.Features |= 1 << 40 })},
		{"header size", eCorrupt, change(func(im *image) { im.header.HeaderSize++ })},
		{"slots", eCorrupt, change(func(im *image) { im.header.Slots = 1 << 30 })},
		{"kind", eCorrupt, change(func(im *image) { im.header.Kind = 3 })},
		{"segment id", eCorrupt, change(func(im *image) { im.header.SegmentID = [16]byte{} })},
		{"max size", eCorrupt, change(func(im *image) { im.header.MaxSize = 1 << 60 })},
		{"end", eSize, change(func(im *image) { im.header.End = 1 << 29 })},
		{"end beyond max", eCorrupt, change(func(im *image) { im.header.End = 1 << 31 })},
		{"no page", eCorrupt, change(func(im *image) { im.header.Pages[0] = 0 })},
		{"wild page", eCorrupt, change(func(im *image) { im.header.Pages[1] = 1 << 62 })},
		{"page in header", eCorrupt, change(func(im *image) { im.header.Pages[0] = 64 })},
		{"destroyed", eDestroyed, change(func(im *image) { im.header.State = layout.StateDestroyed })},
		{"state", eCorrupt, change(func(im *image) { im.header.State = 7 })},
		{"boot", eBoot, change(func(im *image) { im.header.BootID[3]++ })},
		{"slots taken", eFull, change(func(im *image) {
			for slot := range uint32(layout.MaxSlots) {
				im.participant(slot).State = layout.SlotAttached
			}
		})},
	}
}

// recordCases: a segment that opens, with one field of every record damaged.
func recordCases() (out []hostile) {
	wild := []uint64{0, 1, 63, 64, 1 << 20, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 + 64, 1<<64 - 64, 1<<64 - 1}
	fields := map[string]func(o *layout.Object, v uint64){
		"state":        func(o *layout.Object, v uint64) { o.State = v },
		"next":         func(o *layout.Object, v uint64) { o.Next = uint32(v) },
		"kind":         func(o *layout.Object, v uint64) { o.Kind = uint16(v) },
		"name len":     func(o *layout.Object, v uint64) { o.NameLen = uint16(v) },
		"block":        func(o *layout.Object, v uint64) { o.Block = v },
		"data":         func(o *layout.Object, v uint64) { o.Data = v },
		"size":         func(o *layout.Object, v uint64) { o.Size = v },
		"count":        func(o *layout.Object, v uint64) { o.Count = v },
		"item size":    func(o *layout.Object, v uint64) { o.ItemSize = uint32(v) },
		"align":        func(o *layout.Object, v uint64) { o.Align = uint32(v) },
		"type code":    func(o *layout.Object, v uint64) { o.TypeCode = uint8(v) },
		"sig len":      func(o *layout.Object, v uint64) { o.SigLen = uint16(v) },
		"owner format": func(o *layout.Object, v uint64) { o.OwnerFormat = uint32(v) },
		"owner off":    func(o *layout.Object, v uint64) { o.OwnerOff = uint32(v) },
		"owner count":  func(o *layout.Object, v uint64) { o.OwnerCount = uint32(v) },
		"owner stride": func(o *layout.Object, v uint64) { o.OwnerStride = uint32(v) },
		"items off":    func(o *layout.Object, v uint64) { o.ItemsOff = v },
	}
	for name, set := range fields {
		for _, v := range wild {
			out = append(out, hostile{fmt.Sprintf("record %s %#x", name, v), ok, change(func(im *image) {
				for i := uint32(1); i <= im.count; i++ {
					set(im.record(i), v)
				}
			})})
		}
	}
	return append(out, structureCases()...)
}

func structureCases() []hostile {
	return []hostile{
		{"chain loop", ok, change(func(im *image) {
			for b := range im.header.Bucket {
				im.header.Bucket[b] = 1
			}
			im.record(1).Next, im.record(2).Next = 2, 1
		})},
		{"wild buckets", ok, change(func(im *image) {
			for b := range im.header.Bucket {
				im.header.Bucket[b] = 1<<32 - 1
			}
		})},
		{"unnamed and free to go, wild arena", ok, change(func(im *image) {
			at[layout.Arena](im, layout.FirstArena).Size = 1
		})},
		{"mutex words", ok, change(func(im *image) {
			*im.word(counter), *im.word(lockObj) = 0x00000005, 0xffffffff
		})},
		{"participants", ok, change(func(im *image) {
			for slot := uint32(1); slot < layout.MaxSlots; slot++ {
				p := im.participant(slot)
				p.State, p.Generation, p.Death, p.RobustNext = 77, 1<<31, 1<<31, 1<<63
			}
		})},
	}
}

// byteCases: every byte of the header that is in use, flipped, and files cut off.
func byteCases() (out []hostile) {
	for off := range 264 + 32 {
		for _, mask := range []byte{0x01, 0x80, 0xff} {
			out = append(out, hostile{fmt.Sprintf("flip %d %#x", off, mask), -1, func(im *image) []byte {
				im.bytes[off] ^= mask
				return im.bytes
			}})
		}
	}
	for _, n := range []int{1, 64, 4607, 4608, layout.FirstArena - 1, layout.FirstArena, layout.FirstArena + 4095, imageSize - 4096, imageSize - 1} {
		out = append(out, hostile{fmt.Sprintf("cut at %d", n), eSize, func(im *image) []byte { return im.bytes[:n] }})
	}
	return out
}

func TestHostileFiles(t *testing.T) {
	cases := append(append(headerCases(), recordCases()...), byteCases()...)
	for _, build := range []struct {
		name  string
		flags []string
	}{
		{"plain", []string{"-std=gnu11", "-O2"}},
		{"sanitized", []string{"-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}},
	} {
		t.Run(build.name, func(t *testing.T) {
			p := startProgram(t, compile(t, "cc", build.flags, "testdata/corpus.c"))
			dir := t.TempDir()
			for _, tt := range cases {
				path := filepath.Join(dir, "file")
				os.Remove(path)
				if err := os.WriteFile(path, tt.make(newImage(t)), 0o600); err != nil {
					t.Fatal(err)
				}
				p.send(path)
				code, rest := p.answer()
				if tt.code >= 0 && code != tt.code {
					t.Errorf("%s: code %d (%s), want %d", tt.name, code, rest, tt.code)
				}
			}
			p.exit()
		})
	}
}

func TestNoRegularFile(t *testing.T) {
	p := startPeer(t)
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(newImage(t).write(), link); err != nil {
		t.Fatal(err)
	}
	p.want(-40, "open", link)                        // ELOOP
	p.want(-21, "open", dir)                         // EISDIR
	p.want(-2, "open", filepath.Join(dir, "absent")) // ENOENT
	p.want(eMagic, "open", "/dev/null")              // no regular file
	p.want(eClosed, "find", "counter")               // after errors there is nothing open
	p.want(eClosed, "close")
}
