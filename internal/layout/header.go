package layout

import "structs"

const (
	// Magic opens every segment: the bytes "SHMKIT" 0x0D 0x0A, so that a
	// transfer that translated line ends is caught at once.
	Magic uint64 = 0x0A0D_54494B4D4853

	// Version is the format version. A reader refuses any other.
	Version uint32 = 1

	// Line is the distance, in bytes, between fields of different writers: two
	// 64-byte cache lines, because adjacent lines are prefetched in pairs. It is
	// a constant of the format, never of the CPU.
	Line = 128

	// Buckets is the number of chains of the name directory.
	Buckets = 1024

	// MaxPages is the number of directory pages; page k holds PageObjects(k)
	// objects.
	MaxPages = 20
)

// Segment kinds (Header.Kind).
const (
	KindAnonymous uint32 = 1 // removed when the last participant leaves
	KindNamed     uint32 = 2 // stays until it is removed
)

// Segment states (Header.State).
const (
	StateLive      uint32 = 1
	StateDestroyed uint32 = 2 // unlinked; whoever opens it came too late
)

// Feature bits (Header.Features). A reader refuses a segment with a bit that it
// does not know: it could neither check nor recover what the bit stands for.
const (
	FeatureMutex32 uint64 = 1 << 0 // objects may have owner cells of format OwnerMutex32
	FeatureSync    uint64 = 1 << 1 // … and of the formats up to OwnerWork
	FeatureQueue   uint64 = 1 << 2 // … and of format OwnerBlocks
	FeatureRoles   uint64 = 1 << 3 // … and of format OwnerRoles

	KnownFeatures = FeatureMutex32 | FeatureSync | FeatureQueue | FeatureRoles
)

// Bytes of the file that are locked, never read or written (fcntl OFD locks).
// They lie far beyond any end of file.
const (
	// LockSlots + i is held by the process that owns slot i.
	LockSlots int64 = 1 << 60
	// LockAdmin is held, for short, by whoever changes the name directory,
	// grows the segment or resets it after a boot.
	LockAdmin int64 = 1<<60 + MaxSlots
)

// Header is the first 5 KiB of a segment.
type Header struct {
	_ structs.HostLayout

	// Line 0. Written by the creator before the file has a name, never again.
	Magic       uint64   // Magic
	Version     uint32   // format version
	HeaderSize  uint32   // size of this struct
	Fingerprint uint64   // Fingerprint() of the writer's build
	Features    uint64   // feature bits that a reader must know
	SegmentID   [16]byte // random; a handle names the segment by it
	CreatedNS   int64    // wall clock at creation, ns since 1970
	Kind        uint32   // KindAnonymous or KindNamed
	Slots       uint32   // MaxSlots
	MaxSize     uint64   // bytes of address space that a mapping reserves; End never passes it
	_           [56]byte // zero

	// Line 1. Written under LockAdmin, or by the last one out.
	BootID [16]byte  // kernel boot id under which the participants live
	State  uint32    // StateLive or StateDestroyed
	_      [108]byte // zero

	// Line 2. Written under LockAdmin.
	End   uint64           // bytes in use; only grows, by whole arenas
	Pages [MaxPages]uint64 // data offset of directory page k, 0 = not there yet
	_     [88]byte         // zero

	// Line 4 and on. Written under LockAdmin, read without.
	Bucket [Buckets]uint32 // first object index of each name chain, 0 = empty
}
