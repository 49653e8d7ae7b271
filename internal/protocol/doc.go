// Package protocol writes the tables and the byte vectors of docs/protocol.md, from the source
// of package wire: its constants with their comments, and what its AppendX say they append.
//
// The model: the files of the tree are the state. Read reads package wire, Document gives
// docs/protocol.md with its generated parts as they are to be, Vectors the frames that clients
// in other languages are tested with. A test compares, and writes if it is told to.
//
// Guarantees: the same source gives the same text. The hand-written part of the document is
// never changed.
//
// What it does not do: speak the protocol. That does package wire, and package manager.
//
//	go test ./internal/protocol -write
package protocol
