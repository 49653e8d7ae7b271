package manager

import "shmkit/internal/wire"

func init() {
	handles[wire.TypeMutex] = func() handle { return &Mutex{} }
	handles[wire.TypeRecursiveMutex] = func() handle { return &RecursiveMutex{} }
	handles[wire.TypeSemaphore] = func() handle { return &Semaphore{} }
	handles[wire.TypeBoundedSemaphore] = func() handle { return &BoundedSemaphore{} }
	handles[wire.TypeCond] = func() handle { return &Cond{} }
	handles[wire.TypeEvent] = func() handle { return &Event{} }
	handles[wire.TypeBarrier] = func() handle { return &Barrier{} }
	handles[wire.TypeQueue] = func() handle { return &Queue[any]{} }
	handles[wire.TypeJoinable] = func() handle { return &JoinableQueue[any]{} }
}
