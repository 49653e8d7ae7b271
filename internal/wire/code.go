package wire

import "fmt"

// A Code says what kind of error a Fault is. Package manager has an error for each.
type Code uint16

// Codes of errors. A number is never given a new meaning.
const (
	CodeOK             Code = 0
	CodeInternal       Code = 1 // the server has a bug
	CodeBadFrame       Code = 2 // ErrFrame
	CodeBadBody        Code = 3 // ErrBody
	CodeNoMethod       Code = 4 // the object has no such method, or does not expose it
	CodeNoObject       Code = 5
	CodeWrongType      Code = 6
	CodeNoSession      Code = 7 // expired
	CodeTooOld         Code = 8 // the result of that call is not kept any more
	CodeTooMuch        Code = 9 // a limit of the connection or the session
	CodeExists         Code = 10
	CodeNotFound       Code = 11 // no such name, key or item
	CodeRange          Code = 12 // an index outside
	CodeCancelled      Code = 13 // by the caller
	CodeTimedOut       Code = 14 // its deadline passed
	CodeWouldWait      Code = 15 // deadline less than 0
	CodeShutdown       Code = 16 // the server is shutting down
	CodeArgument       Code = 17 // an argument has no meaning
	CodeChanged        Code = 18 // a transaction's condition did not hold
	CodeFull           Code = 19 // of a queue
	CodeEmpty          Code = 20 // of a queue
	CodeClosed         Code = 21 // of a queue
	CodeOwnerDied      Code = 22 // the lock is held; its last holder died with it
	CodeInconsistent   Code = 23 // a writer died and nobody has repaired
	CodeNotRecoverable Code = 24 // one who was told of a death gave the lock back unrepaired
	CodeNotHeld        Code = 25 // by this client
	CodeConsistent     Code = 26 // nothing is to be repaired
	CodeTooMany        Code = 27 // of a semaphore: released
	CodeCount          Code = 28 // a number that is none of permits, parties, …
	CodeBroken         Code = 29 // of a barrier
	CodeTaskDone       Code = 30 // more done than taken
	CodeNoItem         Code = 31 // the message is not held by this client
	CodeUser           Code = 32 // an error of a registered method, encoded as package process does
	CodePanic          Code = 33 // a registered method panicked
	CodeNoType         Code = 34 // nothing is registered under that name
	CodeTask           Code = 35 // an error of a pool's task, encoded as package process does
	CodeNotRunning     Code = 36 // of a pool
	CodeRestarted      Code = 37 // the server was restarted while the call ran beside the host
	CodeLog            Code = 38 // the log could not be written: what was asked is not done
	CodeDenied         Code = 39 // the server does not let clients do that
	CodeReleased       Code = 40 // the session gave up its last reference to the object meanwhile
)

// A Fault is an error as it travels. Stack is that of the server, if it helps.
type Fault struct {
	Code  Code
	Text  string
	Data  []byte // what an error of that code carries besides
	Stack string
}

// NewFault makes a Fault.
func NewFault(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Text: fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string { return f.Text }

// AppendFault appends f: uint code, text, bytes data, text stack.
func AppendFault(b []byte, f *Fault) []byte {
	b = AppendUint(b, uint64(f.Code))
	b = AppendText(b, f.Text)
	b = AppendBytes(b, f.Data)
	return AppendText(b, f.Stack)
}

// ReadFault reads a Fault; its memory is its own.
func ReadFault(body []byte) (*Fault, error) {
	r := Read(body)
	f := &Fault{Code: Code(r.Uint()), Text: r.Text()}
	f.Data = append([]byte(nil), r.Bytes()...)
	f.Stack = r.Text()
	return f, r.End()
}
