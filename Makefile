# Every target is a step of .ci/run, so that both check the same things.

check: ; .ci/run
test: ; .ci/run tests
race: ; .ci/run race
fuzz: ; FUZZTIME=60s .ci/run fuzz
generate: ; go test ./internal/cheader ./internal/protocol ./internal/lint -write
bench: ; go run ./bench
cross: ; .ci/run cross
lint: ; .ci/run format vet lint

# Every operation, killed and stopped at every point, compared with docs/recovery.md:
# some minutes. With WRITE=-write that is written.
WRITE =
crash: ; go test -count=1 -timeout 60m -parallel 4 -v ./internal/crash -full $(WRITE)

# The state space of the models with more deaths: some minutes.
models: ; go test -count=1 -timeout 60m -v ./internal/model -full

# Random work under random kills: make storm TIME=5m SEED=7 PROCS=6
TIME = 60s
SEED = 0
PROCS = 4
storm: ; go test -count=1 -timeout 0 -v -run '^TestStorm$$' ./internal/storm -storm.time=$(TIME) -storm.seed=$(SEED) -storm.procs=$(PROCS)

# Three processes put, three take, and all are killed all the time.
storm-queue: TIME = 10m
storm-queue: ; go test -count=1 -timeout 0 -v -run '^TestQueueStorm$$' ./internal/storm -storm.time=$(TIME) -storm.seed=$(SEED)

# Servers and clients of the manager are killed, 200 and 1,000 times over each family.
kills: ; go test -count=1 -timeout 60m -v -run 'Test(Servers|Clients)Killed' ./manager -full

# Parents are killed, with their children in all stages of their birth.
storm-process: ; go test -count=1 -timeout 0 -v -run '^TestParentStorm$$' ./process -parents=500

# Every deliberate bug, and the test that catches it: some minutes.
mutants: ; go test -count=1 -timeout 30m -v -run '^TestMutants$$' ./internal/mutants -full

.PHONY: kills mutants storm storm-queue storm-process crash models check test race fuzz generate bench cross lint
