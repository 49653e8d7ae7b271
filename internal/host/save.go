package host

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"shmkit/internal/wire"
)

// saveVersion is of the format of Save.
const saveVersion = 1

// ErrVersion: what was saved is of another format. Test with errors.Is.
var ErrVersion = errors.New("host: saved state has version")

// Save appends the whole state. Two hosts are equal if what they save is.
func (h *Host) Save(b []byte) []byte {
	b = wire.AppendUint(b, saveVersion)
	b = wire.AppendUint(b, h.next)
	sessions := h.eachSession()
	b = wire.AppendUint(b, uint64(len(sessions)))
	for _, s := range sessions {
		b = s.save(b)
	}
	entries := h.eachEntry()
	b = wire.AppendUint(b, uint64(len(entries)))
	for _, e := range entries {
		b = wire.AppendUint(b, e.id)
		b = append(b, byte(e.kind))
		b = wire.AppendText(b, e.name)
		b = wire.AppendUint(b, e.refs)
		b = wire.AppendBytes(b, e.object.save(nil))
	}
	for _, e := range entries {
		for _, q := range e.object.queues() {
			b = wire.AppendUint(b, uint64(q.n))
			for w := q.first; w != nil; w = w.next {
				b = w.save(b)
			}
		}
	}
	b = h.saveBeside(b)
	handed := sortedHandings(h.handed)
	b = wire.AppendUint(b, uint64(len(handed)))
	for _, key := range handed {
		b = wire.AppendUint(wire.AppendUint(wire.AppendUint(b, key.session), key.call), h.handed[key].id)
	}
	return b
}

// saveBeside appends the waits that are in no queue.
func (h *Host) saveBeside(b []byte) []byte {
	var all []*wait
	for _, s := range h.eachSession() {
		for _, w := range s.eachWait() {
			if w.q == nil {
				all = append(all, w)
			}
		}
	}
	b = wire.AppendUint(b, uint64(len(all)))
	for _, w := range all {
		b = w.save(b)
	}
	return b
}

func (s *session) save(b []byte) []byte {
	b = wire.AppendUint(b, s.id)
	b = wire.AppendLimits(b, s.limits)
	b = wire.AppendUint(b, s.results.floor)
	b = wire.AppendUint(b, uint64(s.results.n))
	for i := range s.results.n {
		x := s.results.at(i)
		b = append(wire.AppendUint(b, x.call), byte(x.kind))
		b = wire.AppendBytes(b, x.body)
	}
	b = saveCounts(b, s.holds)
	b = saveCounts(b, s.leases)
	return wire.AppendUint(b, s.told)
}

func saveCounts(b []byte, m map[uint64]uint64) []byte {
	b = wire.AppendUint(b, uint64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = wire.AppendUint(wire.AppendUint(b, k), m[k])
	}
	return b
}

func (w *wait) save(b []byte) []byte {
	b = wire.AppendUint(wire.AppendUint(wire.AppendUint(b, w.s.id), w.call), w.e.id)
	b = wire.AppendInt(wire.AppendUint(b, uint64(w.method)), w.deadline)
	b = append(wire.AppendBool(b, w.beside), w.stage)
	b = wire.AppendUint(b, w.n)
	return wire.AppendBytes(b, w.body)
}

// Load makes h, which is new, what Save wrote. b may be anything: of what could not be, such as
// references to what is not there, nothing is loaded that Apply would stumble over.
// Errors: that b is something else, after which h is of no use.
func (h *Host) Load(b []byte) error {
	r := wire.Read(b)
	if v := r.Uint(); v != saveVersion {
		return fmt.Errorf("%w %d, want %d", ErrVersion, v, saveVersion)
	}
	h.next = r.Uint()
	for range r.Count(8) {
		s := loadSession(&r)
		h.sessions[s.id] = s
	}
	if err := h.loadObjects(&r); err != nil {
		return err
	}
	for _, e := range h.eachEntry() {
		for _, q := range e.object.queues() {
			for range r.Count(8) {
				w, err := h.loadWait(&r)
				if err != nil {
					return err
				}
				q.push(w)
			}
		}
	}
	for range r.Count(8) {
		if _, err := h.loadWait(&r); err != nil {
			return err
		}
	}
	for range r.Count(24) {
		key, id := handing{r.Uint(), r.Uint()}, r.Uint()
		if h.objects[id] == nil {
			return fmt.Errorf("host: saved state hands over object %#x, which is not there", id)
		}
		h.handed[key] = h.objects[id]
		h.handers[key.session]++
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("host: saved state: %w", err)
	}
	if found := h.Check(); len(found) > 0 {
		return fmt.Errorf("host: saved state: %s", found[0])
	}
	return nil
}

func loadSession(r *wire.Reader) *session {
	s := &session{id: r.Uint(), limits: r.Limits(), waits: map[uint64]*wait{}}
	floor := r.Uint()
	for range r.Count(13) {
		call, kind := r.Uint(), wire.Kind(r.Byte())
		s.results.record(0, call, kind, r.Bytes(), s.limits)
	}
	s.results.floor = floor
	s.holds, s.leases = loadCounts(r), loadCounts(r)
	s.told = r.Uint()
	for _, n := range s.holds {
		s.held += n
	}
	return s
}

func loadCounts(r *wire.Reader) map[uint64]uint64 {
	m := map[uint64]uint64{}
	for range r.Count(16) {
		k := r.Uint()
		m[k] = r.Uint()
	}
	return m
}

func (h *Host) loadObjects(r *wire.Reader) error {
	for range r.Count(8) {
		e := &entry{id: r.Uint(), kind: wire.Type(r.Byte()), name: r.Text(), refs: r.Uint()}
		state := wire.Read(r.Bytes())
		if r.Err() != nil {
			break
		}
		if e.kind >= wire.Types || loaders[e.kind] == nil {
			return fmt.Errorf("host: saved state has a %v, which this program does not know", e.kind)
		}
		var err error
		if e.object, err = loaders[e.kind](h, &state); err == nil {
			err = state.End()
		}
		if err != nil {
			return fmt.Errorf("host: saved state of %v %#x: %w", e.kind, e.id, err)
		}
		h.objects[e.id] = e
		if e.name != "" {
			h.names[e.name] = e
		}
	}
	return r.Err()
}

func (h *Host) loadWait(r *wire.Reader) (*wait, error) {
	s, call, e := h.sessions[r.Uint()], r.Uint(), h.objects[r.Uint()]
	w := &wait{s: s, call: call, e: e, method: wire.Method(r.Uint()), deadline: r.Int(), beside: r.Bool(), stage: r.Byte(), n: r.Uint()}
	w.body = append([]byte(nil), r.Bytes()...)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if s == nil || e == nil {
		return nil, fmt.Errorf("host: saved state has a wait of a session or an object that is not there")
	}
	s.waits[call] = w
	return w, nil
}
