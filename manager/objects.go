package manager

import (
	"context"

	"shmkit/internal/wire"
)

// An ObjectInfo is what the server says of an object. It is plain data.
type ObjectInfo struct {
	ID         uint64
	Type       string
	Name       string // "" if it has none
	References uint64 // of clients, of its name, of other objects, of calls that wait
	State      string // for people
}

// Objects tells of all objects of the server.
// Errors: ErrServerGone; the cause of ctx.
func (c *Client) Objects(ctx context.Context) ([]ObjectInfo, error) {
	k, r, err := c.call(ctx, wire.Frame{Method: wire.Objects})
	if err != nil {
		return nil, err
	}
	defer k.free()
	all := make([]ObjectInfo, r.Count(25))
	for i := range all {
		all[i] = ObjectInfo{r.Uint(), wire.Type(r.Byte()).String(), r.Text(), r.Uint(), r.Text()}
	}
	return all, r.End()
}

// Remove takes the name from the object that has it, which goes when nothing refers to it.
// Errors: ErrNotFound; ErrServerGone; the cause of ctx.
func (c *Client) Remove(ctx context.Context, name string) error {
	k, _, err := c.call(ctx, wire.Frame{Method: wire.Remove, Body: wire.AppendText(nil, name)})
	if err == nil {
		k.free()
	}
	return err
}
