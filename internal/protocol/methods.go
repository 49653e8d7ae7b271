package protocol

import (
	"regexp"
	"slices"
	"strings"
)

// A Kind is a type of objects.
type Kind struct {
	Name    string
	Number  byte
	Doc     string // of its methods
	Created string // the arguments of Create
	Methods []Method
}

// A Method is one of a type, or of the server.
type Method struct {
	Name        string
	Number      uint16
	Body, Reply string
}

// like are types whose methods have the numbers and the comments of another one.
var like = map[string]string{"JoinableQueue": "Queue", "BoundedSemaphore": "Semaphore"}

var created = regexp.MustCompile(`Created with:? ([^.]*)\.`)

// Kinds are all types, in the order of their numbers, with their methods.
func (s *Source) Kinds() []Kind {
	_, all := s.Of("Type")
	var kinds []Kind
	for _, c := range all {
		k := Kind{Name: strings.TrimPrefix(c.Name, "Type"), Number: byte(c.Value)}
		if k.Name == "Joinable" {
			k.Name = "JoinableQueue"
		}
		k.Methods, k.Doc = s.methods(k.Number)
		if i := slices.IndexFunc(kinds, func(o Kind) bool { return o.Name == like[k.Name] }); i >= 0 {
			k = as(kinds[i], k)
		}
		if m := created.FindStringSubmatch(k.Doc); m != nil {
			k.Created = m[1]
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// as is k with the methods of o.
func as(o, k Kind) Kind {
	k.Doc, k.Methods = o.Doc, slices.Clone(o.Methods)
	for i := range k.Methods {
		k.Methods[i].Number = uint16(k.Number)<<8 | k.Methods[i].Number&0xff
	}
	return k
}

func (s *Source) methods(number byte) (methods []Method, doc string) {
	for _, g := range s.Groups {
		for _, c := range g.Constants {
			if c.Type != "Method" || byte(c.Value>>8) != number || slices.ContainsFunc(methods, func(m Method) bool { return int64(m.Number) == c.Value }) {
				continue
			}
			if !strings.Contains(doc, g.Doc) {
				doc = strings.TrimSpace(doc + " " + g.Doc)
			}
			body, reply, _ := strings.Cut(c.Comment, "→")
			methods = append(methods, Method{c.Name, uint16(c.Value), strings.TrimSpace(body), strings.TrimSpace(reply)})
		}
	}
	return methods, doc
}
