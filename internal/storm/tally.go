package storm

// tally counts how often something was done, as the ledger knows it.
type tally struct {
	known   uint64 // acknowledged: it is there
	unknown uint64 // begun by those who were killed: it may be there
}

// add counts a deed that did done, or may have done up to most.
func (t *tally) add(d *Deed, done, most uint64) {
	if d.Known {
		t.known += done
	} else {
		t.unknown += most
	}
}

// check is the law of counters: nothing that was acknowledged is lost, nothing is
// there twice.
func (t *tally) check(report func(string, ...any), what string, have uint64) {
	switch {
	case have < t.known:
		report("%s: %d, but %d were acknowledged: lost", what, have, t.known)
	case have > t.known+t.unknown:
		report("%s: %d, but only %d were acknowledged and %d begun: doubled", what, have, t.known, t.unknown)
	}
}
