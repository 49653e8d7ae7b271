package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var errServer = errors.New("the server did not start")

// startServer starts a server that listens at a socket in that folder, and gives the
// socket's path once it does. The server writes no file.
func startServer(dir string) (string, error) {
	path, err := serverPath()
	if err != nil {
		return "", err
	}
	socket := filepath.Join(dir, "redis.sock")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	cmd.Args[0] = "redis-server" // by this name it is the server
	cmd.Stderr = os.Stderr
	if err := tie(cmd); err != nil {
		return "", err
	}
	log, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	return socket, awaitServer(log)
}

// serverPath finds the server. Debian's redis-tools has it, under another name: their
// redis-server is a link to that, and a service.
func serverPath() (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if other, err := exec.LookPath("redis-check-rdb"); err == nil {
			return other, nil
		}
	}
	return path, err
}

// awaitServer reads the log until the server listens, and throws away what follows.
func awaitServer(log io.Reader) error {
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
			go io.Copy(io.Discard, log)
			return nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	return fmt.Errorf("%w: %s", errServer, said.String())
}
