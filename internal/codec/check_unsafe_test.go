package codec

import (
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"regexp"
	"sync"
	"testing"
	"time"
	"unsafe"
)

type (
	hidden   struct{ n int }
	base     struct{ N int }
	withText struct {
		R *regexp.Regexp
		A netip.Addr
		B big.Int
		T time.Time
	}
	list struct {
		Next *list
		V    []string
	}
	badList struct {
		V    string
		Next *badList
		done chan int
	}
	deep struct {
		Jobs map[string][]*struct{ Done func() }
	}
	embeds struct {
		base
		V string
	}
	embedsHidden struct {
		V string
		hidden
	}
	shadows struct {
		base
		N string
	}
	left struct {
		V    string
		mu   sync.Mutex `cbor:"-"`
		_    int
		none struct{}
	}
	stamped struct {
		time.Time
		Note string
	}
	stamp     struct{ time.Time }
	ownStamp  struct{ stamped }
	nearStamp struct {
		stamped
		V int
	}
	text  struct{ s string }
	marks chan int
)

func (*ownStamp) MarshalBinary() ([]byte, error) { return nil, nil }
func (nearStamp) MarshalBinary() ([]byte, error) { return nil, nil }
func (t *text) MarshalText() ([]byte, error)     { return []byte(t.s), nil }
func (t *text) UnmarshalText(b []byte) error     { t.s = string(b); return nil }
func (marks) MarshalBinary() ([]byte, error)     { return []byte{1}, nil }
func (*marks) UnmarshalBinary(_ []byte) error    { return nil }
func use[T any](v T) (T, error) {
	b := NewBuffer()
	defer b.Free()
	err := Encode(b, &v)
	var w T
	return w, errors.Join(err, Decode(b.Bytes(), &w))
}
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Nobody reads what is only there to be refused.
var _ = []any{embedsHidden{hidden: hidden{n: 1}}, badList{done: nil}, &left{mu: sync.Mutex{}, none: struct{}{}}}

// What cannot be sent is told, and where it is.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		t     reflect.Type
		field string
		never bool
		lost  bool
	}{
		{t: typeOf[string]()},
		{t: typeOf[any]()},
		{t: typeOf[error]()},
		{t: typeOf[withText]()},
		{t: typeOf[*list]()},
		{t: typeOf[embeds]()},
		{t: typeOf[left]()},
		{t: typeOf[[]marks]()},
		{t: typeOf[map[text]text]()},
		{t: typeOf[chan int](), never: true},
		{t: typeOf[func()](), never: true},
		{t: typeOf[unsafe.Pointer](), never: true},
		{t: typeOf[[]uintptr](), field: "[]", never: true},
		{t: typeOf[[]complex128](), field: "[]", never: true},
		{t: typeOf[map[chan int]string](), field: "[key]", never: true},
		{t: typeOf[**deep](), field: "Jobs[][].Done", never: true},
		{t: typeOf[hidden](), field: "n", lost: true},
		{t: typeOf[[]hidden](), field: "[].n", lost: true},
		{t: typeOf[badList](), field: "done", lost: true},
		{t: typeOf[embedsHidden](), field: "hidden.n", lost: true},
		{t: typeOf[stamp]()},
		{t: typeOf[ownStamp]()},
		{t: typeOf[nearStamp]()},
		{t: typeOf[[]*stamped](), field: "[].Note", lost: true},
		{t: typeOf[struct {
			stamped
			V int
		}](), field: "V", lost: true},
		{t: typeOf[shadows](), field: "base.N", lost: true},
	} {
		for _, lossy := range []bool{false, true} {
			err := Check(c.t, lossy)
			var f *FieldError
			bad := c.never || c.lost && !lossy
			if errors.As(err, &f) != bad || bad && (f.Field != c.field || f.Lost == c.never) {
				t.Errorf("%v, lossy %v: %v", c.t, lossy, err)
			}
		}
	}
}

// What says of itself how it is encoded arrives whole, as text too.
func TestOwnMethods(t *testing.T) {
	v := withText{regexp.MustCompile("a+b"), netip.MustParseAddr("::1"), *big.NewInt(7), time.Unix(3, 4).UTC()}
	w, err := use(v)
	if err != nil || w.R.String() != v.R.String() || w.A != v.A || w.B.Cmp(&v.B) != 0 || !w.T.Equal(v.T) {
		t.Errorf("%+v, %v", w, err)
	}
	m, err := use(map[text]text{{"a"}: {"b"}})
	if err != nil || m[text{"a"}] != (text{"b"}) {
		t.Errorf("%+v, %v", m, err)
	}
}
