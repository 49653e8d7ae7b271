package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

var handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "SHMKIT_BENCH_PLUGIN", MagicCookieValue: "square"}

func main() {
	if os.Getenv(handshake.MagicCookieKey) != "" {
		serve()
		return
	}
	if err := call(); err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
}

// serve is the plugin. Descriptor 3 is a pipe, which ends with the client.
func serve() {
	go func() {
		io.Copy(io.Discard, os.NewFile(3, "alive"))
		os.Exit(0)
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: plugin.PluginSet{"square": square{}},
		GRPCServer: plugin.DefaultGRPCServer, Logger: hclog.NewNullLogger(),
	})
}

// call is the client.
func call() error {
	cmd := exec.Command("/proc/self/exe")
	alive, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	cmd.ExtraFiles = []*os.File{alive}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: plugin.PluginSet{"square": square{}}, Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	conn, err := client.Client()
	if err != nil {
		return err
	}
	f, err := conn.Dispense("square")
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return answer(f.(caller))
}

// answer makes as many calls as each line says.
func answer(f caller) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		begin := time.Now()
		for range n {
			if got, err := f(context.Background(), 7); err != nil || got != 49 {
				return fmt.Errorf("the square of 7 is %d: %w", got, err)
			}
		}
		fmt.Println(time.Since(begin).Nanoseconds())
	}
	return in.Err()
}
