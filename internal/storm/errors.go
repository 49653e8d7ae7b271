package storm

import "errors"

var (
	errLost        = errors.New("storm: lost")
	errForeign     = errors.New("storm: foreign")
	errTwoInside   = errors.New("storm: two are inside")
	errTorn        = errors.New("storm: torn")
	errSum         = errors.New("storm: money is lost or made")
	errLedger      = errors.New("storm: impossible record")
	errLeak        = errors.New("storm: blocks are lost")
	errDescriptors = errors.New("storm: descriptors are left")
)
