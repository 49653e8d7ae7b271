module shmkit

go 1.26
