package sync_test

import (
	"testing"

	"shmkit/internal/suite/locks"
)

// What locks and their like do in any world, they do in shared memory.

func TestSuiteMutexBasics(t *testing.T)       { locks.MutexBasics(t, world) }
func TestSuiteMutexDeadline(t *testing.T)     { locks.MutexDeadline(t, world) }
func TestSuiteMutexHandedOver(t *testing.T)   { locks.MutexHandedOver(t, world) }
func TestSuiteMutexHolderKilled(t *testing.T) { locks.MutexHolderKilled(t, world) }
func TestMutexTwoHoldersKilled(t *testing.T)  { locks.MutexTwoHoldersKilled(t, world) }
func TestMutexNotRecoverable(t *testing.T)    { locks.MutexNotRecoverable(t, world) }
func TestMutexWaiterKilled(t *testing.T)      { locks.MutexWaiterKilled(t, world) }
func TestSuiteMutexWith(t *testing.T)         { locks.MutexWith(t, world) }
func TestMutexRepairFails(t *testing.T)       { locks.MutexRepairFails(t, world) }

func TestSuiteRecursive(t *testing.T)             { locks.RecursiveLevels(t, world) }
func TestSuiteRecursiveHeld(t *testing.T)         { locks.RecursiveHeld(t, world) }
func TestSuiteRecursiveHandedOver(t *testing.T)   { locks.RecursiveHandedOver(t, world) }
func TestSuiteRecursiveHolderKilled(t *testing.T) { locks.RecursiveHolderKilled(t, world) }
func TestSuiteRecursiveHolderLeaves(t *testing.T) { locks.RecursiveHolderLeaves(t, world) }
func TestRecursiveRepairFails(t *testing.T)       { locks.RecursiveRepairFails(t, world) }

func TestSuiteSemaphoreCounts(t *testing.T)     { locks.SemaphoreCounts(t, world) }
func TestSuiteSemaphoreBounded(t *testing.T)    { locks.SemaphoreBounded(t, world) }
func TestSuiteSemaphoreDeadline(t *testing.T)   { locks.SemaphoreDeadline(t, world) }
func TestSuiteSemaphoreMany(t *testing.T)       { locks.SemaphoreMany(t, world) }
func TestSuiteSemaphoreHandedOver(t *testing.T) { locks.SemaphoreHandedOver(t, world) }
func TestSuiteSemaphoreNested(t *testing.T)     { locks.SemaphoreNested(t, world) }
func TestSuiteSemaphoreKilled(t *testing.T)     { locks.SemaphoreKilled(t, world) }

func TestSuiteCondNotify(t *testing.T)         { locks.CondNotify(t, world) }
func TestSuiteCondNotifyAll(t *testing.T)      { locks.CondNotifyAll(t, world) }
func TestSuiteCondNotifyN(t *testing.T)        { locks.CondNotifyN(t, world) }
func TestSuiteCondDeadline(t *testing.T)       { locks.CondDeadline(t, world) }
func TestSuiteCondWithoutLock(t *testing.T)    { locks.CondWithoutLock(t, world) }
func TestSuiteCondWaiterKilled(t *testing.T)   { locks.CondWaiterKilled(t, world) }
func TestSuiteCondNotifiedKilled(t *testing.T) { locks.CondNotifiedKilled(t, world) }
func TestSuiteCondNotifierKilled(t *testing.T) { locks.CondNotifierKilled(t, world) }

func TestEventBasics(t *testing.T)   { locks.EventBasics(t, world) }
func TestEventWakesAll(t *testing.T) { locks.EventWakesAll(t, world) }
func TestEventPulse(t *testing.T)    { locks.EventPulse(t, world) }
func TestEventDeaths(t *testing.T)   { locks.EventDeaths(t, world) }

func TestBarrierLaps(t *testing.T)           { locks.BarrierLaps(t, world) }
func TestBarrierOrder(t *testing.T)          { locks.BarrierOrder(t, world) }
func TestBarrierAction(t *testing.T)         { locks.BarrierAction(t, world) }
func TestBarrierActionFails(t *testing.T)    { locks.BarrierActionFails(t, world) }
func TestBarrierAbort(t *testing.T)          { locks.BarrierAbort(t, world) }
func TestBarrierReset(t *testing.T)          { locks.BarrierReset(t, world) }
func TestBarrierDeadline(t *testing.T)       { locks.BarrierDeadline(t, world) }
func TestBarrierDefaultTimeout(t *testing.T) { locks.BarrierDefaultTimeout(t, world) }
func TestBarrierAlone(t *testing.T)          { locks.BarrierAlone(t, world) }
func TestBarrierDeaths(t *testing.T)         { locks.BarrierDeaths(t, world) }
func TestBarrierMembers(t *testing.T)        { locks.BarrierMembers(t, world) }
func TestBarrierDeathUnseen(t *testing.T)    { locks.BarrierDeathUnseen(t, world) }
func TestBarrierLateDeath(t *testing.T)      { locks.BarrierLateDeath(t, world) }
