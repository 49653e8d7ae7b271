package journal

// Option is an argument of [Open].
type Option func(*Log)

// Sync makes Flush, and Open of a new file, wait until the disk has the bytes, so that a loss of
// power loses nothing that was acknowledged. It costs what the disk takes, for each write; who
// flush at once share one.
func Sync() Option { return func(l *Log) { l.sync = true } }

// MaxRecord limits the records that Append takes to n bytes; without it, and at most, to
// [MaxLength]. Longer ones that are in the file are replayed all the same.
func MaxRecord(n int) Option { return func(l *Log) { l.max = min(max(n, 1), MaxLength) } }
