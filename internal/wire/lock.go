package wire

// LockInfo is the state of a Mutex or a RecursiveMutex.
type LockInfo struct {
	Session uint64 // that holds it, or 0
	Holder  uint64 // of that session; 0 of a Mutex
	Levels  uint64 // how often the holder has locked it
	Died    bool   // a holder died, and nobody has said that what it protects is consistent
	Lost    bool   // nobody can lock it any more
	Waiting uint64
}

// AppendLockInfo appends i: uint session, holder, levels, bool died, lost, uint waiting.
func AppendLockInfo(b []byte, i *LockInfo) []byte {
	b = AppendUint(AppendUint(AppendUint(b, i.Session), i.Holder), i.Levels)
	b = AppendBool(AppendBool(b, i.Died), i.Lost)
	return AppendUint(b, i.Waiting)
}

// LockInfo reads a LockInfo.
func (r *Reader) LockInfo() LockInfo {
	return LockInfo{Session: r.Uint(), Holder: r.Uint(), Levels: r.Uint(), Died: r.Bool(), Lost: r.Bool(), Waiting: r.Uint()}
}
