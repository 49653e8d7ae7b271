package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"shmkit/array"
	"shmkit/include"
	"shmkit/shm"
	"shmkit/value"
)

//go:embed peer/peer.c
var peerSource []byte

// fromC: a C program opens a segment by path and objects by name, reads what Go
// wrote, and changes it under the lock that both share.
func fromC() error {
	cc, err := compiler()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "shmkit-tour-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peer, err := build(cc, dir)
	if err != nil {
		return err
	}
	seg, err := shm.Create(filepath.Join(dir, "shared"))
	if err != nil {
		return err
	}
	defer seg.Close()
	return talk(seg, peer)
}

func talk(seg *shm.Segment, peer string) error {
	num, err := value.NewIn(seg, "num", 2.5)
	if err != nil {
		return err
	}
	defer num.Close()
	arr, err := array.FromIn(seg, "arr", []int32{0, 1, 2, 3, 4})
	if err != nil {
		return err
	}
	defer arr.Close()
	cmd := exec.Command(peer, seg.Path())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the C program: %w", err)
	}
	fmt.Println("   Go sees:", num.Load(), arr.Copy())
	if err := check("num", num.Load(), 5.0); err != nil {
		return err
	}
	return check("arr", fmt.Sprint(arr.Copy()), "[0 10 20 30 40]")
}

func compiler() (string, error) {
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: no C compiler found", errSkipped)
}

// build compiles peer.c against the headers that this module ships.
func build(cc, dir string) (string, error) {
	if err := os.CopyFS(dir, include.Files); err != nil {
		return "", err
	}
	source, peer := filepath.Join(dir, "peer.c"), filepath.Join(dir, "peer")
	if err := os.WriteFile(source, peerSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command(cc, "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-pthread", "-I", dir, "-o", peer, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cc, err, out)
	}
	return peer, nil
}
