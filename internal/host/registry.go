package host

// A Registry is the types that a program has registered.
type Registry struct{}

// NewRegistry makes an empty Registry.
func NewRegistry() *Registry { return &Registry{} }
