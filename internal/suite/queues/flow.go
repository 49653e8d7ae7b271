package queues

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"shmkit/ring"
)

// flow is what somebody has taken, by sender and number.
type flow map[uint64]*big.Int

// add fails if m was there before.
func (f flow) add(m Message) error {
	if f[m.From] == nil {
		f[m.From] = new(big.Int)
	}
	if f[m.From].Bit(int(m.N)) > 0 {
		return fmt.Errorf("queues: %d of %d came twice: %w", m.N, m.From, errFlow)
	}
	f[m.From].SetBit(f[m.From], int(m.N), 1)
	return nil
}

var errFlow = errors.New("queues: not what was sent")

// text is f in an answer.
func (f flow) text() string {
	var all []string
	for from, bits := range f {
		all = append(all, fmt.Sprintf("%d:%x", from, bits))
	}
	return strings.Join(all, ",")
}

// merge adds what an answer tells; it fails if some of it is in f.
func (f flow) merge(text string) error {
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, bits, _ := strings.Cut(part, ":")
		who, err := strconv.ParseUint(from, 10, 64)
		b, ok := new(big.Int).SetString(bits, 16)
		if err != nil || !ok {
			return fmt.Errorf("queues: answer %q: %w", text, errFlow)
		}
		if f[who] == nil {
			f[who] = new(big.Int)
		}
		if new(big.Int).And(f[who], b).Sign() != 0 {
			return fmt.Errorf("queues: two have taken the same of %d: %w", who, errFlow)
		}
		f[who].Or(f[who], b)
	}
	return nil
}

// whole fails unless f is the messages 0 to each-1 of so many senders.
func (f flow) whole(senders, each int) error {
	all := new(big.Int).Lsh(big.NewInt(1), uint(each))
	all.Sub(all, big.NewInt(1))
	for from := range uint64(senders) {
		if f[from] == nil || f[from].Cmp(all) != 0 {
			return fmt.Errorf("queues: messages of %d are lost: %w", from, errFlow)
		}
	}
	if len(f) != senders {
		return fmt.Errorf("queues: %d senders: %w", len(f), errFlow)
	}
	return nil
}

// produce puts so many messages from somebody.
func produce(q Queue, from, n string) string {
	who, _ := strconv.ParseUint(from, 10, 64)
	count, _ := strconv.ParseUint(n, 10, 64)
	for i := range count {
		if err := q.Put(MessageOf(who, i)); err != nil {
			return outcomes.Of(err)
		}
	}
	return "ok"
}

// consume takes all until the queue is closed, and answers with what it was.
func consume(q Queue) string {
	f, err := taken(q)
	if err != nil {
		return err.Error()
	}
	return "took " + f.text()
}

// taken is all that is taken until the queue is closed. It fails if a message is torn, or
// comes twice, or after a later one of its sender.
func taken(q Queue) (flow, error) {
	f, last := flow{}, map[uint64]uint64{}
	for {
		m, err := q.Get()
		switch n, seen := last[m.From]; {
		case errors.Is(err, ring.ErrClosed):
			return f, nil
		case err != nil:
			return nil, err
		case !m.Whole():
			return nil, fmt.Errorf("queues: torn: %+v: %w", m, errFlow)
		case seen && m.N <= n:
			return nil, fmt.Errorf("queues: %d after %d of %d: %w", m.N, n, m.From, errFlow)
		}
		last[m.From] = m.N
		if err := f.add(m); err != nil {
			return nil, err
		}
	}
}
