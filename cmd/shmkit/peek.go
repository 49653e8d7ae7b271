package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shmkit/internal/codec"
	"shmkit/internal/layout"
	"shmkit/shm"
)

type peekRecord struct {
	Index    uint32          `json:"index"`
	Name     string          `json:"name"`
	Kind     string          `json:"kind"`
	Type     string          `json:"type"`
	Messages []messageRecord `json:"messages"`
}

type messageRecord struct {
	Ring       int             `json:"ring"`
	Ticket     uint64          `json:"ticket"`
	Deliveries int             `json:"deliveries"`
	Returned   bool            `json:"returned"`
	Bytes      uint64          `json:"bytes"`
	Value      json.RawMessage `json:"value,omitempty"` // of a known type; of an encoded one, a string
	Hex        string          `json:"hex"`
}

// peek prints messages that wait, and leaves them there.
func (c *command) peek() error {
	info, err := shm.Peek(c.args[0], c.args[1], c.n)
	if err != nil {
		return err
	}
	r := peekRecord{info.Index, info.Name, info.Kind, info.Type.Signature, []messageRecord{}}
	for _, m := range info.Messages {
		r.Messages = append(r.Messages, messageRecord{
			m.Ring, m.Ticket, m.Deliveries, m.Returned, m.Size, valueOf(info, &m), hex.EncodeToString(m.Bytes),
		})
	}
	if c.json {
		return c.printJSON(r)
	}
	var rows [][]any
	for i, m := range r.Messages {
		text := string(m.Value)
		if encoded, ok := decoded(info, &info.Messages[i]); ok {
			text = encoded
		} else if m.Value == nil {
			text = textOf(info.Messages[i].Bytes)
		}
		again := strconv.Itoa(m.Deliveries)
		if m.Returned {
			again += ", came back"
		}
		rows = append(rows, []any{m.Ring, m.Ticket, again, size(m.Bytes), shorten(text)})
	}
	return c.table("RING TICKET DELIVERIES SIZE MESSAGE", rows)
}

// valueOf is a message in JSON, nil if its type does not tell what it is.
func valueOf(info *shm.PeekInfo, m *shm.Message) json.RawMessage {
	if info.Kind == shm.KindName(shm.KindRecords) || info.Kind == shm.KindName(shm.KindPair) || uint64(len(m.Bytes)) != m.Size {
		return nil // of bytes, or cut
	}
	if text, ok := decoded(info, m); ok {
		return quoted(text)
	}
	f := fields{signature: signature{rest: info.Type.Signature}, bytes: m.Bytes}
	if err := f.item(); err != nil || f.rest != "" || len(f.bytes) > 0 {
		return nil
	}
	return f.json
}

// decoded is what an encoded message holds, in the diagnostic notation of CBOR, if that is
// its codec.
func decoded(info *shm.PeekInfo, m *shm.Message) (text string, ok bool) {
	if info.Type.Code != layout.TypeMessage || !strings.HasPrefix(info.Type.Signature, codec.Name+" ") || uint64(len(m.Bytes)) != m.Size {
		return "", false
	}
	text, err := codec.Text(m.Bytes)
	return text, err == nil
}

// textOf is bytes as text if they are some, else in hexadecimal.
func textOf(b []byte) string {
	if len(b) > 0 && utf8.Valid(b) {
		text := string(b)
		for _, r := range text {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
				return hex.EncodeToString(b)
			}
		}
		return strconv.Quote(text)
	}
	return hex.EncodeToString(b)
}

// longest is how much of a message a line shows.
const longest = 160

func shorten(s string) string {
	if len(s) <= longest {
		return s
	}
	return fmt.Sprintf("%s… (%d more)", strings.ToValidUTF8(s[:longest], ""), len(s)-longest)
}
