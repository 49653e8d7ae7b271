package main

import (
	"fmt"
	"strings"
	"unicode"

	"shmkit/shm"
)

type arrayRecord struct {
	Index  uint32 `json:"index"`
	Name   string `json:"name"`
	Python string `json:"python"`
}

// printNumpy prints a line of Python for each array: it maps the file and is an
// ndarray over the same memory. An array that numpy cannot have is an error, after
// all others.
func (c *command) printNumpy(info *shm.Info) (failed error) {
	records := []arrayRecord{}
	for _, o := range info.Objects {
		if o.Kind != shm.KindName(shm.KindArray) || o.Count == 0 || o.Type.Size == 0 {
			continue // np.memmap refuses to map nothing
		}
		dtype, err := dtypeOf(o.Type)
		if err != nil {
			c.complain("inspect %s: object %d %q: %v", info.Path, o.Index, o.Name, err)
			failed = errFound
			continue
		}
		records = append(records, arrayRecord{o.Index, o.Name, fmt.Sprintf(
			"np.memmap(%s, dtype=%s, mode='r+', offset=%d, shape=(%d,))", quote(info.Path), dtype, o.Offset, o.Count)})
	}
	if c.json {
		if err := c.printJSON(records); err != nil {
			return err
		}
		return failed
	}
	for _, r := range records {
		fmt.Fprintf(c.out, "%s  # %s\n", r.Python, printable(or(r.Name, fmt.Sprintf("anonymous object %d", r.Index))))
	}
	return failed
}

// quote writes s as a Python string. Names come from shared memory, so nothing in
// them may end the string or the line.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// dtypeOf translates a type signature into an expression for np.dtype.
func dtypeOf(t shm.Type) (string, error) {
	p := &signature{rest: t.Signature}
	d, n, err := p.item()
	if err != nil {
		return "", err
	}
	if p.rest != "" || n != int(t.Size) {
		return "", fmt.Errorf("type signature %q is cut off, or not of %d bytes", t.Signature, t.Size)
	}
	return d, nil
}
