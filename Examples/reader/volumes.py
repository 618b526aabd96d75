"""Docs/Format/Volumes.md: segments as one file of the chain."""

import base64
from typing import NamedTuple

from .encoding import SEGMENT, Record, blake
from .keys import base32

ROWS = 12


class VolumeName(NamedTuple):
    tag: bytes
    drive: bytes
    kind: int
    counter: int

    @classmethod
    def of(cls, prelude, counter, key):
        """The name of a volume, whose last segment has this prelude."""
        name = cls(None, prelude.drive, 1 if prelude.commit else 0, counter)
        return name._replace(tag=name.tag_for(prelude.volume, key))

    def tag_for(self, volume, key):
        plain = self.drive + bytes([self.kind]) + self.counter.to_bytes(6, "little")
        return blake(plain + volume, key, 16)

    def is_of(self, volume, key):
        return self.tag_for(volume, key) == self.tag

    def confirms(self, prelude, key):
        return self.drive == prelude.drive and self.is_of(prelude.volume, key)


def read_name(text, key):
    """What a volume's name on the chain says, if it is one; None for any other file's. It is a guess until a prelude confirms it."""
    try:
        whole = base64.b32decode(text.upper() + b"=")
    except ValueError:
        return None
    if len(whole) != 39 or base32(whole).encode() != text:
        return None
    tag, mask = whole[:16], blake(b"cessdrive/name-mask/1" + whole[:16], key, 23)
    plain = bytes(a ^ b for a, b in zip(whole[16:], mask))
    return VolumeName(tag, plain[:16], plain[16], int.from_bytes(plain[17:], "little")) if plain[16] <= 1 else None


class Segment(NamedTuple):
    hash: bytes
    rows: list  # of each of the twelve, the hashes that it may have


class Volume(NamedTuple):
    fid: bytes
    segments: list
    name: VolumeName | None = None  # as the chain has it, and the block of its completion
    completion: int = 0


def volume_record(data):
    r = Record(data, 1)
    fid = r.raw(32)
    segments = r.list(lambda r: Segment(r.raw(32), [[r.raw(32)] for _ in range(ROWS)]), 128, 1)
    sealed = r.compact(len(segments) * SEGMENT)
    r.compact(sealed)
    r.extensions()
    r.end()
    return Volume(fid, segments)


def with_rows_of(chain, volume):
    """Fragment hashes are not bound by an FID: those that the chain shows are tried after the record's."""
    if chain is None or [s.hash for s in chain.segments] != [s.hash for s in volume.segments]:
        return volume
    pairs = zip(volume.segments, chain.segments)
    return volume._replace(segments=[Segment(a.hash, [x + y for x, y in zip(a.rows, b.rows)]) for a, b in pairs])
