package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fields reads bytes by a signature, and writes JSON. Both come from shared memory: each
// item takes at least a byte, so it ends.
type fields struct {
	signature
	bytes []byte
	json  []byte
}

var errShort = errors.New("main: type and bytes do not fit")

// take is the next n bytes.
func (f *fields) take(n int) ([]byte, error) {
	if n > len(f.bytes) {
		return nil, errShort
	}
	b := f.bytes[:n]
	f.bytes = f.bytes[n:]
	return b, nil
}

// item reads one type and its bytes.
func (f *fields) item() error {
	switch {
	case strings.HasPrefix(f.rest, "T{"):
		f.rest = f.rest[2:]
		return f.structure()
	case strings.HasPrefix(f.rest, "("):
		return f.array()
	case strings.HasPrefix(f.rest, "Zf"), strings.HasPrefix(f.rest, "Zd"):
		part := f.rest[1:2]
		f.rest = part + part + f.rest[2:]
		return f.list(2)
	case f.rest == "":
		return errShort
	}
	code := f.rest[0]
	f.rest = f.rest[1:]
	known, ok := scalars[code]
	if !ok {
		return fmt.Errorf("unknown type %q", code)
	}
	b, err := f.take(known.bytes)
	if err == nil {
		f.json = append(f.json, scalar(code, b)...)
	}
	return err
}

// list reads n types, and makes a list of them.
func (f *fields) list(n int) error {
	f.json = append(f.json, '[')
	for i := range n {
		f.comma(i)
		if err := f.item(); err != nil {
			return err
		}
	}
	f.json = append(f.json, ']')
	return nil
}

func (f *fields) comma(i int) {
	if i > 0 {
		f.json = append(f.json, ',')
	}
}

// array reads "(n)item": text if the items are characters, else a list.
func (f *fields) array() error {
	digits, rest, ok := strings.Cut(f.rest[1:], ")")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 {
		return errShort
	}
	f.rest = rest
	if strings.HasPrefix(rest, "c") {
		f.rest = rest[1:]
		b, err := f.take(n)
		f.json = append(f.json, quoted(strings.TrimRight(string(b), "\x00"))...)
		return err
	}
	f.json = append(f.json, '[')
	for i := range n {
		f.comma(i)
		before := len(f.bytes)
		f.rest = rest
		if err := f.item(); err != nil {
			return err
		}
		if len(f.bytes) == before {
			return errShort // items of no bytes, as many as somebody likes
		}
	}
	if n == 0 {
		f.rest = rest
		if _, _, err := f.signature.item(); err != nil {
			return err
		}
	}
	f.json = append(f.json, ']')
	return nil
}

// structure reads "item:name:…4x…}".
func (f *fields) structure() error {
	f.json = append(f.json, '{')
	for n := 0; ; {
		if strings.HasPrefix(f.rest, "}") {
			f.rest = f.rest[1:]
			f.json = append(f.json, '}')
			return nil
		}
		if pad, rest, ok := strings.Cut(f.rest, "x"); ok {
			if size, err := strconv.Atoi(pad); err == nil && size > 0 {
				if _, err := f.take(size); err != nil {
					return err
				}
				f.rest = rest
				continue
			}
		}
		name, err := f.field(n)
		if err != nil {
			return err
		}
		if name != "_" {
			n++
		}
	}
}

// field reads "item:name:", and writes it as the nth of a struct unless it has no name.
func (f *fields) field(n int) (name string, err error) {
	all := f.json
	f.json = nil
	if err = f.item(); err != nil {
		return "", err
	}
	value := f.json
	f.json = all
	if name, err = f.name(); err != nil || name == "_" {
		return name, err
	}
	f.comma(n)
	f.json = append(append(append(f.json, quoted(name)...), ':'), value...)
	return name, nil
}

// quoted is a string in JSON.
func quoted(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}

// scalar is a number, a truth value or a character in JSON, which has no infinities.
func scalar(code byte, b []byte) []byte {
	var wide [8]byte
	copy(wide[:], b)
	u := binary.LittleEndian.Uint64(wide[:])
	shift := 64 - 8*len(b)
	switch code {
	case 'b', 'h', 'i', 'q':
		return strconv.AppendInt(nil, int64(u<<shift)>>shift, 10)
	case 'f':
		return float(float64(math.Float32frombits(uint32(u))), 32)
	case 'd':
		return float(math.Float64frombits(u), 64)
	case '?':
		return strconv.AppendBool(nil, u != 0)
	case 'c':
		return quoted(strings.TrimRight(string(b), "\x00"))
	}
	return strconv.AppendUint(nil, u, 10)
}

func float(x float64, bits int) []byte {
	text := strconv.AppendFloat(nil, x, 'g', -1, bits)
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return quoted(string(text))
	}
	return text
}
