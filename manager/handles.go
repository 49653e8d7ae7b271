package manager

import "shmkit/internal/wire"

func init() {
	handles = [wire.Types]func() handle{
		wire.TypeValue:            func() handle { return &Value[any]{} },
		wire.TypeList:             func() handle { return &List[any]{} },
		wire.TypeDict:             func() handle { return &Dict[any, any]{} },
		wire.TypeSet:              func() handle { return &Set[any]{} },
		wire.TypeNamespace:        func() handle { return &Namespace{} },
		wire.TypeQueue:            func() handle { return &Queue[any]{} },
		wire.TypeJoinable:         func() handle { return &JoinableQueue[any]{} },
		wire.TypeMutex:            func() handle { return &Mutex{} },
		wire.TypeRecursiveMutex:   func() handle { return &RecursiveMutex{} },
		wire.TypeSemaphore:        func() handle { return &Semaphore{} },
		wire.TypeBoundedSemaphore: func() handle { return &BoundedSemaphore{} },
		wire.TypeCond:             func() handle { return &Cond{} },
		wire.TypeEvent:            func() handle { return &Event{} },
		wire.TypeBarrier:          func() handle { return &Barrier{} },
	}
}
