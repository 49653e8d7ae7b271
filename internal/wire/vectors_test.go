package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// vector is as package protocol writes it.
type vector struct {
	Name, Hex string
	Frames    []struct {
		Kind                  uint8
		Method                uint16
		Session, Call, Object uint64
		Deadline              int64
		Body                  []struct{ Name, Hex, Value string }
	}
}

// What docs/protocol.md shows is read as it says, and written byte by byte.
func TestVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		want, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		rest, again := want, []byte(nil)
		for _, p := range v.Frames {
			var f Frame
			if f, rest, err = Cut(rest, MaxFrame); err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			body := ""
			for _, part := range p.Body {
				body += part.Hex
			}
			if f.Kind != Kind(p.Kind) || f.Method != Method(p.Method) || f.Session != p.Session || f.Call != p.Call || f.Object != p.Object ||
				f.Deadline != p.Deadline || hex.EncodeToString(f.Body) != body {
				t.Errorf("%s: %+v, want %+v", v.Name, f, p)
			}
			again = Append(again, &f)
			bodyAgain(t, v.Name, &f)
		}
		if len(rest) != 0 || !bytes.Equal(again, want) {
			t.Errorf("%s: %x, want %x", v.Name, again, want)
		}
	}
	for _, name := range []string{"Hello", "Welcome", "Create a Dict", "Dict.Set", "Reply of Dict.Get", "Failure", "Cancel", "Ack", "Batch of two"} {
		if !slices.ContainsFunc(all, func(v vector) bool { return v.Name == name }) {
			t.Errorf("no vector %q", name)
		}
	}
}

// bodyAgain reads a body that is more than a few numbers, and writes it again.
func bodyAgain(t *testing.T, name string, f *Frame) {
	var again []byte
	switch f.Kind {
	case Hello, Welcome:
		g, err := ReadGreeting(f.Body)
		if err != nil || g.Limits != DefaultLimits {
			t.Errorf("%s: %+v, %v", name, g, err)
		}
		again = AppendGreeting(nil, &g)
	case Failure:
		fault, err := ReadFault(f.Body)
		if err != nil || fault.Code != CodeNotFound || !strings.HasPrefix(fault.Text, "manager: Dict.Get") {
			t.Errorf("%s: %+v, %v", name, fault, err)
		}
		again = AppendFault(nil, fault)
	default:
		return
	}
	if !bytes.Equal(again, f.Body) {
		t.Errorf("%s: %x, want %x", name, again, f.Body)
	}
}
