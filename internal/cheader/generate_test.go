package cheader

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shmkit/internal/layout"
)

var write = flag.Bool("write", false, "write the derived files instead of comparing them")

const root = "../.."

func TestGenerate(t *testing.T) {
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		full := filepath.Join(root, path)
		have, err := os.ReadFile(full)
		if err == nil && string(have) == want {
			continue
		}
		if !*write {
			t.Errorf("%s is stale; run: go test ./internal/cheader -write", path)
			continue
		}
		if err := os.WriteFile(full, []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryConstantIsInTheHeader(t *testing.T) {
	c, err := readComments(filepath.Join(root, "internal", "layout"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, g := range constantGroups() {
		for _, d := range g.Defines {
			listed[d.GoName] = true
		}
	}
	for _, name := range c.constants {
		if !listed[name] {
			t.Errorf("layout.%s is not in constantGroups", name)
		}
	}
}

func TestSnake(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"SegmentID", "segment_id"}, {"PIDNS", "pidns"}, {"SeenNS", "seen_ns"}, {"Word", "word"},
		{"CreatorPID", "creator_pid"}, {"HeaderSize", "header_size"}, {"OwnerMutex32", "owner_mutex32"},
		{"IDOfX", "id_of_x"},
	} {
		if got := snake(tt.name); got != tt.want {
			t.Errorf("snake(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The compiler's own idea of the offsets (-asmhdr) must be the one of reflection.
func TestOffsetsOfTheCompiler(t *testing.T) {
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	path := filepath.Join(t.TempDir(), "layout.h")
	cmd := exec.Command(gotool, "build", "-gcflags=-asmhdr="+path, "./internal/layout")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	have := readDefines(t, path)
	for _, s := range layout.Structs() {
		name := s.Type.Name()
		if want := uint64(s.Type.Size()); have[name+"__size"] != want {
			t.Errorf("%s: size %d, compiler says %d", name, want, have[name+"__size"])
		}
		for i := range s.Type.NumField() {
			f := s.Type.Field(i)
			got, ok := have[name+"_"+f.Name]
			if f.Name != "_" && (!ok || got != uint64(f.Offset)) {
				t.Errorf("%s.%s: offset %d, compiler says %d (listed: %v)", name, f.Name, f.Offset, got, ok)
			}
		}
	}
	for _, g := range constantGroups() {
		for _, d := range g.Defines {
			if got, ok := have["const_"+d.GoName]; ok && got != d.Value {
				t.Errorf("%s: %d, compiler says %d", d.GoName, d.Value, got)
			}
		}
	}
}

func readDefines(t *testing.T, path string) map[string]uint64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]uint64{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "#define" {
			if n, err := strconv.ParseUint(words[2], 0, 64); err == nil {
				out[words[1]] = n
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no #define in %s", path)
	}
	return out
}
