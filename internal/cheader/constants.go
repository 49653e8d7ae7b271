package cheader

import (
	"math/bits"
	"slices"

	"shmkit/internal/layout"
)

// define is one #define of the C header.
type define struct {
	GoName string // of package layout, or "" if the header alone has it
	CName  string
	Value  uint64
	Width  int // bits of the C literal: 0 for a plain int
}

type constantGroup struct {
	Title   string
	Defines []define
}

func plain[T int | uint16 | uint32 | int64](name string, v T) define {
	return define{name, constant(name), uint64(v), 0}
}

func word32(name string, v uint32) define { return define{name, constant(name), uint64(v), 32} }

func word64[T uint64 | int64 | int](name string, v T) define {
	return define{name, constant(name), uint64(v), 64}
}

// derived is a constant that package layout keeps to itself.
func derived[T int](name string, v T) define {
	return define{"", "SHMKIT_" + name, uint64(v), 0}
}

// constantGroups lists every exported constant of package layout, and the
// shifts and offsets that its functions use.
func constantGroups() []constantGroup {
	return slices.Concat(segmentGroups(), ringGroups(), syncGroups())
}

func segmentGroups() []constantGroup {
	return []constantGroup{
		{"Segment", []define{
			word64("Magic", layout.Magic), plain("Version", layout.Version),
			word64("Fingerprint", layout.Fingerprint),
			plain("Line", layout.Line), plain("Buckets", layout.Buckets), plain("MaxPages", layout.MaxPages),
			plain("KindAnonymous", layout.KindAnonymous), plain("KindNamed", layout.KindNamed),
			plain("StateLive", layout.StateLive), plain("StateDestroyed", layout.StateDestroyed),
			word64("FeatureMutex32", layout.FeatureMutex32), word64("FeatureSync", layout.FeatureSync),
			word64("FeatureQueue", layout.FeatureQueue), word64("FeatureRoles", layout.FeatureRoles),
			word64("KnownFeatures", layout.KnownFeatures),
		}},
		{"Bytes of the file that are locked, never read or written", []define{
			word64("LockSlots", layout.LockSlots), word64("LockAdmin", layout.LockAdmin),
		}},
		{"Participants and owner ids", []define{
			plain("MaxSlots", layout.MaxSlots), plain("ParticipantSize", layout.ParticipantSize),
			plain("ParticipantTable", layout.ParticipantTable),
			word32("OwnerMask", layout.OwnerMask), word32("GenerationMask", layout.GenerationMask),
			derived("GENERATION_BITS", bits.TrailingZeros32(layout.Owner(1, 0))),
			plain("SlotFree", layout.SlotFree), plain("SlotAttached", layout.SlotAttached),
			word32("DeathWaiters", layout.DeathWaiters), word32("DeathDied", layout.DeathDied),
			word32("DeathProved", layout.DeathProved),
			plain("LanguageGo", layout.LanguageGo), plain("LanguageC", layout.LanguageC),
		}},
		{"Objects", []define{
			plain("ObjectSize", layout.ObjectSize), plain("FirstPageObjects", layout.FirstPageObjects),
			plain("MaxObjects", layout.MaxObjects),
			plain("MaxName", layout.MaxName), plain("MaxSignature", layout.MaxSignature),
			word64("ObjectFree", layout.ObjectFree), word64("ObjectCreating", layout.ObjectCreating),
			word64("ObjectReady", layout.ObjectReady), word64("ObjectRemoving", layout.ObjectRemoving),
			word64("ObjectDying", layout.ObjectDying), word64("ObjectFreeing", layout.ObjectFreeing),
			word64("ObjectStateMask", layout.ObjectStateMask), word64("ObjectNamed", layout.ObjectNamed),
			derived("OBJECT_SLOT_SHIFT", bits.TrailingZeros64(layout.ObjectState(0, 1, 0))),
			derived("OBJECT_GENERATION_SHIFT", bits.TrailingZeros64(layout.ObjectState(0, 0, 1))),
			plain("ObjectMutex", layout.ObjectMutex), plain("ObjectValue", layout.ObjectValue),
			plain("ObjectArray", layout.ObjectArray), plain("ObjectBytes", layout.ObjectBytes),
			plain("ObjectRWMutex", layout.ObjectRWMutex), plain("ObjectRecursiveMutex", layout.ObjectRecursiveMutex),
			plain("ObjectSemaphore", layout.ObjectSemaphore), plain("ObjectPermits", layout.ObjectPermits),
			plain("ObjectCond", layout.ObjectCond), plain("ObjectEvent", layout.ObjectEvent),
			plain("ObjectBarrier", layout.ObjectBarrier), plain("ObjectOnce", layout.ObjectOnce),
			plain("ObjectWaitGroup", layout.ObjectWaitGroup), plain("ObjectQueue", layout.ObjectQueue),
			plain("ObjectSPSC", layout.ObjectSPSC), plain("ObjectRecords", layout.ObjectRecords),
			plain("ObjectBroadcast", layout.ObjectBroadcast), plain("ObjectPair", layout.ObjectPair),
			plain("ObjectJoinable", layout.ObjectJoinable), plain("TypeMessage", int(layout.TypeMessage)),
			plain("OwnerNone", layout.OwnerNone), plain("OwnerMutex32", layout.OwnerMutex32),
			plain("OwnerReaders", layout.OwnerReaders), plain("OwnerPermits", layout.OwnerPermits),
			plain("OwnerWaiters", layout.OwnerWaiters), plain("OwnerParties", layout.OwnerParties),
			plain("OwnerWork", layout.OwnerWork), plain("OwnerBlocks", layout.OwnerBlocks),
			plain("OwnerRoles", layout.OwnerRoles),
		}},
		{"Heap", []define{
			word64("ArenaMagic", layout.ArenaMagic), plain("Unit", layout.Unit),
			plain("BlockHeaderSize", layout.BlockHeaderSize), plain("MinArena", layout.MinArena),
			plain("ArenaHeaderSize", layout.ArenaHeaderSize), plain("FirstArena", layout.FirstArena),
			word64("BlockFree", layout.BlockFree), word64("BlockUsed", layout.BlockUsed),
			word32("BlockPage", layout.BlockPage),
			derived("BLOCK_INDEX_SHIFT", bits.TrailingZeros64(layout.BlockWord(0, 1, 0))),
			derived("BLOCK_STATE_SHIFT", bits.TrailingZeros64(layout.BlockWord(0, 0, 1))),
			{"", "SHMKIT_BLOCK_INDEX_MASK", uint64(layout.BlockIndex(^uint64(0))), 32},
		}},
		{"Mutex word", []define{
			word32("MutexWaiters", layout.MutexWaiters), word32("MutexDied", layout.MutexDied),
			word32("MutexOrphan", layout.MutexOrphan), word32("MutexUnusable", layout.MutexUnusable),
		}},
	}
}

