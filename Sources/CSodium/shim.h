#pragma once
#include <sodium.h>

// libsodium declares pointers `nonnull` that it allows to be null beside a length of 0, as Swift's empty spans are.
static inline void cessdrive_xchacha20poly1305_seal(
    unsigned char *output, const unsigned char *plaintext, unsigned long long plaintext_length,
    const unsigned char *data, unsigned long long data_length, const unsigned char *nonce, const unsigned char *key) {
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        output, NULL, plaintext, plaintext_length, data, data_length, NULL, nonce, key);
}
static inline int cessdrive_xchacha20poly1305_open(
    unsigned char *output, const unsigned char *sealed, unsigned long long sealed_length,
    const unsigned char *data, unsigned long long data_length, const unsigned char *nonce, const unsigned char *key) {
    unsigned char none[1];
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
        output ? output : none, NULL, NULL, sealed, sealed_length, data, data_length, nonce, key);
}
static inline void cessdrive_random_bytes(void *output, size_t length) {
    if (length > 0) randombytes_buf(output, length);
}
static inline void cessdrive_wipe(void *output, size_t length) {
    if (length > 0) sodium_memzero(output, length);
}
