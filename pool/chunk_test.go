package pool_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"shmkit/pool"
)

// An argument that cannot be encoded fails alone, whoever makes the chunk that it is in.
func TestOneOfAChunkIsNotEncoded(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for _, how := range []string{"error", "panic"} {
		list := make([]brittle, 10)
		for i := range list {
			list[i] = brittle{Home: os.Getpid(), Load: []byte{byte(i)}}
		}
		list[3].Stage, list[3].How = encodeArgument, how
		list[8] = list[3]
		want := map[byte]bool{}
		for i, b := range list {
			if b.Stage == "" {
				want[byte(i)] = true
			}
		}
		check := func(name string, got map[byte]bool, failed int) {
			if failed != 2 || len(got) != len(want) {
				t.Errorf("%s, %s: %d failed, of the others there are %v", name, how, failed, got)
			}
		}
		results, err := pool.Map(context.Background(), p, carry, list, pool.ChunkSize(5))
		var bad *pool.MapError
		if !errors.As(err, &bad) {
			t.Fatalf("Map, %s: %v", how, err)
		}
		got := map[byte]bool{}
		for _, r := range results {
			if r.Load != nil {
				got[r.Load[0]] = true
			}
		}
		check("Map", got, len(bad.Items))
		got, failed, order := map[byte]bool{}, 0, []byte(nil)
		for r, err := range pool.Imap(context.Background(), p, carry, slices.Values(list), pool.ChunkSize(5)) {
			if err != nil {
				failed++
				continue
			}
			got[r.Load[0]] = true
			order = append(order, r.Load[0])
		}
		check("Imap", got, failed)
		if !slices.IsSorted(order) {
			t.Errorf("Imap, %s: in the order %v", how, order)
		}
		got, failed = map[byte]bool{}, 0
		for r, err := range pool.ImapUnordered(context.Background(), p, carry, slices.Values(list), pool.ChunkSize(5)) {
			if err != nil {
				failed++
				continue
			}
			got[r.Load[0]] = true
		}
		check("ImapUnordered", got, failed)
	}
}

// An argument that ends the goroutine that encodes it takes the input with it, and no result
// of those that came before it.
func TestEncodingEndsTheInput(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for range 20 {
		list := make([]brittle, 8)
		for i := range list {
			list[i] = brittle{Home: os.Getpid(), Load: []byte{byte(i)}}
		}
		list[5].Stage, list[5].How = encodeArgument, "goexit"
		good, bad := 0, 0
		for _, err := range pool.ImapUnordered(context.Background(), p, carry, slices.Values(list)) {
			if err == nil {
				good++
			} else {
				bad++
			}
		}
		if good != 5 || bad != 2 { // the argument, and the input
			t.Fatalf("%d results, %d errors", good, bad)
		}
	}
}
