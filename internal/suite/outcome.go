package suite

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Outcomes are the names of errors in answers, the same in every language.
type Outcomes map[string]error

// Of is err in an answer.
func (o Outcomes) Of(err error) string {
	if err == nil {
		return "ok"
	}
	for name, e := range o {
		if errors.Is(err, e) {
			return name
		}
	}
	return err.Error()
}

// Tried is the answer of a call that does not wait.
func (o Outcomes) Tried(ok bool, err error) string {
	if err == nil && !ok {
		return "busy"
	}
	return o.Of(err)
}

// Limit is the context of a call whose argument i, if it is there, is a time limit in
// milliseconds.
func Limit(args []string, i int) (context.Context, context.CancelFunc) {
	if i >= len(args) {
		return context.WithCancel(context.Background())
	}
	ms, _ := strconv.Atoi(args[i])
	return context.WithTimeout(context.Background(), time.Duration(ms)*time.Millisecond)
}
