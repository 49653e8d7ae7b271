package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Version is of frames and of all that is in them.
const Version = 1

// HeaderLen is the length of a frame's header in bytes, the length field included.
const HeaderLen = 40

// lengthLen is how long the length field is, which does not count itself.
const lengthLen = 4

// MaxFrame is the length of the longest frame that any limit allows, in bytes.
const MaxFrame = 256 << 20

// A Kind says what a frame is.
type Kind uint8

// Kinds of frames. C is sent by clients, S by servers, L is only in logs.
const (
	Hello   Kind = 1  // C: the first frame: which session, what limits; see Greeting
	Welcome Kind = 2  // S: the answer to Hello; see Greeting
	Request Kind = 3  // C: call a method of an object. Call 0 wants no answer
	Reply   Kind = 4  // S: what a call gave
	Failure Kind = 5  // S: why a call gave nothing, or the connection ends (call 0); see Fault
	Cancel  Kind = 6  // C: the caller waits no more for that call, which answers nevertheless
	Ack     Kind = 7  // C: the results of all calls up to that one have come
	Goodbye Kind = 8  // C: the session ends, and has parted with all its objects. S: the server goes; answers to nothing
	Ping    Kind = 9  // either: answer with a Pong with this call
	Pong    Kind = 10 // either
	Tell    Kind = 11 // C: a Request that is not answered; call counts these, from 1. One that was applied does nothing

	Begin   Kind = 64 // L: a server begins: object is the first id, sessions are without connections
	Open    Kind = 65 // L: the session begins; body is Limits
	Expire  Kind = 66 // L: the session ends, and gives back all that it has
	Timeout Kind = 67 // L: the deadline of that call has passed
	Grant   Kind = 68 // L: hand on what is free of that object
	Done    Kind = 69 // L: what ran beside the host for that call has ended; body is an Outcome
	Forget  Kind = 70 // L: nobody claimed what was handed over by that call
)

// A Frame is a message, or a record of a log. Body is the caller's, or part of what it was
// read from.
type Frame struct {
	Kind    Kind
	Method  Method
	Session uint64
	Call    uint64 // unique in its session, and ascending
	Object  uint64 // 0 is the server itself
	// Deadline is how long the call may wait, in nanoseconds from when the server has it:
	// 0 as long as it takes, less than 0 not at all.
	Deadline int64
	Body     []byte
}

// ErrFrame: bytes are no frame. Test with errors.Is; see FrameError.
var ErrFrame = errors.New("wire: bad frame")

// A FrameError tells what is wrong with a frame. Is ErrFrame. It is plain data.
type FrameError struct {
	Field string
	Value uint64
	Want  string
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("wire: bad frame: %s is %d, want %s", e.Field, e.Value, e.Want)
}

// Is makes errors.Is(err, ErrFrame) true.
func (e *FrameError) Is(target error) bool { return target == ErrFrame }

// Len is how many bytes f takes.
func (f *Frame) Len() int { return HeaderLen + len(f.Body) }

// Append appends f to b.
//
// Preconditions:
//   - f is not longer than MaxFrame
func Append(b []byte, f *Frame) []byte {
	b = AppendHeader(b, f, len(f.Body))
	return append(b, f.Body...)
}

// AppendHeader appends the header of f with a body of that length, which the caller appends.
func AppendHeader(b []byte, f *Frame, body int) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(HeaderLen-lengthLen+body))
	b = append(b, Version, byte(f.Kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(f.Method))
	b = binary.LittleEndian.AppendUint64(b, f.Session)
	b = binary.LittleEndian.AppendUint64(b, f.Call)
	b = binary.LittleEndian.AppendUint64(b, f.Object)
	return binary.LittleEndian.AppendUint64(b, uint64(f.Deadline))
}

// Cut reads the first frame of b, which may be limit bytes long, and gives what follows it.
// Body refers to b.
// Errors: *FrameError.
func Cut(b []byte, limit int) (f Frame, rest []byte, err error) {
	if len(b) < HeaderLen {
		return f, b, &FrameError{"bytes that are left", uint64(len(b)), fmt.Sprintf("a header of %d bytes", HeaderLen)}
	}
	n := uint64(binary.LittleEndian.Uint32(b)) + lengthLen
	switch {
	case n < HeaderLen:
		return f, b, &FrameError{"length", n - lengthLen, fmt.Sprintf("at least %d", HeaderLen-lengthLen)}
	case n > uint64(limit):
		return f, b, &FrameError{"length", n - lengthLen, fmt.Sprintf("at most %d", limit-lengthLen)}
	case n > uint64(len(b)):
		return f, b, &FrameError{"length", n - lengthLen, fmt.Sprintf("at most the %d bytes that are there", len(b)-lengthLen)}
	case b[4] != Version:
		return f, b, &FrameError{"version", uint64(b[4]), fmt.Sprintf("%d", Version)}
	}
	f.Kind = Kind(b[5])
	f.Method = Method(binary.LittleEndian.Uint16(b[6:]))
	f.Session = binary.LittleEndian.Uint64(b[8:])
	f.Call = binary.LittleEndian.Uint64(b[16:])
	f.Object = binary.LittleEndian.Uint64(b[24:])
	f.Deadline = int64(binary.LittleEndian.Uint64(b[32:]))
	f.Body = b[HeaderLen:n:n]
	return f, b[n:], nil
}
