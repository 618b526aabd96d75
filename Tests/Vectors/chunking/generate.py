#!/usr/bin/env python3
"""Writes the golden files of Docs/Format/Chunks.md, by an implementation that shares nothing with Sources/Chunking.

Run once for a version of the format; released files are never made anew.
"""

import hashlib
import json
import pathlib
import struct

MINIMUM, AVERAGE, MAXIMUM = 256 << 10, 1 << 20, 4 << 20
WORD = (1 << 64) - 1


def gear_table(seed):
    blocks = (
        hashlib.blake2b(b"cessdrive/gear/1" + bytes([j]), key=seed, digest_size=64).digest()
        for j in range(32)
    )
    return [word for block in blocks for word in struct.unpack("<8Q", block)]


def cut(gear, data, start):
    end = min(start + MAXIMUM, len(data))
    if end - start <= MINIMUM:
        return end
    value = 0
    for position in range(start + MINIMUM - 64, end):
        value = ((value << 1) + gear[data[position]]) & WORD
        length = position + 1 - start
        if length < MINIMUM or length >= MAXIMUM:
            continue
        # up to and including the average length a cut is rare
        if value < (1 << 42 if length <= AVERAGE else 1 << 46):
            return start + length
    return end


def chunks(seed, data):
    gear, lengths, start = gear_table(seed), [], 0
    while start < len(data):
        end = cut(gear, data, start)
        lengths.append(end - start)
        start = end
    return lengths


def counter(label, count):
    """SHA-256(label, u64 LE i) for i = 0, 1, 2 ... in a row."""
    blocks = (count + 31) // 32
    return b"".join(
        hashlib.sha256(label.encode() + struct.pack("<Q", i)).digest() for i in range(blocks)
    )[:count]


def parts(description):
    return b"".join(
        counter(part["counter"], part["count"]) if "counter" in part else bytes([part["byte"]]) * part["count"]
        for part in description
    )


def write(name, seed, description):
    directory = pathlib.Path(__file__).parent / "1"
    data = parts(description)
    case = {
        "seed": seed.hex(),
        "data": description,
        "sha256": hashlib.sha256(data).hexdigest(),
        "gear_first": [str(word) for word in gear_table(seed)[:4]],
        "gear_last": str(gear_table(seed)[255]),
        "chunks": chunks(seed, data),
    }
    (directory / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    one, two = bytes(range(32)), hashlib.sha256(b"another drive").digest()
    random = {"counter": "random", "count": 12_345_678}
    write("random", one, [random])
    write("random-other-seed", two, [random])
    write("random-after-insert", one, [{"byte": 7, "count": 1}, random])
    write("zeros", one, [{"byte": 0, "count": 9 << 20}])
    write("empty", one, [])
    write("one-byte", one, [{"byte": 1, "count": 1}])
    write("minimum", one, [{"counter": "m", "count": MINIMUM}])
    write("minimum-and-one", one, [{"counter": "m", "count": MINIMUM + 1}])
    write("maximum-in-zeros", two, [{"byte": 0, "count": MAXIMUM}])
    write("zeros-and-random", two, [{"byte": 0, "count": 3_000_001}, {"counter": "z", "count": 3_000_001}])
