module shmkit/bench

go 1.26.0

require (
	github.com/edsrzf/mmap-go v1.2.0
	shmkit v0.0.0
)

require (
	github.com/tidwall/btree v1.8.2 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace shmkit => ../
