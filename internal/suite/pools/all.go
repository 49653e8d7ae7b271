package pools

import (
	"testing"

	"shmkit/internal/suite"
)

// behaviours is all that is in this package.
var behaviours = []suite.Behaviour[*World]{
	{Name: "Apply", Test: Apply},
	{Name: "Map", Test: Map},
	{Name: "Starmap", Test: Starmap},
	{Name: "Imap", Test: Imap},
	{Name: "ImapInputFails", Test: ImapInputFails},
	{Name: "Empty", Test: Empty},
	{Name: "Misuse", Test: Misuse},
	{Name: "GetGivesUp", Test: GetGivesUp},
	{Name: "CloseFinishes", Test: CloseFinishes},
	{Name: "Terminates", Test: Terminates},
	{Name: "AfterTheEnd", Test: AfterTheEnd},
	{Name: "WorkersAreReplaced", Test: WorkersAreReplaced},
	{Name: "CallsBack", Test: CallsBack},
	{Name: "Fails", Test: Fails},
	{Name: "MapItemFails", Test: MapItemFails},
	{Name: "WorkerDies", Test: WorkerDies},
}

// All runs every behaviour of this package but the excepted ones.
func All(t *testing.T, w *World, except suite.Except) {
	t.Helper()
	suite.Run(t, w, behaviours, except)
}
