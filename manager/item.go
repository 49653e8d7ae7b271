package manager

import (
	"math"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
)

// appendItem appends v as an Item.
func appendItem[T any](b []byte, v *T) ([]byte, error) {
	switch v := any(v).(type) {
	case *int:
		return wire.AppendInt64(b, int64(*v)), nil
	case *int64:
		return wire.AppendInt64(b, *v), nil
	case *int32:
		return wire.AppendInt64(b, int64(*v)), nil
	case *uint64:
		return wire.AppendUint64(b, *v), nil
	case *float64:
		return wire.AppendFloat64(b, *v), nil
	case *string:
		return append(append(b, byte(wire.TagText)), *v...), nil
	case *[]byte:
		return append(append(b, byte(wire.TagBlob)), *v...), nil
	}
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.Encode(buf, v); err != nil {
		return b, err
	}
	return append(append(b, byte(wire.TagEncoded)), buf.Bytes()...), nil
}

// readItem reads an Item into v.
func readItem[T any](item wire.Item, v *T) error {
	bits, number := item.Number()
	switch v := any(v).(type) {
	case *int:
		if number && item.Tag() == wire.TagInt {
			*v = int(bits)
			return nil
		}
	case *int64:
		if number && item.Tag() == wire.TagInt {
			*v = int64(bits)
			return nil
		}
	case *uint64:
		if number && item.Tag() == wire.TagUint {
			*v = bits
			return nil
		}
	case *float64:
		if number && item.Tag() == wire.TagFloat {
			*v = math.Float64frombits(bits)
			return nil
		}
	case *string:
		if item.Tag() == wire.TagText {
			*v = string(item.Payload())
			return nil
		}
	case *[]byte:
		if item.Tag() == wire.TagBlob {
			*v = append([]byte(nil), item.Payload()...)
			return nil
		}
	}
	if item.Tag() == wire.TagEncoded {
		return codec.Decode(item.Payload(), v)
	}
	return ErrType
}
