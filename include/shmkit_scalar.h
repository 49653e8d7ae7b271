// Typed cells of Values and Arrays, and lock-free operations on them.
//
// For each type NAME below, with C type T:
//
//   T   *shmkit_value_NAME(h)          the cell of a Value, or NULL if it is of another type
//   T   *shmkit_array_NAME(h, &count)  the items of an Array, or NULL likewise
//   T    shmkit_load_NAME(p)           atomic, sequentially consistent, as in Go
//   void shmkit_store_NAME(p, v)
//   T    shmkit_swap_NAME(p, v)        the old value
//   int  shmkit_cas_NAME(p, old, v)    1 if *p had the bits of old and now is v
//   T    shmkit_add_NAME(p, delta)     the new value; not for bool and char
//
// NAME is i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool char, for the type codes
// b B h H i I q Q f d ? c. Any thread of any process may call them at once. They
// lock nothing, so nobody who dies can leave anything behind.

#ifndef SHMKIT_SCALAR_H
#define SHMKIT_SCALAR_H

#include "shmkit_object.h"

#define SHK_CELL(NAME, T, CODE)                                                    \
	static inline T *shmkit_value_##NAME(const shmkit_handle *h)                   \
	{                                                                              \
		if (shmkit_expect(h, SHMKIT_OBJECT_VALUE, CODE, sizeof(T)) || h->count != 1) \
			return NULL;                                                           \
		return (T *)shmkit_data(h, NULL);                                          \
	}                                                                              \
	static inline T *shmkit_array_##NAME(const shmkit_handle *h, uint64_t *count)  \
	{                                                                              \
		if (count != NULL)                                                         \
			*count = 0;                                                            \
		if (shmkit_expect(h, SHMKIT_OBJECT_ARRAY, CODE, sizeof(T)))                \
			return NULL;                                                           \
		return (T *)shmkit_data(h, count);                                         \
	}                                                                              \
	static inline T shmkit_load_##NAME(T *p)                                       \
	{                                                                              \
		T v;                                                                       \
		__atomic_load(p, &v, __ATOMIC_SEQ_CST);                                    \
		return v;                                                                  \
	}                                                                              \
	static inline void shmkit_store_##NAME(T *p, T v)                              \
	{                                                                              \
		__atomic_store(p, &v, __ATOMIC_SEQ_CST);                                   \
	}                                                                              \
	static inline T shmkit_swap_##NAME(T *p, T v)                                  \
	{                                                                              \
		T old;                                                                     \
		__atomic_exchange(p, &v, &old, __ATOMIC_SEQ_CST);                          \
		return old;                                                                \
	}                                                                              \
	static inline int shmkit_cas_##NAME(T *p, T old, T v)                          \
	{                                                                              \
		return __atomic_compare_exchange(p, &old, &v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	}

#define SHK_INTEGER(NAME, T, CODE)                                                 \
	SHK_CELL(NAME, T, CODE)                                                        \
	static inline T shmkit_add_##NAME(T *p, T delta)                               \
	{                                                                              \
		return __atomic_add_fetch(p, delta, __ATOMIC_SEQ_CST);                     \
	}

// There is no floating-point add in the hardware: it is a loop of cas.
#define SHK_FLOAT(NAME, T, CODE)                                                   \
	SHK_CELL(NAME, T, CODE)                                                        \
	static inline T shmkit_add_##NAME(T *p, T delta)                               \
	{                                                                              \
		T old = shmkit_load_##NAME(p), sum = old + delta;                          \
		while (!__atomic_compare_exchange(p, &old, &sum, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) \
			sum = old + delta;                                                     \
		return sum;                                                                \
	}

SHK_INTEGER(i8, int8_t, 'b')
SHK_INTEGER(u8, uint8_t, 'B')
SHK_INTEGER(i16, int16_t, 'h')
SHK_INTEGER(u16, uint16_t, 'H')
SHK_INTEGER(i32, int32_t, 'i')
SHK_INTEGER(u32, uint32_t, 'I')
SHK_INTEGER(i64, int64_t, 'q')
SHK_INTEGER(u64, uint64_t, 'Q')
SHK_FLOAT(f32, float, 'f')
SHK_FLOAT(f64, double, 'd')
SHK_CELL(bool, uint8_t, '?') // 0 or 1, and nothing else: Go reads it as a bool
SHK_CELL(char, char, 'c')

#endif
