//go:build linux && (amd64 || arm64)

package crash_test

func init() { cOperations = append(cOperations, cChainOperations...) }

// cChainOperations are those of include/shmkit_queue.h on messages of several blocks.
var cChainOperations = []operation{
	{name: "C: chain_tryput", c: true, shows: chainShows},
	{name: "C: chain_tryget", c: true, shows: chainShows, stage: residentDoes("post a chain")},
	{name: "C: chain_ack", c: true, shows: chainShows, stage: residentDoes("post a chain")},
	{name: "C: chain_nack", c: true, shows: chainShows, stage: residentDoes("post a chain")},
	{name: "C: chain_release", c: true, shows: chainShows, stage: residentDoes("post a chain")},
	{name: "C: chain_get of what the dead had", c: true, shows: chainShows, meanwhile: corpseDoes("lease a chain")},
}
