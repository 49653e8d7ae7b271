package queues

import (
	"testing"

	"shmkit/internal/suite"
)

// behaviours is all that is in this package.
var behaviours = []suite.Behaviour[*suite.World]{
	{Name: "PutFull", Test: PutFull},
	{Name: "GetEmpty", Test: GetEmpty},
	{Name: "Close", Test: Close},
	{Name: "BothEndsAreClosed", Test: BothEndsAreClosed},
	{Name: "CloseEndsWaits", Test: CloseEndsWaits},
	{Name: "Contexts", Test: Contexts},
	{Name: "OrderAndCapacity", Test: OrderAndCapacity},
	{Name: "ManyGoroutines", Test: ManyGoroutines},
	{Name: "Basics", Test: Basics},
	{Name: "EmptyElsewhere", Test: EmptyElsewhere},
	{Name: "Waits", Test: Waits},
	{Name: "GivesUp", Test: GivesUp},
	{Name: "ClosedElsewhere", Test: ClosedElsewhere},
	{Name: "Flow", Test: Flow},
	{Name: "WaiterKilled", Test: WaiterKilled},
	{Name: "ProducerKilled", Test: ProducerKilled},
	{Name: "Joins", Test: Joins},
	{Name: "ConsumerKilled", Test: ConsumerKilled},
	{Name: "Unfinished", Test: Unfinished},
	{Name: "JoinHears", Test: JoinHears},
}

// All runs every behaviour of this package but the excepted ones.
func All(t *testing.T, w *suite.World, except suite.Except) {
	t.Helper()
	suite.Run(t, w, behaviours, except)
}
