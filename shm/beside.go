package shm

import "fmt"

// NewBeside is Segment.NewObject in the segment that o is in.
func (o *Object) NewBeside(name string, spec Spec, init func(*Object) error) (*Object, error) {
	c := o.core
	if err := c.enter(); err != nil {
		return nil, fail("create", c.path, err)
	}
	defer c.leave()
	if name != "" {
		if err := checkName(name); err != nil {
			return nil, fail("create", c.path, err)
		}
	}
	made, err := c.create(name, spec, init)
	return made, fail("create", c.path, err)
}

// OpenBeside opens another object of the segment that o is in, by the numbers that
// Place gave. Errors: those of OpenHandle.
func (o *Object) OpenBeside(index, generation uint32, want Spec) (*Object, error) {
	c := o.core
	if err := c.enter(); err != nil {
		return nil, fail("open", c.path, err)
	}
	defer c.leave()
	other, err := c.join(index, generation, want)
	return other, fail("open", fmt.Sprintf("%s#%d.%d", c.path, index, generation), err)
}

// Place is the index of o, and the generation which tells it from others that had or
// will have that index.
func (o *Object) Place() (index, generation uint32) { return o.index, o.generation }

// In tells whether o is in the segment s.
func (o *Object) In(s *Segment) bool { return o.core == s.core }
