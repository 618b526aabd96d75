#!/usr/bin/env python3
"""Makes the vector of Docs/Format/LocalCache.md, version 1, from that page alone.

Needs hashlib and `cryptography`; shares no code with cessdrive. The file was made once and stays as it is: run this with a
directory as its argument to compare, never to replace it.
"""

import hashlib
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

MASK = 0xFFFFFFFF


def hchacha20(key, nonce):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & MASK
            mixed = state[z] ^ state[x]
            state[z] = ((mixed << turn) | (mixed >> (32 - turn))) & MASK

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def seal(key, prefix, counter, plaintext, data):
    cipher = ChaCha20Poly1305(hchacha20(key, prefix))
    return cipher.encrypt(bytes(4) + struct.pack("<Q", counter), plaintext, data)


def fixed(label, size):
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(b"cessdrive vectors " + label.encode()).digest(size)


def compact(value):
    if value < 1 << 6:
        return bytes([value << 2])
    if value < 1 << 14:
        return struct.pack("<H", value << 2 | 1)
    if value < 1 << 30:
        return struct.pack("<I", value << 2 | 2)
    size = max(4, (value.bit_length() + 7) // 8)
    return bytes([(size - 4) << 2 | 3]) + value.to_bytes(size, "little")


def data(tag, file, start, count, offset):
    return bytes([tag]) + compact(file) + compact(start) + compact(count) + compact(offset)


def on_range(tag, file, start, count):
    return bytes([tag]) + compact(file) + compact(start) + compact(count)


def blob(value):
    return compact(len(value)) + value


def pattern(size):
    """Byte i is (31 i + 7) mod 251."""
    return bytes((31 * i + 7) % 251 for i in range(size))


def segment():
    key, prefix, salt, footer_prefix = (
        fixed("cache key", 32), fixed("cache prefix", 16), fixed("cache salt", 16), fixed("cache footer", 16))
    segment_key = hashlib.blake2b(b"cessdrive/cache/segment/1" + salt, key=key, digest_size=32).digest()
    header = b"cesslog\x01" + struct.pack("<IIQQ", 1, 0, 0, 0) + prefix + salt
    out = header + seal(segment_key, prefix, 0, b"", header)

    file = 1 << 32
    # One write, one that fetched bytes fill the gap before, a batch, a cleaning of what is left, a removal.
    records = [
        ([bytes([6]) + blob(b"\x01\x02") + blob(b"\x03\x04\x05"), data(0, file, 70000, 5000, 0)], pattern(5000)),
        ([data(1, file, 69995, 5, 0)], pattern(10)[:5]),
        ([on_range(2, file, 0, 1 << 33), bytes([3]) + compact(file) + compact(72000), bytes([7]) + blob(b"\x09")], b""),
        ([on_range(5, file, 0, 72000)], b""),
        ([bytes([4]) + compact(7)], b""),
    ]
    counter, listed = 1, b""
    for changes, payload in records:
        changes = compact(len(changes)) + b"".join(changes)
        clear = struct.pack("<IIQ", len(changes), len(payload), counter)
        out += clear + seal(segment_key, prefix, counter, changes, clear)
        listed += compact(counter) + compact(len(payload)) + blob(changes)
        counter += 1
        for start in range(0, len(payload), 4096):
            out += seal(segment_key, prefix, counter, payload[start:start + 4096], b"")
            counter += 1

    body = compact(len(out)) + compact(len(records)) + listed
    trailer = footer_prefix + struct.pack("<I", len(body)) + b"cessfoot"
    out += seal(segment_key, footer_prefix, 0, body, trailer) + trailer
    return {
        "version": 1, "key": key.hex(), "random": [prefix.hex(), salt.hex(), footer_prefix.hex()],
        "name": "00000001.log", "segment": out.hex(),
    }


if __name__ == "__main__":
    text = json.dumps(segment(), indent=1) + "\n"
    path = pathlib.Path(sys.argv[1]) / "segment.json"
    if path.exists():
        same = path.read_text() == text
        print("segment.json is", "the same" if same else "DIFFERENT")
        sys.exit(0 if same else 1)
    path.write_text(text)
