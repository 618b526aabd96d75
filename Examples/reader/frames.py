"""Docs/Format/Frames.md and Compression.md: from sealed bytes to a blob's plaintext."""

from typing import NamedTuple

import nacl.bindings as sodium
import nacl.exceptions
import zstandard

from .encoding import COMMIT, SEGMENT, Refused, ascend, blake, need

NO_VOLUME, NO_EPOCH = bytes(16), bytes(8)


class Place(NamedTuple):
    """Where a sealed blob lies, and how it is sealed: what pointers and extents say (Segments.md)."""

    volume: bytes
    segment: int
    offset: int
    payload: int
    raw: int
    codec: int
    epoch: bytes
    nonce: bytes

    @property
    def length(self):
        return self.payload + 16 * max(1, -(-self.payload // 16384))

    def checked(self):
        need(self.volume != NO_VOLUME and self.segment <= 127, "a place in no segment")
        need(
            self.offset >= 4096 and self.offset + self.length <= SEGMENT and self.raw <= SEGMENT,
            "a place out of bounds",
        )
        need(self.codec <= 1, "an unknown codec")
        least = 4 * -(-self.raw // 131072) if self.codec else self.raw
        need(self.payload >= least, "a payload that is too short")
        return self


def unseal(sealed, key, nonce, associated):
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, associated, nonce, key)
    except nacl.exceptions.CryptoError:
        raise Refused("a tag that does not fit") from None


def open_frames(sealed, place, kind, blob_id, epoch_key):
    """The payload of a sealed blob."""
    need((place.epoch == NO_EPOCH) == (kind == COMMIT), "an epoch that is not for this kind")
    key = blake(b"blob" + blob_id, epoch_key)
    associated = (
        b"cessdrive/blob/1" + bytes([kind, place.codec]) + place.epoch + blob_id + place.raw.to_bytes(4, "little")
    )
    frames = [sealed[at : at + 16400] for at in range(0, len(sealed), 16400)]
    counters = [2 * k for k in range(len(frames) - 1)] + [2 * (len(frames) - 1) + 1]
    return b"".join(
        unseal(frame, key, place.nonce + counter.to_bytes(8, "little"), associated)
        for frame, counter in zip(frames, counters)
    )


def plaintext(payload, codec, length):
    if codec == 0:
        content, used = payload[:length], length
    else:
        blocks = -(-length // 131072)
        ends = [int.from_bytes(payload[4 * k : 4 * k + 4], "little") for k in range(blocks)]
        bounds = [4 * blocks] + ends
        ascend(bounds)
        used = bounds[-1]
        need(used <= len(payload), "a block beyond the payload")
        parts = []
        for k in range(blocks):
            block, size = payload[bounds[k] : bounds[k + 1]], min(131072, length - 131072 * k)
            try:
                need(zstandard.frame_content_size(block) == size, "a block of another length")
                parts.append(zstandard.ZstdDecompressor().decompress(block, allow_extra_data=False))
            except zstandard.ZstdError as error:
                raise Refused(f"a block that is not one frame: {error}") from None
        content = b"".join(parts)
    need(len(content) == length and not any(payload[used:].strip(b"\0")), "padding that is not zero")
    return content
