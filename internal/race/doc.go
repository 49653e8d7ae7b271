// Package race tells the race detector about synchronisation that it cannot see,
// because it goes through mapped memory.
//
// The model: Acquire and Release take the address of a Go variable that stands
// for the shared word in this process. The detector ignores addresses in mapped
// memory.
//
// Without the tag race all of it is empty and compiles to nothing.
//
//	if race.Enabled {
//		race.Acquire(unsafe.Pointer(&handle))
//	}
package race
