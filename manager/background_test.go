package manager_test

import "context"

var background = context.Background()
