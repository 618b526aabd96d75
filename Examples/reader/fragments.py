"""Docs/Format/Fragments.md: segments from any four rows of their fragments."""

import functools
import hashlib
import mmap
import os

from .encoding import Missing
from .volumes import ROWS

FRAGMENT, DATA = 8 << 20, 4


def field():
    """GF(256): the table that multiplies a byte by a factor, for each factor; and the inverses."""
    powers = [1]
    while len(powers) < 255:
        powers.append(powers[-1] << 1 ^ (0x11D if powers[-1] & 0x80 else 0))
    logs = {power: n for n, power in enumerate(powers)}
    times = [bytes(256)] + [
        bytes([0] + [powers[(logs[a] + logs[b]) % 255] for b in range(1, 256)]) for a in range(1, 256)
    ]
    return times, [0] + [powers[-logs[a] % 255] for a in range(1, 256)]


TIMES, INVERSE = field()
MATRIX = [
    [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1],
    [27, 28, 18, 20], [28, 27, 20, 18], [18, 20, 27, 28], [20, 18, 28, 27],
    [245, 232, 196, 216], [232, 245, 216, 196], [196, 216, 245, 232], [216, 196, 232, 245],
]  # fmt: skip


@functools.cache
def inverted(rows):
    """The inverse of four rows of the matrix, by Gauss and Jordan."""
    work = [MATRIX[row] + [int(i == k) for k in range(DATA)] for i, row in enumerate(rows)]
    for c in range(DATA):
        pivot = next(r for r in range(c, DATA) if work[r][c])
        work[c], work[pivot] = work[pivot], work[c]
        work[c] = [TIMES[INVERSE[work[c][c]]][v] for v in work[c]]
        for r in set(range(DATA)) - {c}:
            work[r] = [v ^ TIMES[work[r][c]][p] for v, p in zip(work[r], work[c])]
    return [row[DATA:] for row in work]


class Fragments:
    """The fragments below some directories, found by their hashes and checked by them once."""

    def __init__(self, directories):
        self.paths = {}
        for directory in directories:
            for folder, _, names in os.walk(directory):
                for name in names:
                    if len(name) == 64 and not set(name) - set("0123456789abcdef"):
                        self.paths.setdefault(bytes.fromhex(name), []).append(os.path.join(folder, name))

    @functools.lru_cache(256)
    def fragment(self, digest):
        for path in self.paths.get(digest, []):
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size == FRAGMENT:
                    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                    if hashlib.sha256(data).digest() == digest:
                        return data
        return None

    def read(self, rows, offset, length):
        """Bytes of a segment whose row r has one of the hashes `rows[r]`."""
        parts = []
        while length:
            shard, start = divmod(offset, FRAGMENT)
            end = min(start + length, FRAGMENT)
            parts.append(self.shard(rows, shard, start, end))
            offset, length = offset + end - start, length - (end - start)
        return b"".join(parts)

    def shard(self, rows, shard, start, end):
        have = {}
        for row in [shard] + [row for row in range(ROWS) if row != shard]:
            fragment = next(filter(None, map(self.fragment, rows[row])), None)
            if fragment is not None:
                have[row] = fragment[start:end]
            if shard in have:
                return have[shard]
            if len(have) == DATA:
                factors = inverted(tuple(have))[shard]
                products = (data.translate(TIMES[factor]) for factor, data in zip(factors, have.values()))
                total = functools.reduce(lambda sum, data: sum ^ int.from_bytes(data, "little"), products, 0)
                return total.to_bytes(end - start, "little")
        raise Missing(f"only {len(have)} of the 4 rows that are needed are there")
