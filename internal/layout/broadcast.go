package layout

import "structs"

// A broadcast is a ring of messages that one process publishes and any number read.
// Nobody waits for readers, and nothing here tells of them. Message t is in slot
// t % slots; a slot is a word and the message, in whole words.
//
// The word of a slot is a sequence:
//
//	word  meaning
//	0     nothing was ever published here
//	2t+1  message t is being written, or its publisher died over it; what was here is gone
//	2t+2  message t is here. A reader that finds the same word before and after it has
//	      copied the message has it whole
//
// Law: the words of a slot only grow. Message t is published when its word is 2t+2. Tail
// is t or t+1 then, as a hint for those who come, or were lapped.
//
// The role is as that of a stream, and so is Items.

// BroadcastHead is the head of a broadcast. The slots follow it, a power of two of them.
type BroadcastHead struct {
	_ structs.HostLayout

	// Line 0. Written by the publisher.
	Tail uint64    // next to publish
	_    [120]byte // zero

	// Line 1. Written by readers before they sleep, and by who wakes them.
	Items uint32    // waiters:1 | sequence:31, a futex
	_     [124]byte // zero

	// Line 2. Rarely written.
	Publisher uint32    // role
	Closing   uint32    // 1: nothing more is published
	Takeovers uint64    // times the role was taken over from the dead
	_         [112]byte // zero
}

// BroadcastSlot is how many bytes a slot has for messages of n bytes.
func BroadcastSlot(n uint64) uint64 { return 8 + (n+7)&^7 }
