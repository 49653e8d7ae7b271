#include "textflag.h"

// func fetchLines(p unsafe.Pointer, n uintptr)
TEXT ·fetchLines(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
	ADD  R0, R1
again:
	PRFM (R0), PSTL1KEEP
	ADD  $64, R0
	CMP  R1, R0
	BLO  again
	RET
