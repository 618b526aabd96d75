#pragma once
#include "process.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// SHA-256 of two streams at once, over public data only. One SHA-NI stream waits for its own results most of the
// time; a second one fills the gaps and costs almost nothing (measured: Docs/Format/Fragments.md, "Speed").

/// One of the two streams.
typedef struct {
    uint32_t state[8];
    uint64_t length;  // bytes so far
    uint8_t pending[64];  // the first `length % 64` bytes of the block that is not complete yet
} cessdrive_sha256_lane;

/// Whether this processor has the instructions.
bool cessdrive_sha256_pair_supported(void);

/// Whether the kernel was compiled with optimisation; without, libcrypto is faster.
bool cessdrive_sha256_pair_optimized(void);

void cessdrive_sha256_lane_reset(cessdrive_sha256_lane *lane);

/// Appends `count` bytes to each lane. Only where supported; the lengths so far must agree modulo 64.
void cessdrive_sha256_pair_update(
    cessdrive_sha256_lane *first, cessdrive_sha256_lane *second,
    const uint8_t *first_bytes, const uint8_t *second_bytes, size_t count);

/// Writes one lane's 32 bytes and resets the lane. Only where supported.
void cessdrive_sha256_lane_finish(cessdrive_sha256_lane *lane, uint8_t digest[32]);
