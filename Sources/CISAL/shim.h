#pragma once
#include <isa-l.h>

// ISA-L 2.30 leaves the upper halves of the AVX registers dirty, after which SHA-NI and ChaCha code runs at half
// speed until they are cleared (Docs/Design.md, "Speed").
static inline void cessdrive_ec_encode_data(
    int length, int sources, int rows, unsigned char *tables, unsigned char **data, unsigned char **coding) {
    ec_encode_data(length, sources, rows, tables, data, coding);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroupper" ::: "memory");
#endif
}
