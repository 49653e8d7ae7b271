package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed peer
var sources embed.FS

// language is one that peers are written in.
type language struct {
	name, std string
	variable  string   // of the environment: the first compiler to try
	compilers []string // the others, in order
}

var languages = map[string]language{
	".c":  {"C", "-std=c11", "CC", []string{"cc", "gcc", "clang"}},
	".cc": {"C++", "-std=c++17", "CXX", []string{"c++", "g++", "clang++"}},
}

// compile builds a program of the folder peer, and returns its path. Without a
// compiler it gives errLeftOut.
func (l *lab) compile(name string) (string, error) {
	lang := languages[filepath.Ext(name)]
	compiler := lang.compiler()
	if compiler == "" {
		return "", fmt.Errorf("%w: no %s compiler was found", errLeftOut, lang.name)
	}
	source := filepath.Join(l.dir, name)
	program := strings.TrimSuffix(source, filepath.Ext(name))
	if _, err := os.Stat(program); err == nil {
		return program, nil // by an earlier row
	}
	for _, file := range []string{name, "mapped.h"} {
		text, err := sources.ReadFile("peer/" + file)
		if err == nil {
			err = os.WriteFile(filepath.Join(l.dir, file), text, 0o600)
		}
		if err != nil {
			return "", err
		}
	}
	out, err := exec.Command(compiler, "-O2", lang.std, "-Wall", "-Wextra", "-pthread", "-o", program, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("bench: %s: %w\n%s", compiler, err, out)
	}
	return program, nil
}

// program builds the command of that name below bench, and returns its path.
func (l *lab) program(name string) (string, error) {
	path := filepath.Join(l.dir, "program-"+name)
	if _, err := os.Stat(path); err == nil {
		return path, nil // by an earlier row
	}
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "shmkit/bench/"+name).CombinedOutput()
	if err != nil {
		os.Remove(path) // it may be there in part
		return "", fmt.Errorf("%w: shmkit/bench/%s was not built: %v %s", errLeftOut, name, err, bytes.TrimSpace(out))
	}
	return path, nil
}

func (lang language) compiler() string {
	for _, name := range append([]string{os.Getenv(lang.variable)}, lang.compilers...) {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
