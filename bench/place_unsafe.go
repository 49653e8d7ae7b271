package main

import "unsafe"

const page = 4096

// alike makes a slice on the heap that has the length of s and begins at the same
// place within a page: where two slices of a loop lie to each other within a page
// decides how often a load has to wait for a store that only looks like the same
// address.
func alike(s []float64) []float64 {
	const perPage = page / int(unsafe.Sizeof(s[0]))
	room := make([]float64, len(s)+perPage)
	skip := (place(s) - place(room) + perPage) % perPage
	return room[skip:][:len(s):len(s)]
}

// place is the index within its page of the first item.
func place(s []float64) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(s))) % page / unsafe.Sizeof(s[0]))
}
