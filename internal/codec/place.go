package codec

// EncodeFrom is Encode of *v. An int makes no garbage on its way.
func EncodeFrom[T any](buf *Buffer, v *T) error {
	if v, ok := any(v).(*int); ok {
		buf.integer(*v)
		return nil
	}
	return Encode(buf, *v)
}

// DecodeTo is Decode into *v, which is zero. An int makes no garbage on its way.
func DecodeTo[T any](b []byte, v *T) error {
	if v, ok := any(v).(*int); ok && decodeInt(b, v) {
		return nil
	}
	on := new(T) // the heap: its own methods may keep it
	err := Decode(b, on)
	*v = *on
	return err
}

func (b *Buffer) integer(v int) {
	major := byte(majorUint)
	if v < 0 {
		major, v = majorNegative, ^v
	}
	b.Write(appendHead(b.AvailableBuffer(), major, uint64(v)))
}

// BytesRoom is how long v is when it is encoded, at most.
func BytesRoom(v []byte) int { return headRoom + len(v) }

// AppendBytes appends v, encoded, to b. v is not nil.
func AppendBytes(b, v []byte) []byte {
	return append(appendHead(b, majorBytes, uint64(len(v))), v...)
}
