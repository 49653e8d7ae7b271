package main

import (
	"fmt"
	"runtime/debug"

	"shmkit/internal/layout"
)

type versionRecord struct {
	Version     string `json:"version"`
	Format      uint32 `json:"format"`
	Fingerprint string `json:"fingerprint"`
}

func (c *command) version() error {
	r := versionRecord{"(devel)", layout.Version, fmt.Sprintf("%016x", uint64(layout.Fingerprint))}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		r.Version = info.Main.Version
	}
	if c.json {
		return c.printJSON(r)
	}
	_, err := fmt.Fprintf(c.out, "shmkit %s, segment format %d, layout %s\n", r.Version, r.Format, r.Fingerprint)
	return err
}
