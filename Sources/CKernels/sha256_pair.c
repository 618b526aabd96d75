#include "CKernels.h"
#include <string.h>

void cessdrive_sha256_lane_reset(cessdrive_sha256_lane *lane) {
    static const uint32_t initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    memcpy(lane->state, initial, sizeof initial);
    lane->length = 0;
}

bool cessdrive_sha256_pair_optimized(void) {
#ifdef __OPTIMIZE__
    return true;
#else
    return false;
#endif
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

bool cessdrive_sha256_pair_supported(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
    bool ssse3 = c >> 9 & 1, sse41 = c >> 19 & 1;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    return ssse3 && sse41 && (b >> 29 & 1);
}

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// The instructions want the eight words as (A,B,E,F) and (C,D,G,H).
#define LOAD_STATE(words, abef, cdgh)                                                     \
    do {                                                                                  \
        __m128i t = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words)), 0xb1);   \
        cdgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)((words) + 4)), 0x1b);  \
        abef = _mm_alignr_epi8(t, cdgh, 8);                                               \
        cdgh = _mm_blend_epi16(cdgh, t, 0xf0);                                            \
    } while (0)

#define STORE_STATE(words, abef, cdgh)                                                    \
    do {                                                                                  \
        __m128i t = _mm_shuffle_epi32(abef, 0x1b);                                        \
        cdgh = _mm_shuffle_epi32(cdgh, 0xb1);                                             \
        _mm_storeu_si128((__m128i *)(words), _mm_blend_epi16(t, cdgh, 0xf0));             \
        _mm_storeu_si128((__m128i *)((words) + 4), _mm_alignr_epi8(cdgh, t, 8));          \
    } while (0)

// Words 16… of the message schedule, four at a time, in a ring of the last sixteen.
#define SCHEDULE(w, g)                                                                                  \
    w[(g) % 4] = _mm_sha256msg2_epu32(                                                                  \
        _mm_add_epi32(                                                                                  \
            _mm_sha256msg1_epu32(w[(g) % 4], w[((g) + 1) % 4]),                                         \
            _mm_alignr_epi8(w[((g) + 3) % 4], w[((g) + 2) % 4], 4)),                                    \
        w[((g) + 3) % 4])

// Four rounds of both streams.
#define ROUNDS(g)                                                                         \
    do {                                                                                  \
        __m128i k = _mm_load_si128((const __m128i *)(round_constants + 4 * (g)));         \
        __m128i m = _mm_add_epi32(u[(g) % 4], k), n = _mm_add_epi32(v[(g) % 4], k);       \
        a1 = _mm_sha256rnds2_epu32(a1, a0, m);                                            \
        b1 = _mm_sha256rnds2_epu32(b1, b0, n);                                            \
        a0 = _mm_sha256rnds2_epu32(a0, a1, _mm_shuffle_epi32(m, 0x0e));                   \
        b0 = _mm_sha256rnds2_epu32(b0, b1, _mm_shuffle_epi32(n, 0x0e));                   \
    } while (0)

#define FIRST(g)                                                                                            \
    do {                                                                                                    \
        u[g] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(first_bytes + 16 * (g))), big_endian);    \
        v[g] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(second_bytes + 16 * (g))), big_endian);   \
        ROUNDS(g);                                                                                          \
    } while (0)

#define LATER(g)         \
    do {                 \
        SCHEDULE(u, g);  \
        SCHEDULE(v, g);  \
        ROUNDS(g);       \
    } while (0)

__attribute__((target("sha,sse4.1,ssse3"))) static void compress(
    uint32_t *first, uint32_t *second, const uint8_t *first_bytes, const uint8_t *second_bytes, size_t blocks) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i a0, a1, b0, b1, u[4], v[4];
    LOAD_STATE(first, a0, a1);
    LOAD_STATE(second, b0, b1);
    for (; blocks > 0; blocks--, first_bytes += 64, second_bytes += 64) {
        const __m128i old_a0 = a0, old_a1 = a1, old_b0 = b0, old_b1 = b1;
        FIRST(0); FIRST(1); FIRST(2); FIRST(3);
        LATER(4); LATER(5); LATER(6); LATER(7);
        LATER(8); LATER(9); LATER(10); LATER(11);
        LATER(12); LATER(13); LATER(14); LATER(15);
        a0 = _mm_add_epi32(a0, old_a0);
        a1 = _mm_add_epi32(a1, old_a1);
        b0 = _mm_add_epi32(b0, old_b0);
        b1 = _mm_add_epi32(b1, old_b1);
    }
    STORE_STATE(first, a0, a1);
    STORE_STATE(second, b0, b1);
}
#else
bool cessdrive_sha256_pair_supported(void) { return false; }
static void compress(
    uint32_t *first, uint32_t *second, const uint8_t *first_bytes, const uint8_t *second_bytes, size_t blocks) {
    __builtin_trap();  // nobody asks where it is not supported
}
#endif

void cessdrive_sha256_pair_update(
    cessdrive_sha256_lane *first, cessdrive_sha256_lane *second,
    const uint8_t *first_bytes, const uint8_t *second_bytes, size_t count) {
    if (count == 0) return;
    size_t filled = first->length % 64;
    first->length += count;
    second->length += count;
    if (filled > 0) {
        size_t taken = 64 - filled < count ? 64 - filled : count;
        memcpy(first->pending + filled, first_bytes, taken);
        memcpy(second->pending + filled, second_bytes, taken);
        if (filled + taken < 64) return;
        compress(first->state, second->state, first->pending, second->pending, 1);
        first_bytes += taken;
        second_bytes += taken;
        count -= taken;
    }
    compress(first->state, second->state, first_bytes, second_bytes, count / 64);
    size_t whole = count / 64 * 64;
    memcpy(first->pending, first_bytes + whole, count - whole);
    memcpy(second->pending, second_bytes + whole, count - whole);
}

void cessdrive_sha256_lane_finish(cessdrive_sha256_lane *lane, uint8_t digest[32]) {
    uint8_t tail[128] = {0};
    size_t filled = lane->length % 64, blocks = filled < 56 ? 1 : 2;
    memcpy(tail, lane->pending, filled);
    tail[filled] = 0x80;
    for (int i = 0; i < 8; i++) tail[64 * blocks - 1 - i] = (uint8_t)(lane->length * 8 >> (8 * i));
    uint32_t unused[8] = {0};  // the kernel always does two
    compress(lane->state, unused, tail, tail, blocks);
    for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(lane->state[i / 4] >> (24 - 8 * (i % 4)));
    cessdrive_sha256_lane_reset(lane);
}
