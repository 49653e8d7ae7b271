//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"fmt"

	"shmkit/ring"
)

// takeAll takes and acknowledges all that a queue has, and tells of each message whose it
// is: "" is left out.
func takeAll[T any](tryLease func() (*ring.Lease[T], error), whose func(T) (string, error)) ([]string, error) {
	found := []string{}
	for {
		l, err := tryLease()
		if errors.Is(err, ring.ErrEmpty) {
			break
		}
		if err != nil {
			return nil, err
		}
		what, err := whose(*l.Value)
		if err != nil {
			return nil, err
		}
		if what != "" {
			if l.Deliveries() > 0 {
				what += " again"
			}
			found = append(found, what)
		}
		if err := l.Ack(); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		found = append(found, "empty")
	}
	return found, nil
}

// whoseParcel tells whose a parcel is, which is an error if it is torn.
func whoseParcel(p parcel) (string, error) {
	if p != parcelOf(p[0]) {
		return "", fmt.Errorf("torn: %v", p)
	}
	return map[uint64]string{fromVictim: "victim's", fromResident: "resident's"}[p[0]/100*100], nil
}

// loanAll takes every block of a queue that is free.
func loanAll[T any](q *ring.Queue[T]) (loans []*ring.Loan[T], err error) {
	for {
		l, err := q.TryLoan()
		if errors.Is(err, ring.ErrFull) {
			return loans, nil
		}
		if err != nil {
			return nil, err
		}
		loans = append(loans, l)
	}
}
