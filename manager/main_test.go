package manager_test

import (
	"fmt"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

func TestMain(m *testing.M) { shmtest.Main(m) }

var _ = fmt.Sprint
var _ = time.Now
