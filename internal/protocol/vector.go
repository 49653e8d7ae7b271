package protocol

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"shmkit/internal/wire"
)

// A Vector is a batch, byte by byte.
type Vector struct {
	Name   string  `json:"name"`
	Hex    string  `json:"hex"`
	Frames []Piece `json:"frames"`
}

// A Piece is a frame of a Vector.
type Piece struct {
	Kind     uint8   `json:"kind"`
	Method   uint16  `json:"method"`
	Session  uint64  `json:"session"`
	Call     uint64  `json:"call"`
	Object   uint64  `json:"object"`
	Deadline int64   `json:"deadline"`
	Body     []Field `json:"body"`
}

// A Field is a part of a body: some bytes, what they are and what they say.
type Field struct {
	Name  string `json:"name"`
	Hex   string `json:"hex"`
	Value string `json:"value"`
}

// field makes a Field of what an AppendX appended.
func field(name string, value any, b []byte) Field {
	return Field{name, hex.EncodeToString(b), fmt.Sprint(value)}
}

func uintField(name string, v uint64) Field { return field("uint "+name, v, wire.AppendUint(nil, v)) }

func textField(name, v string) Field {
	return field("text "+name, fmt.Sprintf("%q", v), wire.AppendText(nil, v))
}

func bytesField(name string, v []byte) Field {
	return field("bytes "+name, fmt.Sprintf("%x", v), wire.AppendBytes(nil, v))
}

func boolField(name string, v bool) Field { return field("bool "+name, v, wire.AppendBool(nil, v)) }

func limitFields(l wire.Limits) []Field {
	return []Field{uintField("frame", l.Frame), uintField("calls", l.Calls), uintField("objects", l.Objects), uintField("results", l.Results)}
}

func greetingFields(g *wire.Greeting) []Field {
	return append(limitFields(g.Limits), uintField("server", g.Server), bytesField("life", g.Life), boolField("resumed", g.Resumed))
}

// Vectors are examples of all that a client needs first.
func Vectors() []Vector {
	const session, dict = 0x1122334455667788, 0x2a
	piece := func(k wire.Kind, m wire.Method, call, object uint64, body ...Field) Piece {
		return Piece{Kind: uint8(k), Method: uint16(m), Session: session, Call: call, Object: object, Body: body}
	}
	key := field("key", `text "a"`, wire.AppendBytes(nil, wire.AppendKeyText(nil, "a")))
	item := field("rest: an Item", "int 42", wire.AppendInt64(nil, 42))
	set := piece(wire.Request, wire.DictSet, 2, dict, key, item)
	get := piece(wire.Request, wire.DictGet, 3, dict, field("rest: a Key", `text "a"`, wire.AppendKeyText(nil, "a")))
	get.Deadline = -1
	return []Vector{
		vector("Hello", piece(wire.Hello, 0, 0, 0, greetingFields(&wire.Greeting{Limits: wire.DefaultLimits})...)),
		vector("Welcome", piece(wire.Welcome, 0, 0, 0, greetingFields(&wire.Greeting{Limits: wire.DefaultLimits, Server: 0x99})...)),
		vector("Create a Dict", piece(wire.Request, wire.Create, 1, 0,
			field("byte type", "4", []byte{byte(wire.TypeDict)}), textField("name", "d"), uintField("n", 0))),
		vector("Reply of Create", piece(wire.Reply, 0, 1, 0, uintField("object", dict))),
		vector("Dict.Set", set),
		vector("Reply of Dict.Get", piece(wire.Reply, 0, 3, 0, item)),
		vector("Failure", piece(wire.Failure, 0, 3, 0, uintField("code", uint64(wire.CodeNotFound)), textField("text", `manager: Dict.Get of "d": no key "a"`),
			field("bytes data", "", wire.AppendBytes(nil, nil)), textField("stack", ""))),
		vector("Cancel", piece(wire.Cancel, 0, 3, 0)),
		vector("Ack", piece(wire.Ack, 0, 2, 0)),
		vector("Batch of two", set, get),
	}
}

func vector(name string, pieces ...Piece) Vector {
	var b []byte
	for i := range pieces {
		p := &pieces[i]
		f := wire.Frame{Kind: wire.Kind(p.Kind), Method: wire.Method(p.Method), Session: p.Session, Call: p.Call, Object: p.Object, Deadline: p.Deadline}
		for _, part := range p.Body {
			body, _ := hex.DecodeString(part.Hex)
			f.Body = append(f.Body, body...)
		}
		b = wire.Append(b, &f)
		if p.Body == nil {
			p.Body = []Field{}
		}
	}
	return Vector{name, hex.EncodeToString(b), pieces}
}

// VectorsJSON is internal/wire/testdata/vectors.json.
func VectorsJSON() ([]byte, error) {
	b, err := json.MarshalIndent(Vectors(), "", "  ")
	return append(b, '\n'), err
}

// vectorText is the vectors for people.
func vectorText() string {
	var b strings.Builder
	for _, v := range Vectors() {
		fmt.Fprintf(&b, "### %s\n\n```\n", v.Name)
		rest := v.Hex
		take := func(n int, name string, value any) {
			fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-34s %-16s %v", rest[:2*n], name, value), " "))
			rest = rest[2*n:]
		}
		for _, p := range v.Frames {
			n := 36
			for _, f := range p.Body {
				n += len(f.Hex) / 2
			}
			take(4, "length", n)
			take(1, "version", wire.Version)
			take(1, "kind", p.Kind)
			take(2, "method", fmt.Sprintf("%#04x", p.Method))
			take(8, "session", fmt.Sprintf("%#x", p.Session))
			take(8, "call", p.Call)
			take(8, "object", fmt.Sprintf("%#x", p.Object))
			take(8, "deadline", p.Deadline)
			for _, f := range p.Body {
				take(len(f.Hex)/2, f.Name, f.Value)
			}
		}
		b.WriteString("```\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
