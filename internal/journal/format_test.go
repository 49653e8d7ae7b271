package journal

import (
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the example of docs/journal.md instead of comparing it")

const (
	doc   = "../../docs/journal.md"
	begin = "<!-- generated: go test ./internal/journal -run Example -write -->\n"
	end   = "<!-- end -->\n"
)

// example is a log that was compacted once, with three records after that, the last two of which
// were synced together. It is made of the parts, as a log has a salt that nobody knows.
func example() []byte {
	h := header{compacted: 1, index: 2, length: 5, salt: 0x0706050403020100}
	snapshot := append([]byte("state"), 0, 0, 0)
	h.snapshot = crc32.Checksum(snapshot, castagnoli)
	b := append(h.encode(), snapshot...)
	b = appendRecord(b, h.salt, 3, 0, []byte{1})
	b = appendRecord(b, h.salt, 4, 0, []byte("12345678"))
	return appendRecord(b, h.salt, 5, joined, []byte("and these are 17"+"!"))
}

// The example of the document is what this package writes, byte for byte.
func TestExampleOfTheDocument(t *testing.T) {
	have := string(readFile(t, doc))
	before, rest, ok := strings.Cut(have, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the example", doc)
	}
	want := before + begin + "\n```\n" + dump(example()) + "```\n\n" + end + after
	if have == want {
		return
	}
	if !*write {
		t.Fatalf("%s is stale; run: go test ./internal/journal -run Example -write", doc)
	}
	if err := os.WriteFile(doc, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func dump(b []byte) string {
	var out strings.Builder
	for at := 0; at < len(b); at += 8 {
		fmt.Fprintf(&out, "%4d  % x\n", at, b[at:at+8])
	}
	return out.String()
}

// The bytes that are written here, once and for all, are read.
func TestVector(t *testing.T) {
	const vector = "53484d4b4c4f470a01000000000000000100000000000000020000000000000005000000000000000001020304050607" +
		"8edff7470000000000000000a1b57c427374617465000000010000006fe7352703010203040506070100000000000000" +
		"080000003fb38fc404010203040506073132333435363738110000801712871d0501020304050607616e642074686573" +
		"65206172652031372100000000000000"
	b, err := hex.DecodeString(vector)
	if err != nil {
		t.Fatal(err)
	}
	if have := hex.EncodeToString(example()); have != vector {
		t.Errorf("the format has changed without a new version:\n%s", have)
	}
	path := logPath(t)
	writeFile(t, path, b)
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var have []string
	if err := l.Replay(func(r io.Reader) error {
		b, err := io.ReadAll(r)
		have = append(have, string(b))
		return err
	}, func(index uint64, b []byte) error {
		have = append(have, fmt.Sprintf("%d:%s", index, b))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(have, " "), "state 3:\x01 4:12345678 5:and these are 17!"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
