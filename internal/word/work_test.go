package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	begin, waiters = layout.WorkBegin, layout.WorkWaiters
	workMost       = layout.WorkMost
)

func TestWorkWord(t *testing.T) {
	old := layout.WorkPending(0, 1023, 77) &^ begin // what an earlier Begin left
	pending := layout.WorkPending(waiters|4, 3, 5)
	full := layout.WorkCell(workMost, 1, 9)
	for _, tt := range []struct {
		what      string
		got, want word.WorkMove
	}{
		{"Add 3", word.WorkAdd(old|waiters|2, 3), word.WorkMove{old | waiters | 5, word.WorkDone}},
		{"Add -2", word.WorkAdd(old|2, -2), word.WorkMove{old, word.WorkDone}},
		{"Add -3", word.WorkAdd(old|2, -3), word.WorkMove{old | 2, word.WorkNone}},
		{"Add least", word.WorkAdd(2, -1<<63), word.WorkMove{2, word.WorkNone}},
		{"Add most", word.WorkAdd(0, int64(layout.WorkOpen)), word.WorkMove{layout.WorkOpen, word.WorkDone}},
		{"Add too many", word.WorkAdd(1, int64(layout.WorkOpen)), word.WorkMove{1, word.WorkFull}},
		{"Add largest", word.WorkAdd(1, 1<<63-1), word.WorkMove{1, word.WorkFull}},
		{"Add, busy", word.WorkAdd(pending, 1), word.WorkMove{pending, word.WorkBusy}},
		{"Begin", word.WorkBegin(old|waiters|5, layout.WorkCell(2, 9, 5), 3), word.WorkMove{pending, word.WorkDone}},
		{"Begin of none", word.WorkBegin(old|waiters, 0, 3), word.WorkMove{old | waiters, word.WorkNone}},
		{"Begin, full", word.WorkBegin(5, full, 3), word.WorkMove{5, word.WorkFull}},
		{"Begin, busy", word.WorkBegin(pending, 0, 3), word.WorkMove{pending, word.WorkBusy}},
		{"Finished", word.WorkFinished(pending), word.WorkMove{pending &^ begin, word.WorkDone}},
		{"Announce", word.WorkAnnounce(old | 1), word.WorkMove{old | waiters | 1, word.WorkDone}},
		{"Announce, busy", word.WorkAnnounce(pending), word.WorkMove{pending, word.WorkBusy}},
		{"Woken", word.WorkWoken(old | waiters), word.WorkMove{old, word.WorkDone}},
		{"Woken, busy", word.WorkWoken(pending), word.WorkMove{pending, word.WorkBusy}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.what, tt.got, tt.want)
		}
	}
	if layout.WorkSlot(pending) != 3 || layout.WorkSlot(old) != 1023 {
		t.Errorf("slots %d and %d", layout.WorkSlot(pending), layout.WorkSlot(old))
	}
}

func TestWorkCell(t *testing.T) {
	cell := layout.WorkCell
	const last = 1<<32 - 1
	for _, tt := range []struct {
		what      string
		got, want word.WorkMove
	}{
		{"Show", word.WorkShow(layout.WorkPending(0, 3, 5), cell(2, 7, 5)), word.WorkMove{cell(3, 7, 6), word.WorkDone}},
		{"Show, shown", word.WorkShow(layout.WorkPending(0, 3, 5), cell(3, 7, 6)), word.WorkMove{cell(3, 7, 6), word.WorkNone}},
		{"Show, high bits", word.WorkShow(layout.WorkPending(0, 3, 5), cell(0, 0, 5+1<<21)), word.WorkMove{cell(1, 0, 6+1<<21), word.WorkDone}},
		{"Show, wraps", word.WorkShow(layout.WorkPending(0, 3, last), cell(0, 0, last)), word.WorkMove{cell(1, 0, 0), word.WorkDone}},
		{"Show, damaged", word.WorkShow(layout.WorkPending(0, 3, 5), cell(workMost, 7, 5)), word.WorkMove{cell(workMost, 7, 6), word.WorkDone}},
		{"End", word.WorkEnd(cell(2, 7, 5)), word.WorkMove{cell(1, 7, 5), word.WorkDone}},
		{"End of none", word.WorkEnd(cell(0, 7, 5)), word.WorkMove{cell(0, 7, 5), word.WorkNone}},
		{"Lose", word.WorkLose(cell(2, 7, 5)), word.WorkMove{cell(0, 9, 5), word.WorkDone}},
		{"Lose none", word.WorkLose(cell(0, 7, 5)), word.WorkMove{cell(0, 7, 5), word.WorkNone}},
		{"Lose, no room", word.WorkLose(cell(workMost, 7, 5)), word.WorkMove{cell(0, workMost, 5), word.WorkDone}},
		{"Forget", word.WorkForget(cell(2, 7, 5)), word.WorkMove{cell(2, 0, 5), word.WorkDone}},
		{"Forget nothing", word.WorkForget(cell(2, 0, 5)), word.WorkMove{cell(2, 0, 5), word.WorkNone}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.what, tt.got, tt.want)
		}
	}
}
