package locks

import (
	"testing"

	"shmkit/internal/suite"
)

// behaviours is all that is in this package.
var behaviours = []suite.Behaviour[*suite.World]{
	{Name: "MutexBasics", Test: MutexBasics},
	{Name: "MutexDeadline", Test: MutexDeadline},
	{Name: "MutexHandedOver", Test: MutexHandedOver},
	{Name: "MutexHolderKilled", Test: MutexHolderKilled},
	{Name: "MutexTwoHoldersKilled", Test: MutexTwoHoldersKilled},
	{Name: "MutexNotRecoverable", Test: MutexNotRecoverable},
	{Name: "MutexWaiterKilled", Test: MutexWaiterKilled},
	{Name: "MutexWith", Test: MutexWith},
	{Name: "MutexRepairFails", Test: MutexRepairFails},
	{Name: "RecursiveLevels", Test: RecursiveLevels},
	{Name: "RecursiveHeld", Test: RecursiveHeld},
	{Name: "RecursiveHandedOver", Test: RecursiveHandedOver},
	{Name: "RecursiveHolderKilled", Test: RecursiveHolderKilled},
	{Name: "RecursiveHolderLeaves", Test: RecursiveHolderLeaves},
	{Name: "RecursiveRepairFails", Test: RecursiveRepairFails},
	{Name: "SemaphoreCounts", Test: SemaphoreCounts},
	{Name: "SemaphoreBounded", Test: SemaphoreBounded},
	{Name: "SemaphoreDeadline", Test: SemaphoreDeadline},
	{Name: "SemaphoreMany", Test: SemaphoreMany},
	{Name: "SemaphoreHandedOver", Test: SemaphoreHandedOver},
	{Name: "SemaphoreNested", Test: SemaphoreNested},
	{Name: "SemaphoreKilled", Test: SemaphoreKilled},
	{Name: "CondNotify", Test: CondNotify},
	{Name: "CondNotifyAll", Test: CondNotifyAll},
	{Name: "CondNotifyN", Test: CondNotifyN},
	{Name: "CondDeadline", Test: CondDeadline},
	{Name: "CondWithoutLock", Test: CondWithoutLock},
	{Name: "CondWaiterKilled", Test: CondWaiterKilled},
	{Name: "CondNotifiedKilled", Test: CondNotifiedKilled},
	{Name: "CondNotifierKilled", Test: CondNotifierKilled},
	{Name: "EventBasics", Test: EventBasics},
	{Name: "EventWakesAll", Test: EventWakesAll},
	{Name: "EventPulse", Test: EventPulse},
	{Name: "EventDeaths", Test: EventDeaths},
	{Name: "BarrierLaps", Test: BarrierLaps},
	{Name: "BarrierOrder", Test: BarrierOrder},
	{Name: "BarrierAction", Test: BarrierAction},
	{Name: "BarrierActionFails", Test: BarrierActionFails},
	{Name: "BarrierAbort", Test: BarrierAbort},
	{Name: "BarrierReset", Test: BarrierReset},
	{Name: "BarrierDeadline", Test: BarrierDeadline},
	{Name: "BarrierDefaultTimeout", Test: BarrierDefaultTimeout},
	{Name: "BarrierAlone", Test: BarrierAlone},
	{Name: "BarrierDeaths", Test: BarrierDeaths},
	{Name: "BarrierMembers", Test: BarrierMembers},
	{Name: "BarrierDeathUnseen", Test: BarrierDeathUnseen},
	{Name: "BarrierLateDeath", Test: BarrierLateDeath},
}

// All runs every behaviour of this package but the excepted ones.
func All(t *testing.T, w *suite.World, except suite.Except) {
	t.Helper()
	suite.Run(t, w, behaviours, except)
}
