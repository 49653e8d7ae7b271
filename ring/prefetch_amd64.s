#include "textflag.h"

// func fetchLines(p unsafe.Pointer, n uintptr)
TEXT ·fetchLines(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX
	ADDQ AX, CX
again:
	BYTE $0x0f; BYTE $0x0d; BYTE $0x08 // PREFETCHW (AX): nothing where it is not known
	ADDQ $64, AX
	CMPQ AX, CX
	JB   again
	RET
