package wire

// Methods of a Pool. Created with: uint workers, rest of body: CBOR settings. How is int
// nanoseconds that a task may run, int retries, int chunk; less than 0 is what the pool does.
// A function is text name, text signature, as package process has them.
const (
	PoolStart     Method = Method(TypePool)<<8 + iota // waits until its workers are there →
	PoolApply                                         // waits; how, function, rest of body: CBOR argument → rest of body: CBOR result
	PoolMap                                           // waits; how, function, uint n, n × bytes CBOR argument → uint n, n × bytes CBOR result, bytes CBOR error of some
	PoolClose                                         // bool withdraw what has not begun →
	PoolTerminate                                     // →
	PoolJoin                                          // waits until its workers have ended →
	PoolStats                                         // waits; → rest of body: CBOR
)
