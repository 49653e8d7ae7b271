package park

import "time"

// Patience is how long a sleeper leaves a lock to those who come later, before it asks
// them to let it pass. Tests set it before they wait.
var Patience = time.Millisecond

// Slice bounds the first sleep of a call. Each that ends by its bound is followed by one
// twice as long, up to a quarter of a second or Slice, if that is more. Tests set it
// before they wait.
var Slice time.Duration = firstSlice
