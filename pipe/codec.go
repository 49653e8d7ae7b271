package pipe

import (
	"reflect"

	"shmkit/internal/codec"
)

func encode(buf *codec.Buffer, v any) (err error) {
	if t := reflect.TypeOf(v); t != nil {
		err = codec.Check(t, false)
	}
	if err == nil {
		err = codec.Encode(buf, v)
	}
	if err != nil {
		return &CodecError{"encode", err}
	}
	return nil
}

func decode(b []byte, v any) error {
	if err := codec.Decode(b, v); err != nil {
		return &CodecError{"decode", err}
	}
	return nil
}
