package pipe

import "shmkit/internal/codec"

func encode(buf *codec.Buffer, v any) error {
	if err := codec.Encode(buf, v); err != nil {
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
