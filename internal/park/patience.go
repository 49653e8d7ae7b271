package park

import "time"

// Patience is how long a sleeper leaves a lock to those who come later, before it asks
// them to let it pass. Tests set it before they wait.
var Patience = time.Millisecond
