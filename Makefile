# Every target is a step of .ci/run, so that both check the same things.

check: ; .ci/run
test: ; .ci/run tests
race: ; .ci/run race
fuzz: ; FUZZTIME=60s .ci/run fuzz
generate: ; go test ./internal/cheader ./internal/lint -write
bench: ; go run ./bench
cross: ; .ci/run cross
lint: ; .ci/run format vet lint

.PHONY: check test race fuzz generate bench cross lint
