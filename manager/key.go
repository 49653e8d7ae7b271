package manager

import (
	"fmt"
	"math"
	"reflect"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
)

// keys is how keys of type K travel. Who makes one calls prepare.
type keys[K comparable] struct{ form form }

// prepare chooses the form of K.
// Errors: ErrType if a K is no key.
func (k *keys[K]) prepare() error {
	f := formsOf(reflect.TypeFor[K]())
	k.form = f.key
	return f.keyErr
}

// append appends key as a Key, without its length.
// Errors: ErrType.
func (k *keys[K]) append(b []byte, key *K) ([]byte, error) { return appendKey(b, k.form, key) }

// appendSized appends key as a Key, with its length.
func (k *keys[K]) appendSized(b []byte, key *K) ([]byte, error) {
	at := len(b)
	b, err := k.append(append(b, 0, 0, 0, 0), key)
	wire.PutLength(b[at:], len(b)-at-4)
	return b, err
}

// appendAll appends uint n, n × key.
func (k *keys[K]) appendAll(b []byte, all []K) ([]byte, error) {
	b = wire.AppendUint(b, uint64(len(all)))
	for i := range all {
		var err error
		if b, err = k.appendSized(b, &all[i]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// read reads a Key.
// Errors: ErrType.
func (k *keys[K]) read(key wire.Key) (x K, err error) {
	err = readKey(k.form, key, &x)
	return x, err
}

func appendKey[K any](b []byte, f form, key *K) ([]byte, error) {
	switch k := reflect.Kind(f); {
	case k == reflect.String:
		return wire.AppendKeyText(b, *text(key)), nil
	case k == reflect.Bool:
		return wire.AppendKeyBool(b, bits(f, key) != 0), nil
	case k <= reflect.Int64:
		return wire.AppendKeyInt(b, int64(bits(f, key))), nil
	case k <= reflect.Uint64:
		return wire.AppendKeyUint(b, bits(f, key)), nil
	case k <= reflect.Float64:
		return wire.AppendKeyFloat(b, math.Float64frombits(bits(f, key))), nil
	case f == formBytes:
		return wire.AppendKeyBytes(b, memory(key)), nil
	}
	on := *key // the heap, which key and b need not be on
	var item []byte
	var err error
	if f == formEncoded {
		item, err = appendEncodedKey(nil, &on)
	} else {
		item, err = appendAnyKey(nil, on)
	}
	return append(b, item...), err
}

func appendEncodedKey(b []byte, key any) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.Encode(buf, key); err != nil {
		return b, fmt.Errorf("manager: %w", err)
	}
	return append(append(b, wire.KeyOther), buf.Bytes()...), nil
}

// appendAnyKey appends a key that is what it is.
func appendAnyKey(b []byte, key any) ([]byte, error) {
	switch key := key.(type) {
	case string:
		return wire.AppendKeyText(b, key), nil
	case int:
		return wire.AppendKeyInt(b, int64(key)), nil
	case nil:
		return b, fmt.Errorf("%w: nil is no key", ErrType)
	}
	v := reflect.ValueOf(key)
	f := formsOf(v.Type())
	switch k := reflect.Kind(f.key); {
	case f.keyErr != nil:
		return b, f.keyErr
	case k == reflect.String:
		return wire.AppendKeyText(b, v.String()), nil
	case k == reflect.Bool:
		return wire.AppendKeyBool(b, v.Bool()), nil
	case v.CanInt():
		return wire.AppendKeyInt(b, v.Int()), nil
	case v.CanUint():
		return wire.AppendKeyUint(b, v.Uint()), nil
	case v.CanFloat():
		return wire.AppendKeyFloat(b, v.Float()), nil
	case f.key == formBytes:
		b = append(b, wire.KeyBytes)
		for i := range v.Len() {
			b = append(b, byte(v.Index(i).Uint()))
		}
		return b, nil
	}
	return appendEncodedKey(b, key)
}

func readKey[K any](f form, key wire.Key, to *K) error {
	k := reflect.Kind(f)
	first := byte(0)
	if len(key) > 0 {
		first = key[0]
	}
	number, _ := key.Number()
	ok := false
	switch {
	case k == reflect.String && first == wire.KeyText:
		*text(to), ok = string(key[1:]), true
	case k == reflect.Bool:
		ok = first == wire.KeyTrue || first == wire.KeyFalse
		ok = ok && setBits(f, to, uint64(first-wire.KeyFalse))
	case k <= reflect.Float64:
		var n uint64
		switch x := number.(type) {
		case int64:
			n, ok = uint64(x), k <= reflect.Int64 || k <= reflect.Uint64 && x >= 0
		case uint64:
			n, ok = x, k > reflect.Int64 && k <= reflect.Uint64 || k <= reflect.Int64 && int64(x) >= 0
		case float64:
			n, ok = math.Float64bits(x), k > reflect.Uint64
		}
		ok = ok && setBits(f, to, n)
	case f == formBytes && first == wire.KeyBytes:
		ok = copy(memory(to), key[1:]) == len(key)-1 && len(memory(to)) == len(key)-1
	case f == formEncoded && first == wire.KeyOther:
		on := new(K)
		err := codec.Decode(key[1:], on)
		*to, ok = *on, err == nil
	case f == formAny:
		x, err := readAnyKey(key)
		if err != nil {
			return err
		}
		*to, ok = x.(K)
	}
	if !ok {
		return &TypeError{Name: "key", Got: fmt.Sprintf("%x", []byte(key)), Want: reflect.TypeFor[K]().String()}
	}
	return nil
}

// readAnyKey gives what a key is: bool, int, uint, float64, string, an array of bytes, or what
// CBOR gives for others.
func readAnyKey(key wire.Key) (any, error) {
	if n, ok := key.Number(); ok {
		switch n := n.(type) {
		case int64:
			return int(n), nil
		case uint64:
			return uint(n), nil
		}
		return n, nil
	}
	if len(key) > 0 {
		switch key[0] {
		case wire.KeyFalse, wire.KeyTrue:
			return key[0] == wire.KeyTrue, nil
		case wire.KeyText:
			return string(key[1:]), nil
		case wire.KeyBytes:
			v := reflect.New(reflect.ArrayOf(len(key)-1, reflect.TypeFor[byte]())).Elem()
			reflect.Copy(v, reflect.ValueOf([]byte(key[1:])))
			return v.Interface(), nil
		case wire.KeyOther:
			var x any
			if err := codec.Decode(key[1:], &x); err == nil && reflect.ValueOf(x).Comparable() {
				return x, nil
			}
		}
	}
	return nil, &TypeError{Name: "key", Got: fmt.Sprintf("%x", []byte(key)), Want: "any"}
}