// ringGroups are those of queues and streams.
func ringGroups() []constantGroup {
	return []constantGroup{
		{"Queue words", []define{
			word64("SlotEmpty", layout.SlotEmpty), word64("SlotFull", layout.SlotFull), word64("SlotClosed", layout.SlotClosed),
			word64("SlotStateMask", layout.SlotStateMask), plain("MaxBlocks", layout.MaxBlocks),
			derived("SLOT_BLOCK_SHIFT", bits.TrailingZeros64(layout.SlotWord(0, 0, 1))),
			derived("SLOT_TURN_SHIFT", bits.TrailingZeros64(layout.SlotWord(0, 1, 0))),
			word64("CellFree", layout.CellFree), word64("CellLoaned", layout.CellLoaned),
			word64("CellQueued", layout.CellQueued), word64("CellHeld", layout.CellHeld),
			word64("CellReturned", layout.CellReturned), word64("CellLinked", layout.CellLinked),
			word64("CellStateMask", layout.CellStateMask), plain("MaxDeliveries", layout.MaxDeliveries),
			derived("CELL_SLOT_SHIFT", bits.TrailingZeros64(layout.CellWord(0, 1, 0, 0))),
			derived("CELL_DELIVERIES_SHIFT", bits.TrailingZeros64(layout.CellWord(0, 0, 1, 0))),
			derived("CELL_TICKET_SHIFT", bits.TrailingZeros64(layout.CellWord(0, 0, 0, 1))),
			derived("LINK_VERSION_SHIFT", bits.TrailingZeros64(layout.LinkTicket(0, 1))),
			word32("QueueNobody", layout.QueueNobody), word32("QueueOne", layout.QueueOne),
			word32("QueueMany", layout.QueueMany), word32("QueueSleepers", layout.QueueSleepers),
			word32("QueueClosing", layout.QueueClosing), word32("QueueStarved", layout.QueueStarved),
			word32("QueueJoining", layout.QueueJoining),
		}},
		{"Streams", []define{
			word32("RoleDied", layout.RoleDied), word32("StreamWaiters", layout.StreamWaiters),
			word32("StreamNumber", layout.StreamNumber), word32("StreamOften", layout.StreamOften),
			word64("RecordSkip", layout.RecordSkip), word64("RecordLength", layout.RecordLength), plain("RecordHead", layout.RecordHead),
		}},
	}
}

