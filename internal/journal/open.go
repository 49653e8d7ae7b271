package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"shmkit/internal/sys"
)

// suffix is what the name of a log that Compact makes has more, until it is the log.
const suffix = ".new"

// Open opens the log at path, or makes an empty one that only this user may read. It takes the
// lock of the file and fails with [ErrInUse], at once, if another Log has it. Call
// [Log.Replay] next. A file that Compact was killed over is removed.
//
// Killed in here, a process leaves at most an empty log.
func Open(path string, opts ...Option) (*Log, error) {
	path, err := filepath.Abs(path) // Compact needs it again, wherever the program is then
	if err != nil {
		return nil, fail("open", path, err)
	}
	l := &Log{path: path, max: MaxLength, pending: &batch{}}
	for _, o := range opts {
		o(l)
	}
	if l.file, err = openLocked(path); err != nil {
		return nil, fail("open", path, err)
	}
	if err = l.readHeader(); err == nil {
		err = ignore(os.Remove(path+suffix), fs.ErrNotExist)
	}
	if err != nil {
		l.file.Close()
		return nil, fail("open", path, err)
	}
	return l, nil
}

// openLocked opens the file that is at path when its lock is taken: while this process came for
// the lock, the one that had it may have put another file there, and then have died.
func openLocked(path string) (*os.File, error) {
	for {
		f, err := openOrCreate(path)
		if err != nil {
			return nil, err
		}
		err = lock(f)
		if err == nil {
			var current bool
			if current, err = isAt(f, path); current && err == nil {
				return f, nil
			}
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
}

func openOrCreate(path string) (*os.File, error) {
	for {
		f, err := sys.OpenFile(path, true)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// lock takes the lock on the whole file, which the kernel gives back when the last descriptor is
// gone.
func lock(f *os.File) error {
	held, err := sys.TryLock(int(f.Fd()), 0, 0)
	if err == nil && !held {
		err = ErrInUse
	}
	return err
}

// isAt tells whether the file has the name path.
func isAt(f *os.File, path string) (bool, error) {
	have, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(have, named), err
}

// readHeader reads the header, or writes that of an empty log into a file that has none yet.
func (l *Log) readHeader() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	b := make([]byte, min(info.Size(), headerSize))
	if _, err := l.file.ReadAt(b, 0); err != nil {
		return err
	}
	l.end = info.Size()
	if len(b) == headerSize {
		err := l.head.decode(b, l.end)
		return l.locate(err, 0)
	}
	if !begun(b) {
		return ErrMagic
	}
	var salt [8]byte
	sys.Random(salt[:])
	l.head = newHeader(salt)
	if _, err := l.file.WriteAt(l.head.encode(), 0); err != nil {
		return err
	}
	l.end = headerSize
	if !l.sync {
		return nil
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	return syncDir(l.path)
}

// syncDir makes the name of a new file last.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// locate completes a *CorruptError that knows only what is wrong.
func (l *Log) locate(err error, offset int64) error {
	var damage *CorruptError
	if errors.As(err, &damage) {
		damage.Path, damage.Offset = l.path, offset
	}
	return err
}

// ignore is err, unless that is one of those.
func ignore(err error, those ...error) error {
	for _, e := range those {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}
