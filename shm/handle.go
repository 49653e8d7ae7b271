package shm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Handle names one object of one segment for every process of this machine. It
// is plain data: it may be copied, sent, stored. It keeps nothing alive: whoever
// sends it keeps its own handle until the receiver has opened the object. An
// object that is gone by then gives ErrGone, never another object.
type Handle struct {
	Segment    ID
	Path       string // where the segment's file was when the handle was made
	Index      uint32
	Generation uint32
}

const (
	handleVersion = 1
	handlePrefix  = "shmkit1:"
	handleFixed   = 1 + 16 + 4 + 4
)

// Handle is the handle of o. It gives an anonymous segment its file, which may
// fail as creating a file may. It fails with ErrClosed once the process has left
// the segment.
func (o *Object) Handle() (Handle, error) {
	if err := o.core.enter(); err != nil {
		return Handle{}, fail("export", o.core.path, err)
	}
	defer o.core.leave()
	if err := o.core.ensureLinked(); err != nil {
		return Handle{}, fail("export", o.core.path, err)
	}
	o.shared.Store(true)
	return Handle{o.core.id, o.core.path, o.index, o.generation}, nil
}

// OpenHandle opens the object that h names, in whatever process; the segment is
// mapped if it is not yet. Errors: ErrGone if object or segment ended, *TypeError
// if the object is not what want says, and those of Open.
func OpenHandle(h Handle, want Spec) (*Object, error) {
	c, err := coreByID(h)
	if err == nil {
		defer c.leave()
		var o *Object
		if o, err = c.join(h.Index, h.Generation, want); err == nil {
			return o, nil
		}
	}
	return nil, fail("open", fmt.Sprintf("%s#%d.%d", h.Path, h.Index, h.Generation), err)
}

func coreByID(h Handle) (*core, error) {
	registry.mu.Lock()
	c := registry.cores[h.Segment]
	ours := c != nil && c.enter() == nil
	registry.mu.Unlock()
	if ours {
		return c, nil
	}
	c, err := openCore(h.Path)
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrGone, err)
	}
	if err != nil {
		return nil, err
	}
	if c.id != h.Segment {
		c.leave()
		return nil, fmt.Errorf("%w: the file is another segment now", ErrGone)
	}
	return c, nil
}

// MarshalBinary implements encoding.BinaryMarshaler: version, id, index and
// generation (little-endian), path.
func (h Handle) MarshalBinary() ([]byte, error) {
	b := append([]byte{handleVersion}, h.Segment[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.Index)
	b = binary.LittleEndian.AppendUint32(b, h.Generation)
	return append(b, h.Path...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Errors: ErrHandle.
func (h *Handle) UnmarshalBinary(b []byte) error {
	if len(b) <= handleFixed || b[0] != handleVersion {
		return fmt.Errorf("%w: %d bytes", ErrHandle, len(b))
	}
	path := string(b[handleFixed:])
	if !validPath(path) {
		return fmt.Errorf("%w: path %q", ErrHandle, path)
	}
	*h = Handle{
		Segment:    ID(b[1:17]),
		Index:      binary.LittleEndian.Uint32(b[17:]),
		Generation: binary.LittleEndian.Uint32(b[21:]),
		Path:       path,
	}
	return nil
}

// MarshalText implements encoding.TextMarshaler. The text has no spaces and suits
// a command line or an environment variable.
func (h Handle) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%s%s:%d.%d:%s", handlePrefix, h.Segment, h.Index, h.Generation, url.PathEscape(h.Path)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Errors: ErrHandle.
func (h *Handle) UnmarshalText(text []byte) error {
	bad := func(what string) error { return fmt.Errorf("%w: %s in %q", ErrHandle, what, text) }
	rest, ok := strings.CutPrefix(string(text), handlePrefix)
	parts := strings.SplitN(rest, ":", 3)
	if !ok || len(parts) != 3 {
		return bad("form")
	}
	var out Handle
	if err := out.Segment.UnmarshalText([]byte(parts[0])); err != nil {
		return err
	}
	if n, err := fmt.Sscanf(parts[1]+"\n", "%d.%d\n", &out.Index, &out.Generation); n != 2 || err != nil {
		return bad("index")
	}
	path, err := url.PathUnescape(parts[2])
	if err != nil || !validPath(path) {
		return bad("path")
	}
	out.Path = path
	*h = out
	return nil
}

func validPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.ContainsRune(path, 0)
}

// Exporter is a handle of a shared object that can be encoded.
type Exporter interface{ Handle() (Handle, error) }

// EncodeBinary is MarshalBinary of the handle of e.
func EncodeBinary(e Exporter) ([]byte, error) {
	h, err := e.Handle()
	if err != nil {
		return nil, err
	}
	return h.MarshalBinary()
}

// EncodeText is MarshalText of the handle of e.
func EncodeText(e Exporter) ([]byte, error) {
	h, err := e.Handle()
	if err != nil {
		return nil, err
	}
	return h.MarshalText()
}

// DecodeBinary gives the handle in b to open.
func DecodeBinary(b []byte, open func(Handle) error) error {
	var h Handle
	if err := h.UnmarshalBinary(b); err != nil {
		return err
	}
	return open(h)
}

// DecodeText gives the handle in text to open.
func DecodeText(text []byte, open func(Handle) error) error {
	var h Handle
	if err := h.UnmarshalText(text); err != nil {
		return err
	}
	return open(h)
}