// syncGroups are those of the sync family.
func syncGroups() []constantGroup {
	return []constantGroup{
		{"RWMutex", []define{
			plain("NearReaders", layout.NearReaders), plain("RWMutexHead", layout.RWMutexHead),
			plain("RWMutexCells", layout.RWMutexCells),
			plain("BellOff", layout.BellOff),
			word64("ReaderActive", layout.ReaderActive), word64("ReaderWaiting", layout.ReaderWaiting),
			word64("ReaderOne", layout.ReaderOne), word64("ReaderPhase", layout.ReaderPhase),
			word32("BellWaiters", layout.BellWaiters),
		}},
		{"Recursive mutex, once, wait group", []define{
			plain("RecursiveOff", layout.RecursiveOff),
			derived("TOKEN_OWNER_SHIFT", bits.TrailingZeros64(layout.RecursiveToken(1, 0))),
			plain("OnceOff", layout.OnceOff),
			word64("WorkBegin", layout.WorkBegin), word64("WorkWaiters", layout.WorkWaiters),
			word64("WorkOpen", layout.WorkOpen), word64("WorkMost", layout.WorkMost),
			derived("WORK_TAG_SHIFT", bits.TrailingZeros64(layout.WorkPending(0, 0, 1)&^layout.WorkBegin)),
			derived("WORK_SLOT_SHIFT", bits.TrailingZeros64(layout.WorkPending(0, 1, 0)&^layout.WorkBegin)),
			derived("CELL_LOST_SHIFT", bits.TrailingZeros64(layout.WorkCell(0, 1, 0))),
			derived("CELL_SEQ_SHIFT", bits.TrailingZeros64(layout.WorkCell(0, 0, 1))),
		}},
		{"Semaphore word, and owned permits", []define{
			word32("SemaphoreWaiters", layout.SemaphoreWaiters), word32("SemaphoreMany", layout.SemaphoreMany),
			word32("SemaphoreMost", layout.SemaphoreMost),
			word32("PermitsWaiters", layout.PermitsWaiters), word32("PermitsMost", layout.PermitsMost),
		}},
		{"Waiter cell of a condition", []define{
			word64("CondFree", layout.CondFree), word64("CondLooking", layout.CondLooking),
			word64("CondAsleep", layout.CondAsleep), word64("CondNotified", layout.CondNotified),
			word64("CondStateMask", layout.CondStateMask), word32("CondTicketMask", layout.CondTicketMask),
			derived("COND_TICKET_SHIFT", bits.TrailingZeros64(layout.CondCell(0, 0, 1))),
			derived("COND_OWNER_SHIFT", bits.TrailingZeros64(layout.CondCell(0, 1, 0))),
			plain("CondMost", layout.CondMost),
		}},
		{"Event word", []define{
			word32("EventWaiters", layout.EventWaiters), word32("EventIsSet", layout.EventIsSet),
			word32("EventGeneration", layout.EventGeneration),
		}},
		{"Barrier word", []define{
			word64("BarrierWaiters", layout.BarrierWaiters), word64("BarrierFilling", layout.BarrierFilling),
			word64("BarrierActing", layout.BarrierActing), word64("BarrierBroken", layout.BarrierBroken),
			word64("BarrierStateMask", layout.BarrierStateMask),
			plain("MaxParties", layout.MaxParties), plain("BarrierEnds", layout.BarrierEnds), plain("BarrierFutex", layout.BarrierFutex),
			derived("BARRIER_ARRIVED_BITS", bits.TrailingZeros64(layout.BarrierWord(0, 0, 1, 0))),
			derived("BARRIER_GENERATION_SHIFT", bits.TrailingZeros64(layout.BarrierWord(1, 0, 0, 0))),
		}},
	}
}
