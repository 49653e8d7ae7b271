// Package function knows the functions that a program runs in other processes.
//
// The model: a function is registered under a name, before main, in every process of the
// program; so a name is all that has to travel. Argument and result travel encoded.
//
// Guarantees: the table is complete when main begins and does not change after that. A call
// with what is not the encoding of an argument calls nothing and gives an error.
//
// What it does not do: it starts no process and catches no panic.
//
//	function.Register(function.Of("square", square))
//	f, ok := function.Find("square")
//	result, err := f.Call(ctx, encoded)
package function
