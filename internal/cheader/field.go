package cheader

import (
	"fmt"
	"reflect"

	"shmkit/internal/layout"
)

// field is one field of a shared struct that has a width.
type field struct {
	GoName string // "_" for padding
	CName  string
	CType  string
	Length int // of an array, else 0
	Offset uintptr
	Width  uintptr
	Text   string // its comment
	Group  string // comment of the group that starts with it, or ""
}

// cDecl is the C declaration of f.
func (f field) cDecl() string {
	if f.Length > 0 {
		return fmt.Sprintf("%s %s[%d];", f.CType, f.CName, f.Length)
	}
	return fmt.Sprintf("%s %s;", f.CType, f.CName)
}

// typeText is the type of f as the byte tables show it.
func (f field) typeText() string {
	if f.Length > 0 {
		return fmt.Sprintf("%s[%d]", f.CType, f.Length)
	}
	return f.CType
}

// fields lists the fields of s in order, padding included.
func fields(s layout.Struct, c comments) ([]field, error) {
	var out []field
	paddings := 0
	for i := range s.Type.NumField() {
		sf := s.Type.Field(i)
		if sf.Type.Size() == 0 {
			continue // structs.HostLayout
		}
		f := field{GoName: sf.Name, CName: snake(sf.Name), Offset: sf.Offset, Width: sf.Type.Size()}
		if sf.Name == "_" {
			f.CName = fmt.Sprintf("reserved%d", paddings)
			paddings++
		}
		t := sf.Type
		if t.Kind() == reflect.Array {
			f.Length, t = t.Len(), t.Elem()
		}
		if f.CType = scalar(t); f.CType == "" {
			return nil, fmt.Errorf("cheader: %s.%s: no C type for %s", s.Type.Name(), sf.Name, sf.Type)
		}
		f.Text, f.Group = c.field(s.Type.Name(), i)
		out = append(out, f)
	}
	return out, nil
}
