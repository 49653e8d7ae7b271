package include_test

import (
	"os"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

func TestAttachFillsTheRecord(t *testing.T) {
	im := newImage(t)
	im.participant(0).Generation = layout.GenerationMask // the next one skips 0
	path := im.write()
	p := openPeer(t, path, "counter")
	im.read(path)
	r := im.participant(0)
	if r.State != layout.SlotAttached || r.Generation != 1 || r.Language != layout.LanguageC ||
		int(r.PID) != p.cmd.Process.Pid || r.PIDNS == 0 || r.Death&layout.DeathWaiters == 0 || r.RobustNext == 0 {
		t.Errorf("participant = %+v", r)
	}
	if im.record(counter).Holders[0] != 1 {
		t.Errorf("holders = %#x, want 1", im.record(counter).Holders[0])
	}
	p.want(ok, "release")
	im.read(path)
	if im.record(counter).Holders[0] != 0 {
		t.Errorf("holders = %#x after release", im.record(counter).Holders[0])
	}
}

// The kernel writes the death word when the process is killed, and a C process
// does not move into the slot, because it cannot sweep it.
func TestDeathIsAnnounced(t *testing.T) {
	im := newImage(t)
	path := im.write()
	openPeer(t, path, "counter").kill()
	im.read(path)
	if r := im.participant(0); r.Death != layout.DeathWaiters|layout.DeathDied || r.State != layout.SlotAttached {
		t.Errorf("state %d, death word %#x", r.State, r.Death)
	}
	if slot := openPeer(t, path, "counter").slot(); slot != 1 {
		t.Errorf("slot %d, want 1", slot)
	}
}

// A forked child can use nothing, and does not keep its parent's slot alive.
func TestFork(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(eClosed, "fork")
	a.want(ok, "lock")
	a.want(ok, "keepfork")
	b.send("lock")
	asleep(im, path, 1, 0)
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.wantAnswer(ownerDead)
}

func TestReadOnly(t *testing.T) {
	im := newImage(t)
	path := im.write()
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before := append([]byte(nil), im.bytes...)
	p := startPeer(t)
	p.want(ok, "open", path, "readonly")
	p.want(ok, "find", "prices")
	p.want(ok, "load", "f64", 99, 0)
	p.want(perm, "lock")
	p.want(ok, "still")
	p.want(ok, "release")
	p.want(eNotFound, "find", "absent")
	p.want(ok, "close")
	im.read(path)
	if string(before) != string(im.bytes) {
		t.Error("a read-only process changed the segment")
	}
}

// An object that lost its name stays while it is used, and its block goes back to
// the arena with the last user.
func TestReleaseFrees(t *testing.T) {
	im := newImage(t)
	o := im.record(counter)
	block := o.Block
	path := im.write()
	p := openPeer(t, path, "counter")
	unnamed := layout.ObjectState(layout.ObjectReady, 0, 1)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{byte(unnamed)}, int64(im.header.Pages[0])+layout.ObjectSize*counter); err != nil {
		t.Fatal(err)
	}
	p.want(ok, "lock")
	p.want(ok, "unlock")
	p.want(ok, "release")
	im.read(path)
	if o.State != layout.ObjectState(layout.ObjectFree, 0, 1) || o.Block != 0 {
		t.Errorf("state %#x, block %d", o.State, o.Block)
	}
	if w := at[layout.Block](im, block).Word; layout.BlockState(w) != layout.BlockFree || layout.BlockUnits(w) == 0 {
		t.Errorf("block word = %#x", w)
	}
	if freed := at[layout.Arena](im, layout.FirstArena).Freed; freed != 1 {
		t.Errorf("freed = %d, want 1", freed)
	}
}

func TestAnonymousGoesWithTheLast(t *testing.T) {
	im := newImage(t)
	im.header.Kind = layout.KindAnonymous
	path := im.write()
	a, b := openPeer(t, path, "counter"), openPeer(t, path, "counter")
	a.want(ok, "close")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	b.want(ok, "close")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("stat after the last close: %v", err)
	}
}

// The last one out removes a segment also if somebody is there who is about to end, and has
// said so by sharing its byte; who comes meanwhile came too late.
func TestAnonymousGoesBesideFarewell(t *testing.T) {
	im := newImage(t)
	im.header.Kind = layout.KindAnonymous
	path := im.write()
	a := openPeer(t, path, "counter")
	share := func(from, n int64) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if got, err := sys.TryShare(int(f.Fd()), from, n); !got || err != nil {
			t.Fatal(got, err)
		}
	}
	share(layout.LockSlots+layout.MaxSlots-1, 1)
	other := im.write()
	a.want(ok, "close")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("stat after the last close: %v", err)
	}
	path = other
	share(layout.LockSlots, 1)
	share(layout.LockSlots, layout.MaxSlots)
	startPeer(t).want(eDestroyed, "open", path)
}

// Closing waits for nobody, not for one who was stopped with the admin lock either.
func TestCloseDoesNotWait(t *testing.T) {
	im := newImage(t)
	im.header.Kind = layout.KindAnonymous
	path := im.write()
	a := openPeer(t, path, "counter")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := sys.TryLock(int(f.Fd()), layout.LockAdmin, 1); !got || err != nil {
		t.Fatal(got, err)
	}
	a.want(ok, "close")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("stat after the last close: %v", err)
	}
}

func TestTypes(t *testing.T) {
	im := newImage(t)
	p := openPeer(t, im.write(), "prices")
	p.want(eType, "load", "f32", 0, 0)
	p.want(eType, "load", "i64", 0, 0)
	if got := p.want(ok, "store", "f64", 7, "2.5"); got != "2.5 100" {
		t.Errorf("stored: %q", got)
	}
	if got := p.want(ok, "add", "f64", 7, "0.25"); got != "2.75 100" {
		t.Errorf("added: %q", got)
	}
	p.want(eNotFound, "find", "absent")
	p.want(-22, "find")
}
