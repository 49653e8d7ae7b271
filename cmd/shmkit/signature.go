package main

import (
	"fmt"
	"strconv"
	"strings"
)

// signature reads the notation of the buffer protocol that docs/format.md
// describes.
type signature struct{ rest string }

var scalars = map[byte]struct {
	dtype string
	bytes int
}{
	'b': {"'i1'", 1}, 'B': {"'u1'", 1}, 'h': {"'<i2'", 2}, 'H': {"'<u2'", 2}, 'i': {"'<i4'", 4}, 'I': {"'<u4'", 4},
	'q': {"'<i8'", 8}, 'Q': {"'<u8'", 8}, 'f': {"'<f4'", 4}, 'd': {"'<f8'", 8}, '?': {"'?'", 1}, 'c': {"'S1'", 1},
}

// item reads one type: its dtype and size in bytes.
func (p *signature) item() (string, int, error) {
	switch {
	case strings.HasPrefix(p.rest, "T{"):
		p.rest = p.rest[2:]
		return p.fields()
	case strings.HasPrefix(p.rest, "("):
		return p.array()
	case strings.HasPrefix(p.rest, "Zf"):
		p.rest = p.rest[2:]
		return "'<c8'", 8, nil
	case strings.HasPrefix(p.rest, "Zd"):
		p.rest = p.rest[2:]
		return "'<c16'", 16, nil
	case p.rest != "":
		if s, ok := scalars[p.rest[0]]; ok {
			p.rest = p.rest[1:]
			return s.dtype, s.bytes, nil
		}
	}
	return "", 0, fmt.Errorf("unknown type at %q", p.rest)
}

// array reads "(n)item": a pair of dtype and shape.
func (p *signature) array() (string, int, error) {
	n, rest, ok := strings.Cut(p.rest[1:], ")")
	count, err := strconv.Atoi(n)
	if !ok || err != nil || count < 0 {
		return "", 0, fmt.Errorf("array length at %q", p.rest)
	}
	p.rest = rest
	elem, bytes, err := p.item()
	if err != nil {
		return "", 0, err
	}
	return fmt.Sprintf("np.dtype((%s, (%d,)))", elem, count), count * bytes, nil
}

// fields reads "item:name:…4x…}".
func (p *signature) fields() (string, int, error) {
	var names, formats, offsets []string
	off := 0
	for {
		switch {
		case p.rest == "":
			return "", 0, fmt.Errorf("struct is cut off")
		case p.rest[0] == '}':
			p.rest = p.rest[1:]
			return fmt.Sprintf("np.dtype({'names': [%s], 'formats': [%s], 'offsets': [%s], 'itemsize': %d})",
				strings.Join(names, ", "), strings.Join(formats, ", "), strings.Join(offsets, ", "), off), off, nil
		}
		if pad, rest, ok := strings.Cut(p.rest, "x"); ok {
			if n, err := strconv.Atoi(pad); err == nil && n > 0 {
				off, p.rest = off+n, rest
				continue
			}
		}
		format, bytes, err := p.item()
		if err != nil {
			return "", 0, err
		}
		name, err := p.name()
		if err != nil {
			return "", 0, err
		}
		if name != "_" {
			names, formats = append(names, quote(name)), append(formats, format)
			offsets = append(offsets, strconv.Itoa(off))
		}
		off += bytes
	}
}

// name reads ":name:".
func (p *signature) name() (string, error) {
	parts := strings.SplitN(p.rest, ":", 3)
	if len(parts) != 3 || parts[0] != "" {
		return "", fmt.Errorf("field name at %q", p.rest)
	}
	p.rest = parts[2]
	return parts[1], nil
}
