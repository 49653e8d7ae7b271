// Package shmtest is what the tests of this module need to run real processes.
//
// The model: another process is the test binary itself, started with the name of
// a helper in its environment. A helper is registered by [Register] and talks to
// its parent in lines: what it prints is read by [Process.Expect], what it reads
// was written by [Process.Send]. [Main] stands in TestMain of every package that
// uses it.
//
// Guarantees: helpers are killed when their test ends. A registered helper that no
// test starts fails the run. Segments of the tests lie in a directory of their
// own. Descriptors, children and segment files are counted before and after the
// run.
//
// What it does not do: it asserts no times. A test that can hang calls [Watchdog].
//
//	func init() { shmtest.Register("hold", func(c *shmtest.Child) { … c.Say("held"); c.Park() }) }
//	func TestMain(m *testing.M) { shmtest.Main(m) }
//	p := shmtest.Start(t, "hold", handle)
//	p.Expect("held")
//	p.Kill()
package shmtest
