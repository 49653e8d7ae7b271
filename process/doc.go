// Package process runs Go functions in other processes, and other programs, and says how
// they ended.
//
// The model: a function is registered under a name, and started in a process that runs this
// same program: Main, at the top of main, runs the function there and does not return. A
// [Process] belongs to the process that started it, which reaps it as soon as it has ended,
// whoever waits or not. Argument and result travel encoded as CBOR; handles of shared
// objects may be in them, in a result also of such as the process has made itself.
//
// Guarantees: how a process ended is known, and typed: [*RemoteError] if its function gave
// an error, [*PanicError] with text and stack if it panicked, in whatever goroutine,
// [*ExitError] with the code or the signal, [*StartError] if it never came to its function.
// There are no zombies. A child has its standard streams and the files that were passed to
// it, and no other descriptor. A daemon ends with the process that started it, however that
// ends, also when it is stopped. When a process is killed the last of its daemons removes the file
// of its heap, or the process that started it does. A program that does not call Main starts nothing, and so
// cannot start itself for ever.
//
// What it does not do: it does not fork; a child shares no variables with its parent. A
// process that is not a daemon outlives a parent that is killed; its function's context
// then ends. It needs Linux 5.3 or later.
//
//	var fill = process.Register("fill", func(ctx context.Context, n *value.Value[float64]) error {
//		n.Store(3.14)
//		return nil
//	})
//
//	func main() {
//		process.Main()
//		n, err := value.New(0.0)
//		p, err := fill.Start(context.Background(), n)
//		err = p.Wait()
//	}
package process
