"""Docs/Format/README.md: records, and how bytes are refused."""

import hashlib

SEGMENT = 32 << 20
CHUNK, DIRECTORY, CHUNK_LIST, LINK_GROUP, INDEX, VOLUME_SET, COMMIT, TABLE, ATTRIBUTES = range(
    1, 10
)  # Keys.md, "Blob ids"


class Refused(Exception):
    """Bytes that the format does not allow."""


class Missing(Exception):
    """Bytes that cannot be had."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def blake(data, key=b"", size=32):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


class Record:
    """Reads a record from front to back; every length is checked before it is believed."""

    def __init__(self, data, version=None):
        self.data, self.at = data, 0
        need(version is None or self.number(1) == version, "an unknown version")

    def raw(self, count):
        need(count <= len(self.data) - self.at, "a record that is cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size, signed=False):
        return int.from_bytes(self.raw(size), "little", signed=signed)

    def compact(self, limit=2**64 - 1):
        first = self.raw(1)[0]
        if first & 3 < 3:
            size = 1 << (first & 3)
            value = int.from_bytes(bytes([first]) + self.raw(size - 1), "little") >> 2
            shortest = size == 1 or value >> (4 * size - 2)
        else:
            size = (first >> 2) + 4
            value = self.number(size)
            shortest = value >> max(30, 8 * (size - 1))
        need(shortest, "a compact integer that is not the shortest")
        need(value <= limit, "a number beyond its limit")
        return value

    def bytes(self, limit, least=0):
        size = self.compact(limit)
        need(size >= least, "too few bytes")
        return self.raw(size)

    def text(self, limit):
        try:
            return self.bytes(limit).decode()
        except UnicodeDecodeError:
            raise Refused("a text that is not UTF-8") from None

    def list(self, item, limit=SEGMENT, least=0):
        count = self.compact(limit)
        need(count >= least, "too few items")
        return [item(self) for _ in range(count)]

    def option(self, item):
        there = self.number(1)
        need(there <= 1, "neither there nor not")
        return item(self) if there else None

    def time(self):
        """Nanoseconds since 1970."""
        seconds, nanoseconds = self.number(8, signed=True), self.number(4)
        need(nanoseconds < 10**9, "too many nanoseconds")
        return seconds * 10**9 + nanoseconds

    def extensions(self):
        tags = [tag for tag, _ in self.list(lambda r: (r.number(2), r.bytes(65536)), 64)]
        ascend(tags)
        need(all(tag < 0x8000 for tag in tags), "an extension that must be known")

    def end(self):
        need(self.at == len(self.data), "bytes left over")


def ascend(keys):
    need(all(a < b for a, b in zip(keys, keys[1:])), "what should ascend does not")


def distinct(keys):
    need(len(set(keys)) == len(keys), "something twice")
