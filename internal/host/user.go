package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A user is an object of a type that the program has registered.
type user struct {
	still
	it Instance
}

func init() {
	define(wire.TypeUser, makeUser, loadUser, map[wire.Method]method{
		wire.UserCall: {"Call", false, userCall},
		wire.UserAsk:  {"Ask", true, userCall},
		wire.UserMake: {"Make", false, userMake},
		wire.UserInfo: {"Info", true, userInfo},
	})
}

func makeUser(c *Call) (object, error) {
	name, arg := c.in.Text(), c.in.Rest()
	if err := c.in.Err(); err != nil {
		return nil, err
	}
	k, fault := findKind(name)
	if fault != nil {
		return nil, fault
	}
	it, fault := k.New(arg)
	if fault != nil {
		return nil, fault
	}
	return &user{it: it}, nil
}

func loadUser(_ *Host, r *wire.Reader) (object, error) {
	name, state := r.Text(), r.Bytes()
	if err := r.Err(); err != nil {
		return nil, err
	}
	k, fault := findKind(name)
	if fault != nil {
		return nil, fault
	}
	it, err := k.Restore(state)
	return &user{it: it}, err
}

func (u *user) save(b []byte) []byte {
	state, _ := u.it.Save() // Saves has told of an error
	return wire.AppendBytes(wire.AppendText(b, u.it.Type()), state)
}

func (u *user) info() string { return "type " + u.it.Type() }

// invoke calls the method that the arguments name.
// Errors: CodeNoMethod; as the method.
func (u *user) invoke(c *Call) (result []byte, made Instance, err error) {
	name, arg := c.in.Text(), c.in.Rest()
	if err := c.in.Err(); err != nil {
		return nil, nil, err
	}
	yes, reads := u.it.Exposes(name)
	if !yes || !reads && c.method == wire.UserAsk {
		return nil, nil, wire.NewFault(wire.CodeNoMethod, "manager: type %s exposes no method %q", u.it.Type(), name)
	}
	result, made, fault := u.it.Call(name, arg)
	if fault != nil {
		return nil, nil, fault
	}
	return result, made, nil
}

func userCall(c *Call) error {
	u := c.e.object.(*user)
	result, made, err := u.invoke(c)
	if err == nil && made != nil {
		err = wire.NewFault(wire.CodeNoMethod, "manager: that method of type %s makes an object", u.it.Type())
	}
	c.out = append(c.out, result...)
	return err
}

// userMake makes an object of what a method gives, to which the session refers.
func userMake(c *Call) error {
	u := c.e.object.(*user)
	if c.s.held >= c.s.limits.Objects {
		return wire.NewFault(wire.CodeTooMuch, "manager: the session refers to %d objects, which is its limit", c.s.held)
	}
	_, made, err := u.invoke(c)
	switch {
	case err != nil:
		return err
	case made == nil:
		return wire.NewFault(wire.CodeNoMethod, "manager: that method of type %s makes no object", u.it.Type())
	}
	e := c.h.add(wire.TypeUser, &user{it: made})
	if err := c.h.hold(c.s, e); err != nil {
		c.h.dropping = append(c.h.dropping, e)
		return err
	}
	c.out = wire.AppendUint(c.out, e.id)
	return nil
}

func userInfo(c *Call) error {
	c.out = wire.AppendText(c.out, c.e.object.(*user).it.Type())
	return c.in.End()
}

// Saves tells whether Save can save all there is.
// Errors: of the first object that cannot be saved.
func (h *Host) Saves() error {
	for _, e := range h.eachEntry() {
		if u, ok := e.object.(*user); ok {
			if _, err := u.it.Save(); err != nil {
				return fmt.Errorf("host: an object of type %s cannot be saved: %w", u.it.Type(), err)
			}
		}
	}
	return nil
}
