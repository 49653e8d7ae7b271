package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"shmkit/array"
	"shmkit/shm"
)

// numpy maps what Go made, sees it and changes it.
func TestNumpy(t *testing.T) {
	seg := sample(t)
	out := python(t, seg, `
assert list(prices) == [1, 2, 3] and prices.dtype == 'f8'
assert points['X'][0] == 1.5 and list(points['N'][0]) == [7, 8] and points['C'][0] == b'x' and points.itemsize == 16
prices[1] = 20
points['N'][0][1] = -9
print('done')
`)
	if out != "done\n" {
		t.Error(out)
	}
	a, err := array.Open[float64](seg, "prices")
	keep(t, a, err)
	p, err := array.Open[point](seg, "points")
	keep(t, p, err)
	if a.At(1) != 20 || p.At(0).N[1] != -9 {
		t.Errorf("Go sees %v, %v", a.At(1), p.At(0))
	}
}

func TestNumpyOfEveryType(t *testing.T) {
	seg := sample(t)
	addArray(t, seg, "b_", []int8{-1})
	addArray(t, seg, "B_", []uint8{255})
	addArray(t, seg, "h_", []int16{-2})
	addArray(t, seg, "H_", []uint16{1<<16 - 1})
	addArray(t, seg, "i_", []int32{-3})
	addArray(t, seg, "I_", []uint32{1<<32 - 1})
	addArray(t, seg, "q_", []int64{-4})
	addArray(t, seg, "Q_", []uint64{1<<64 - 1})
	addArray(t, seg, "n_", []int{-5})
	addArray(t, seg, "f_", []float32{0.5})
	addArray(t, seg, "d_", []float64{0.25})
	addArray(t, seg, "t_", []bool{true})
	addArray(t, seg, "c_", []shm.Char{'z'})
	addArray(t, seg, "z_", []complex64{1 + 2i})
	addArray(t, seg, "Z_", []complex128{3 - 4i})
	addArray(t, seg, "m_", [][2][3]int16{{{1, 2, 3}, {4, 5, 6}}})
	addArray(t, seg, "s_", []struct {
		A int8
		_ [2]int16
		P [2]point
	}{{A: 7, P: [2]point{{X: 1}, {X: 2, N: [2]int16{3, 4}}}}})
	addArray(t, seg, "empty", []int8{})
	out := python(t, seg, `
for a, want in ((b_, -1), (B_, 255), (h_, -2), (H_, 2**16-1), (i_, -3), (I_, 2**32-1), (q_, -4), (Q_, 2**64-1), (n_, -5),
                (f_, 0.5), (d_, 0.25), (t_, True), (c_, b'z'), (z_, 1+2j), (Z_, 3-4j)):
    assert a[0] == want and a.shape == (1,), (a, want)
assert m_.tolist() == [[[1, 2, 3], [4, 5, 6]]]
assert s_['A'][0] == 7 and list(s_['P'][0]['X']) == [1, 2] and list(s_['P'][0]['N'][1]) == [3, 4]
print('done')
`)
	if out != "done\n" {
		t.Error(out)
	}
}

// python runs script with each array of seg under its name.
func python(t *testing.T, seg *shm.Segment, script string) string {
	t.Helper()
	interpreter := pythonWithNumpy(t)
	arrays := ""
	for line := range strings.Lines(shmkit(t, 0, "inspect", "--numpy", seg.Path())) {
		expr, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  # ")
		arrays += name + " = " + expr + "\n"
	}
	out, err := exec.Command(interpreter, "-c", "import numpy as np\n"+arrays+script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s%s\n%s", err, arrays, script, out)
	}
	return string(out)
}

func pythonWithNumpy(t *testing.T) string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import numpy").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with numpy on this machine")
	return ""
}

// What Python would do with the lines is tested above; this needs no Python.
func TestNumpyLines(t *testing.T) {
	seg := sample(t)
	path := regexp.QuoteMeta(seg.Path())
	contains(t, shmkit(t, 0, "inspect", "--numpy", "sample"),
		`np\.memmap\('`+path+`', dtype='<f8', mode='r\+', offset=\d+, shape=\(3,\)\)  # prices\n`,
		`'names': \['X', 'N', 'C'\].*'offsets': \[0, 8, 12\], 'itemsize': 16.*shape=\(1,\)\)  # points\n`)
	r := fromJSON[[]arrayRecord](t, shmkit(t, 0, "inspect", "--numpy", "--json", "sample"))
	if len(r) != 2 || r[0].Name != "prices" || !strings.HasPrefix(r[0].Python, "np.memmap(") {
		t.Errorf("%+v", r)
	}
	// A type too long to be kept in full is an error, and does not hide the others.
	type long struct{ FieldWithAVeryLongName0123456789, FieldWithAnEvenLongerName0123456789, FieldWithTheLongestNameOfAll0123456789, Another, AndYetOneMore int32 }
	addArray(t, seg, "long", []long{{}})
	contains(t, shmkit(t, 1, "inspect", "--numpy", "sample"), `# prices\n`, `\nshmkit: inspect `+path+`: object \d+ "long": `)
}

func TestSignatures(t *testing.T) {
	for sig, want := range map[string]string{
		"d":                "'<f8'",
		"(3)(2)h":          "np.dtype((np.dtype(('<i2', (2,))), (3,)))",
		"T{b:A:3xi:B:}":    "np.dtype({'names': ['A', 'B'], 'formats': ['i1', '<i4'], 'offsets': [0, 4], 'itemsize': 8})",
		"T{T{c:Q:}:In:7x}": "np.dtype({'names': ['In'], 'formats': [np.dtype({'names': ['Q'], 'formats': ['S1'], 'offsets': [0], 'itemsize': 1})], 'offsets': [0], 'itemsize': 8})",
		"T{b:a'\\\n:}":     `np.dtype({'names': ['a\'\\\U0000000a'], 'formats': ['i1'], 'offsets': [0], 'itemsize': 1})`,
		"Zd":               "'<c16'",
	} {
		p := &signature{rest: sig}
		got, _, err := p.item()
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", sig, got, err, want)
		}
	}
	for _, sig := range []string{"", "x", "T{", "T{d", "T{d:", "T{d:a", "(", "(x)d", "(2", "(-2)d", "T{d:a:3", "T{-3xd:a:}"} {
		p := &signature{rest: sig}
		if got, _, err := p.item(); err == nil {
			t.Errorf("%q gives %s", sig, got)
		}
	}
}
