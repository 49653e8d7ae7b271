package shm_test

import (
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }
