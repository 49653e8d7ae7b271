package shm

import "io/fs"

// Option changes how a segment is created.
type Option func(*options)

type options struct {
	size    uint64
	maxSize uint64
	mode    fs.FileMode
}

const (
	defaultSize    = 1 << 20
	defaultMaxSize = 64 << 30
	pageSize       = 4096
	hardMax        = 1 << 46 // half of what a process can map on the smallest supported CPUs
)

// WithSize sets how many bytes of heap are set aside at once; the default is 1
// MiB. The heap grows on demand up to WithMaxSize.
func WithSize(bytes uint64) Option { return func(o *options) { o.size = bytes } }

// WithMaxSize sets how many bytes the segment may ever have. Each process
// reserves that much address space, but no memory; the default is 64 GiB.
func WithMaxSize(bytes uint64) Option { return func(o *options) { o.maxSize = bytes } }

// WithMode sets the permission bits of the file; the default is 0600. The umask
// does not apply.
func WithMode(mode fs.FileMode) Option { return func(o *options) { o.mode = mode.Perm() } }

func collect(opts []Option) options {
	o := options{size: defaultSize, maxSize: defaultMaxSize, mode: 0o600}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
