#!/usr/bin/env python3
"""Makes the vectors of Docs/Format/Segments.md, Volumes.md, Entries.md and Commits.md, version 1, from those pages alone.

Needs PyNaCl (libsodium) and hashlib; shares no code with cessdrive. The files were made once and stay as they are: run it
with a directory as its argument to compare, never to replace them.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

import nacl.bindings as sodium


def blake(data, key=b"", size=32):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def fixed(label, size):
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(b"cessdrive records " + label.encode()).digest(size)


# README.md, "Encoding"


def u8(n):
    return struct.pack("<B", n)


def u16(n):
    return struct.pack("<H", n)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def compact(n):
    if n < 1 << 6:
        return u8(n << 2)
    if n < 1 << 14:
        return u16(n << 2 | 1)
    if n < 1 << 30:
        return u32(n << 2 | 2)
    size = max(4, (n.bit_length() + 7) // 8)
    return u8((size - 4) << 2 | 3) + n.to_bytes(size, "little")


def data(b):
    return compact(len(b)) + b


def vec(items):
    return compact(len(items)) + b"".join(items)


def option(b):
    return b"\0" if b is None else b"\1" + b


def extensions(*fields):
    return vec([u16(tag) + data(value) for tag, value in fields])


def time(seconds, nanoseconds=0):
    return struct.pack("<qI", seconds, nanoseconds)


NONE = extensions()
DRIVE = fixed("drive", 16)
VOLUME = fixed("volume", 16)
OTHER = fixed("other volume", 16)
THIRD = fixed("third volume", 16)
EPOCH = fixed("epoch", 8)
EPOCH2 = fixed("epoch 2", 8)
GENESIS = fixed("genesis", 32)
ID = fixed("blob id", 32)
NONCE = fixed("nonce", 16)
MIB = 1 << 20
SEGMENT = 32 * MIB


def valid(name, encoded, /, **fields):
    return {"name": name, "bytes": encoded, "byteCount": len(encoded), "fields": {k: text(v) for k, v in fields.items()}}


def text(value):
    return value.hex() if isinstance(value, bytes) else str(value)


def refused(why, encoded):
    return {"why": why, "bytes": encoded}


def truncations(encoded):
    return [refused("cut off", encoded[:-1]), refused("bytes left over", encoded + b"\0"), refused("empty", b"")]


# Segments.md


def pointer(volume=VOLUME, segment=3, offset=4096, payload=1000, raw=1000, codec=0, epoch=EPOCH, nonce=NONCE):
    return volume + u16(segment) + u32(offset) + u32(payload) + u32(raw) + u8(codec) + epoch + nonce


def extent(blob=ID, offset=4096, payload=1000, raw=1000, codec=0, nonce=NONCE):
    return blob + u32(offset) + u32(payload) + u32(raw) + u8(codec) + nonce


def sealed(payload):
    return payload + 16 * max(1, -(-payload // 16384))


def reference(blob=ID, **rest):
    return blob + pointer(**rest)


def pointers():
    last = SEGMENT - sealed(1000)
    whole = 33517600  # the longest payload behind a prelude: 2,045 full frames and one of 12,320 bytes
    assert sealed(whole) == SEGMENT - 4096
    cases = [
        valid(
            "raw", pointer(), volume=VOLUME, segment=3, offset=4096, payloadLength=1000, rawLength=1000, codec=0,
            epoch=EPOCH, nonce=NONCE, sealedLength=1016,
        ),
        valid(
            "compressed", pointer(payload=304, codec=1), volume=VOLUME, segment=3, offset=4096, payloadLength=304,
            rawLength=1000, codec=1, epoch=EPOCH, nonce=NONCE, sealedLength=320,
        ),
        valid(
            "at the end", pointer(offset=last, segment=127), volume=VOLUME, segment=127, offset=last,
            payloadLength=1000, rawLength=1000, codec=0, epoch=EPOCH, nonce=NONCE, sealedLength=1016,
        ),
        valid(
            "a whole segment", pointer(payload=whole, raw=whole), volume=VOLUME, segment=3, offset=4096,
            payloadLength=whole, rawLength=whole, codec=0, epoch=EPOCH, nonce=NONCE, sealedLength=SEGMENT - 4096,
        ),
        valid(
            "empty", pointer(payload=0, raw=0), volume=VOLUME, segment=3, offset=4096, payloadLength=0, rawLength=0,
            codec=0, epoch=EPOCH, nonce=NONCE, sealedLength=16,
        ),
    ]
    bad = [
        refused("volume of zeros", pointer(volume=bytes(16))),
        refused("segment 128", pointer(segment=128)),
        refused("in the prelude", pointer(offset=4095)),
        refused("beyond the segment", pointer(offset=last + 1)),
        refused("longer than a segment", pointer(payload=0xFFFFFFFF, raw=0xFFFFFFFF)),
        refused("raw length beyond a segment", pointer(payload=2000, raw=SEGMENT + 1, codec=1)),
        refused("raw, shorter than its plaintext", pointer(payload=999)),
        refused("compressed, shorter than its table", pointer(payload=7, raw=131073, codec=1)),
        refused("codec 2", pointer(codec=2)),
    ]
    return {"valid": cases, "refused": bad + truncations(pointer())}


def box(label):
    return fixed(label + " recipient", 8) + fixed(label + " box", 80)


def epoch(identifier=EPOCH, boxes=("ring",)):
    return identifier + vec([box(label) for label in boxes])


def prelude(
    drive=DRIVE, volume=VOLUME, segment=0, epochs=None, table=None, commit=None, ext=NONE, version=1
):
    epochs = [epoch()] if epochs is None else epochs
    table = extent(offset=8192) if table is None else table
    return u8(version) + drive + volume + u16(segment) + vec(epochs) + table + option(commit) + ext


def preludes():
    many = [f"device {i}" for i in range(33)]
    full = prelude(epochs=[epoch(boxes=many)], commit=extent(offset=4096))
    assert len(prelude()) == 196 and len(full) == 3073
    cases = [
        valid("one box", prelude(), drive=DRIVE, volume=VOLUME, segment=0, epochs=1, boxes=1, table=8192, commit="none"),
        valid(
            "a commit, 33 boxes", full, drive=DRIVE, volume=VOLUME, segment=0, epochs=1, boxes=33, table=8192,
            commit=4096,
        ),
        valid(
            "two epochs", prelude(segment=15, epochs=[epoch(), epoch(EPOCH2, ("ring", "laptop"))]), drive=DRIVE,
            volume=VOLUME, segment=15, epochs=2, boxes=3, table=8192, commit="none",
        ),
        valid(
            "extensions that may be ignored", prelude(ext=extensions((7, b"later"), (0x7FFF, b""))), drive=DRIVE,
            volume=VOLUME, segment=0, epochs=1, boxes=1, table=8192, commit="none",
        ),
    ]
    bad = [
        refused("version 2", prelude(version=2)),
        refused("volume of zeros", prelude(volume=bytes(16))),
        refused("segment 128", prelude(segment=128)),
        refused("no epoch", prelude(epochs=[])),
        refused("nine epochs", prelude(epochs=[epoch(fixed(f"e{i}", 8)) for i in range(9)])),
        refused("an epoch of zeros", prelude(epochs=[epoch(bytes(8))])),
        refused("an epoch twice", prelude(epochs=[epoch(), epoch()])),
        refused("no box", prelude(epochs=[epoch(boxes=())])),
        refused("34 boxes", prelude(epochs=[epoch(boxes=[f"device {i}" for i in range(34)])])),
        refused("a recipient twice", prelude(epochs=[epoch(boxes=("ring", "ring"))])),
        refused("a table beyond the segment", prelude(table=extent(offset=SEGMENT))),
        refused("a commit of variant 2", prelude()[:-2] + b"\2\0"),
        refused("an extension that must be known", prelude(ext=extensions((0x8000, b"")))),
        refused("extensions that do not ascend", prelude(ext=extensions((7, b""), (7, b"")))),
        refused("a compact that is not the shortest", prelude()[:-1] + b"\x01\x00"),
        refused("something behind the record", prelude() + b"\1"),
        refused("cut off", prelude()[:-1]),
    ]
    return {"valid": cases, "refused": bad}


def entry_of_table(kind=1, index=0, **rest):
    return u8(kind) + u8(index) + extent(**rest)


def table(*entries, version=1):
    return u8(version) + vec(list(entries))


def tables():
    two = table(entry_of_table(), entry_of_table(kind=7, index=255, offset=5112))
    assert len(two) == 128
    cases = [
        valid("empty", table(), count=0),
        valid("two blobs without a gap", two, count=2, kinds="1 7", epochs="0 255", offsets="4096 5112"),
        valid(
            "a gap", table(entry_of_table(), entry_of_table(kind=2, index=7, offset=9000)), count=2, kinds="1 2",
            epochs="0 7", offsets="4096 9000",
        ),
    ]
    bad = [
        refused("version 0", table(version=0)),
        refused("kind 0", table(entry_of_table(kind=0))),
        refused("kind 8, a table", table(entry_of_table(kind=8))),
        refused("kind 10, a change record", table(entry_of_table(kind=10))),
        refused("kind 11", table(entry_of_table(kind=11))),
        refused("epoch 8", table(entry_of_table(index=8))),
        refused("a chunk under the prelude key", table(entry_of_table(index=255))),
        refused("a commit in an epoch", table(entry_of_table(kind=7, index=0))),
        refused("overlapping blobs", table(entry_of_table(), entry_of_table(offset=5111))),
        refused("descending offsets", table(entry_of_table(offset=9000), entry_of_table())),
        refused("more entries than bytes", u8(1) + compact(1 << 40) + entry_of_table()),
    ]
    return {"valid": cases, "refused": bad + truncations(two)}


# Volumes.md

NAME_KEY = fixed("name-tag key", 32)


def volume_name(drive, kind, counter, volume):
    plain = drive + u8(kind) + counter.to_bytes(6, "little")
    tag = blake(plain + volume, key=NAME_KEY, size=16)
    mask = blake(b"cessdrive/name-mask/1" + tag, key=NAME_KEY, size=23)
    whole = tag + bytes(a ^ b for a, b in zip(plain, mask))
    assert len(whole) == 39
    return base64.b32encode(whole).decode().rstrip("=").lower()


def names():
    cases = []
    for kind, counter, volume in ((0, 1, VOLUME), (1, 1, OTHER), (1, 0x010203040506, VOLUME), (0, (1 << 48) - 1, OTHER)):
        name = volume_name(DRIVE, kind, counter, volume)
        assert len(name) == 63
        cases.append({"drive": DRIVE, "kind": kind, "counter": counter, "volume": volume, "name": name})
    good = cases[0]["name"]
    swap = lambda i, c: good[:i] + c + good[i + 1 :]
    return {
        "key": NAME_KEY,
        "names": cases,
        "unreadable": [
            good[:-1], good + "a", good.upper(), swap(0, "1"), swap(5, "="), "",
            # The last character has five bits, three of which are filling.
            good[:-1] + "abcdefghijklmnopqrstuvwxyz234567"["abcdefghijklmnopqrstuvwxyz234567".index(good[-1]) ^ 1],
            volume_name(DRIVE, 2, 1, VOLUME),
        ],
        "notGenuine": [
            {"name": good, "volume": OTHER, "why": "of another volume"},
            {"name": volume_name(DRIVE, 0, 2, VOLUME)[:26] + good[26:], "volume": VOLUME, "why": "another tag"},
        ],
    }


def segment_record(label):
    return fixed(label, 32) + b"".join(fixed(f"{label} fragment {i}", 32) for i in range(12))


def fid(hashes):
    level = hashes
    while True:
        if len(level) % 2:
            level = level + [level[-1]]
        level = [hashlib.sha256(level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
        if len(level) == 1:
            return level[0]


def volume_record(count=1, identifier=None, sealed_bytes=1000, live=900, ext=NONE, version=1):
    segments = [segment_record(f"segment {i}") for i in range(count)]
    identifier = fid([s[:32] for s in segments] or [bytes(32)]) if identifier is None else identifier
    return u8(version) + identifier + vec(segments) + compact(sealed_bytes) + compact(live) + ext


def volumes():
    one = volume_record()
    assert len(one) == 455
    cases = [
        valid("one segment", one, fid=one[1:33], segments=1, sealedBytes=1000, liveBytes=900),
        valid(
            "three segments", volume_record(3, sealed_bytes=3 * SEGMENT, live=0), fid=volume_record(3)[1:33],
            segments=3, sealedBytes=3 * SEGMENT, liveBytes=0,
        ),
        valid(
            "an extension", volume_record(ext=extensions((1, b"x"))), fid=one[1:33], segments=1, sealedBytes=1000,
            liveBytes=900,
        ),
    ]
    bad = [
        refused("version 2", volume_record(version=2)),
        refused("no segment", volume_record(0)),
        refused("129 segments", u8(1) + bytes(32) + compact(129) + bytes(1000)),
        refused("more live than sealed", volume_record(sealed_bytes=10, live=11)),
        refused("more sealed than there is room for", volume_record(sealed_bytes=SEGMENT + 1)),
        refused("an extension that must be known", volume_record(ext=extensions((0xFFFF, b"")))),
    ]
    return {"valid": cases, "refused": bad + truncations(one)}


# Entries.md


def owner(identifier=0, name=b""):
    return u32(identifier) + data(name)


def root(ref=ID, level=0, count=1, total=0):
    return data(ref) + u8(level) + compact(count) + compact(total)


BLANK = owner()
EMPTY = u8(0)


def inline(b):
    return u8(1) + data(b)


def entry(
    type=0, mode=0o644, uid=owner(1000, b"ada"), gid=owner(1000, b"ada"), modified=time(1767225600, 123456789),
    changed=time(1767225601), size=0, attributes=EMPTY, content=EMPTY, group=None, ext=NONE, version=1,
):
    return (
        u8(version) + u8(type) + u16(mode) + uid + gid + modified + changed + compact(size) + attributes + content
        + option(group) + ext
    )


def attribute(name, value=b"v"):
    return data(name) + data(value)


def linked(type=0, group=fixed("group", 16), **rest):
    blank = dict(mode=0, uid=BLANK, gid=BLANK, modified=time(0), changed=time(0))
    return entry(type=type, group=group, **{**blank, **rest})


def described(name, encoded, type, mode=0o644, size=0, content="none", attributes="none", group="none"):
    return valid(name, encoded, type=type, mode=mode, size=size, content=content, attributes=attributes, group=group)


def entries():
    hello = entry(size=5, content=inline(b"hello"))
    assert len(hello) == 55
    chunk = lambda n: u8(2) + ID + u32(n)
    chunks = lambda **r: u8(3) + root(**r)
    device = u8(5) + u32(8) + u32(1)
    attrs = u8(1) + vec([attribute(b"user.a"), attribute(b"user.ab", b"")])
    fit = u8(1) + vec([attribute(b"user.a", bytes(1014))])
    assert len(fit) - 1 == 1024
    cases = [
        described("empty file", entry(), 0),
        described("hello", hello, 0, size=5, content="inline 68656c6c6f"),
        described("128 bytes in place", entry(size=128, content=inline(bytes(128))), 0, size=128, content="inline " + "00" * 128),
        described("a chunk", entry(size=4 * MIB, content=chunk(4 * MIB)), 0, size=4 * MIB, content=f"chunk {ID.hex()}"),
        described(
            "chunks", entry(size=1 << 44, content=chunks(level=2, count=1 << 24, total=1 << 44)), 0, size=1 << 44,
            content=f"chunks {ID.hex()} 2 {1 << 24} {1 << 44}",
        ),
        described(
            "a directory", entry(type=1, mode=0o1777, content=u8(4) + root(count=0)), 1, mode=0o1777,
            content=f"directory {ID.hex()} 0 0 0",
        ),
        described("a link", entry(type=2, mode=0o777, content=inline(b"../x")), 2, mode=0o777, content="inline 2e2e2f78"),
        described("a fifo", entry(type=3), 3),
        described("a device", entry(type=4, content=device), 4, content="device 8 1"),
        described("a block device", entry(type=5, content=device), 5, content="device 8 1"),
        described("a socket", entry(type=6), 6),
        described("before 1970", entry(modified=time(-1, 999999999)), 0),
        described("attributes", entry(attributes=attrs), 0, attributes="inline 757365722e61=76 757365722e6162="),
        described("1,024 bytes of attributes", entry(attributes=fit), 0, attributes="inline 757365722e61=" + "00" * 1014),
        described("a blob of attributes", entry(attributes=u8(2) + ID + u32(1025)), 0, attributes=f"blob {ID.hex()} 1025"),
        described("one of several names", linked(), 0, mode=0, group=fixed("group", 16).hex()),
        described("one of several names of a link", linked(type=2), 2, mode=0, group=fixed("group", 16).hex()),
        described("an extension", entry(ext=extensions((0, b"\0\1"))), 0),
    ]
    bad = [
        refused("version 0", entry(version=0)),
        refused("type 7", entry(type=7)),
        refused("mode 010000", entry(mode=0o10000)),
        refused("owner's name of 256 bytes", entry(uid=owner(0, bytes(256)))),
        refused("10⁹ nanoseconds", entry(changed=time(0, 10**9))),
        refused("empty, of one byte", entry(size=1)),
        refused("in place, of another length", entry(size=6, content=inline(b"hello"))),
        refused("in place and empty", entry(content=inline(b""))),
        refused("129 bytes in place", entry(size=129, content=inline(bytes(129)))),
        refused("an empty chunk", entry(content=chunk(0))),
        refused("a chunk of more than 4 MiB", entry(size=4 * MIB + 1, content=chunk(4 * MIB + 1))),
        refused("a chunk of another length", entry(size=1, content=chunk(2))),
        refused("chunks of another length", entry(size=1, content=chunks(total=2))),
        refused("no chunks", entry(content=chunks(count=0))),
        refused("chunks by whole reference", entry(content=chunks(ref=reference()))),
        refused("a reference of 33 bytes", entry(content=chunks(ref=bytes(33)))),
        refused("a tree of 17 levels", entry(size=2, content=chunks(level=16, total=2))),
        refused("a directory without a tree", entry(type=1)),
        refused("a directory with a size", entry(type=1, size=1, content=u8(4) + root())),
        refused("a directory by whole reference", entry(type=1, content=u8(4) + root(ref=reference()))),
        refused("a file with a directory", entry(content=u8(4) + root())),
        refused("a link without a target", entry(type=2)),
        refused("a link with an empty target", entry(type=2, content=inline(b""))),
        refused("a link with a zero byte", entry(type=2, content=inline(b"a\0b"))),
        refused("a link of 4,096 bytes", entry(type=2, content=inline(b"a" * 4096))),
        refused("a fifo with bytes", entry(type=3, size=1, content=inline(b"a"))),
        refused("a device without numbers", entry(type=4)),
        refused("content 6", entry(content=u8(6))),
        refused("attributes 3", entry(attributes=u8(3))),
        refused("no attributes in a list", entry(attributes=u8(1) + vec([]))),
        refused("attributes that descend", entry(attributes=u8(1) + vec([attribute(b"b"), attribute(b"a")]))),
        refused("an attribute twice", entry(attributes=u8(1) + vec([attribute(b"a"), attribute(b"a")]))),
        refused("an attribute without a name", entry(attributes=u8(1) + vec([attribute(b"")]))),
        refused("an attribute's name with a zero", entry(attributes=u8(1) + vec([attribute(b"a\0")]))),
        refused("1,025 bytes of attributes", entry(attributes=u8(1) + vec([attribute(b"user.a", bytes(1015))]))),
        refused("a blob of 1,024 bytes of attributes", entry(attributes=u8(2) + ID + u32(1024))),
        refused("a directory of several names", linked(type=1)),
        refused("one of several names with a mode", linked(mode=0o644)),
        refused("one of several names with content", linked(size=1, content=inline(b"a"))),
        refused("an extension that must be known", entry(ext=extensions((0x8000, b"")))),
    ]
    return {"valid": cases, "refused": bad + truncations(hello)}


def chunk_keys():
    key = lambda b, n: b + u64(n)
    cases = [
        valid("a chunk", key(ID, 1), id=ID, length=1, hole="false"),
        valid("the longest", key(ID, 4 * MIB), id=ID, length=4 * MIB, hole="false"),
        valid("a hole", key(bytes(32), 1 << 44), id=bytes(32), length=1 << 44, hole="true"),
    ]
    bad = [
        refused("an empty chunk", key(ID, 0)),
        refused("an empty hole", key(bytes(32), 0)),
        refused("more than 4 MiB", key(ID, 4 * MIB + 1)),
    ]
    return {"valid": cases, "refused": bad + truncations(key(ID, 1))}


def linked_inodes():
    inode = lambda names, e: u32(names) + e
    hello = entry(size=5, content=inline(b"hello"))
    cases = [valid("two names", inode(2, hello), names=2, size=5), valid("one left", inode(1, hello), names=1, size=5)]
    bad = [
        refused("no name", inode(0, hello)),
        refused("a directory", inode(2, entry(type=1, content=u8(4) + root()))),
        refused("in a group itself", inode(2, linked())),
    ]
    return {"valid": cases, "refused": bad + truncations(inode(2, hello))}


# Commits.md


def device(label="laptop", name=None, role=0, epoch_id=EPOCH, signature=None):
    return (
        data(label.encode() if name is None else name) + u8(role) + fixed(label + " sign", 32) + fixed(label + " box key", 32)
        + epoch_id + time(1767225600) + (fixed(label + " signature", 64) if signature is None else signature)
    )


def ring(epochs=None, devices=None):
    epochs = [epoch(boxes=("ring", "laptop"))] if epochs is None else epochs
    devices = [device()] if devices is None else devices
    return fixed("ring key", 32) + vec(epochs) + vec(devices)


def tree(label, level=0, count=1, total=0):
    return root(ref=reference(blob=fixed(label, 32)), level=level, count=count, total=total)


def parent(volume=OTHER):
    return volume + fixed("parent", 32)


def commit(
    name="Photos".encode(), volume=VOLUME, sequence=2, parents=None, attributes=None, top=None, links=None, index=None,
    volumes=None, doomed=(), folded=(), key_ring=None, message=b"put", ext=NONE, version=1,
):
    top = tree("root", count=2, total=5) if top is None else top
    if attributes is None:
        attributes = entry(type=1, mode=0o755, content=u8(4) + root(ref=fixed("root", 32), count=2, total=5))
    parents = [parent()] if parents is None else parents
    index = [u8(0) + tree("run 1"), u8(1) + tree("run 2")] if index is None else index
    key_ring = ring() if key_ring is None else key_ring
    volumes = tree("volumes") if volumes is None else volumes
    return (
        u8(version) + DRIVE + data(name) + volume + u64(sequence) + vec(parents) + time(1767225700, 5)
        + blake(fixed("laptop sign", 32))[:16] + attributes + top + option(links) + vec(index) + option(volumes)
        + vec(list(doomed)) + vec(list(folded)) + key_ring + data(message) + ext
    )


SIGNATURE = fixed("signature", 64)


def signed(record, signer=1):
    return record + u8(signer) + SIGNATURE


def doomed(volume):
    return volume + fixed("doomed fid", 32) + time(1767225000)


def commits():
    low, high = sorted([OTHER, THIRD])
    plain = commit()
    big = commit(
        links=tree("links"), doomed=[doomed(low), doomed(high)], folded=[low + VOLUME, high + VOLUME],
        ext=extensions((3, b"kept"), (9, b"")),
        key_ring=ring(
            epochs=[epoch(EPOCH2), epoch(boxes=("ring", "laptop", "tower"))], devices=[device(), device("tower", "Türmchen".encode())]
        ),
    )
    first = commit(sequence=1, parents=[], index=[])
    first = first[: first.index(option(tree("volumes")))] + option(None) + first[first.index(option(tree("volumes"))) + len(option(tree("volumes"))) :]

    def case(name, record, /, **fields):
        encoded = signed(record)
        message = GENESIS + DRIVE + record
        return valid(
            name, encoded, signedBytes=hashlib.sha256(message).hexdigest(), drive=DRIVE, name="Photos", volume=VOLUME,
            signer=1, **fields,
        )

    certificate = device()
    cases = [
        case("first", first, sequence=1, parents=0, runs=0, doomed=0, folded=0, epochs=1, devices=1),
        case("second", plain, sequence=2, parents=1, runs=2, doomed=0, folded=0, epochs=1, devices=1),
        case("everything", big, sequence=2, parents=1, runs=2, doomed=2, folded=2, epochs=2, devices=2),
        case(
            "a merge", commit(sequence=9, parents=[parent(), parent(THIRD)]), sequence=9, parents=2, runs=2, doomed=0, folded=0,
            epochs=1, devices=1,
        ),
    ]
    other_root = entry(type=1, mode=0o755, content=u8(4) + root(ref=fixed("other", 32), count=2, total=5))
    pointed = entry(type=1, mode=0o755, content=u8(4) + tree("root", count=2, total=5))
    bad = [
        ("version 2", commit(version=2)),
        ("a name that is not UTF-8", commit(name=b"a\xff")),
        ("a name of 256 bytes", commit(name=b"a" * 256)),
        ("volume of zeros", commit(volume=bytes(16))),
        ("sequence 0", commit(sequence=0, parents=[])),
        ("sequence 2⁴⁸", commit(sequence=1 << 48)),
        ("sequence 1 with a parent", commit(sequence=1)),
        ("sequence 2 without a parent", commit(parents=[])),
        ("a parent twice", commit(parents=[parent(), parent()])),
        ("its own parent", commit(parents=[parent(VOLUME)])),
        ("a parent of zeros", commit(parents=[parent(bytes(16))])),
        ("65 parents", commit(parents=[parent(fixed(f"p{i}", 16)) for i in range(65)])),
        ("a root that is a file", commit(attributes=entry())),
        ("attributes of another root", commit(attributes=other_root)),
        ("attributes with a whole reference", commit(attributes=pointed)),
        ("a root by id", commit(top=root(ref=fixed("root", 32), count=2, total=5))),
        ("a run by id", commit(index=[u8(0) + root()])),
        ("volumes by id", commit(volumes=root())),
        ("link groups by id", commit(links=root())),
        ("a root with a pointer to volume zero", commit(volumes=root(ref=reference(volume=bytes(16))))),
        ("runs that descend", commit(index=[u8(1) + tree("run 1"), u8(0) + tree("run 2")])),
        ("a run of level 16", commit(index=[u8(16) + tree("run 1")])),
        ("65 runs", commit(index=[u8(0) + tree("run 1")] * 65)),
        ("doomed volumes that descend", commit(doomed=[doomed(high), doomed(low)])),
        ("a doomed volume twice", commit(doomed=[doomed(low), doomed(low)])),
        ("its own volume doomed", commit(doomed=[doomed(VOLUME)])),
        ("folded volumes that descend", commit(folded=[high + VOLUME, low + VOLUME])),
        ("folded into itself", commit(folded=[low + low])),
        ("folded into one that was folded", commit(folded=[low + high, high + VOLUME])),
        ("folded into zeros", commit(folded=[low + bytes(16)])),
        ("no epoch", commit(key_ring=ring(epochs=[]))),
        ("an epoch twice", commit(key_ring=ring(epochs=[epoch(), epoch()]))),
        ("a device twice", commit(key_ring=ring(devices=[device(), device()]))),
        ("a device of an unknown epoch", commit(key_ring=ring(devices=[device(epoch_id=EPOCH2)]))),
        ("a device of role 1", commit(key_ring=ring(devices=[device(role=1)]))),
        ("a device's name that is not UTF-8", commit(key_ring=ring(devices=[device(name=b"\xc0\x80")]))),
        ("33 devices", commit(key_ring=ring(devices=[device(f"d{i}") for i in range(33)]))),
        ("a message of 1,025 bytes", commit(message=b"a" * 1025)),
        ("a message that is not UTF-8", commit(message=b"\xed\xa0\x80")),
        ("an extension that must be known", commit(ext=extensions((0x8000, b"")))),
        ("extensions that descend", commit(ext=extensions((2, b""), (1, b"")))),
    ]
    return {
        "genesis": GENESIS,
        "certificate": {
            "device": blake(fixed("laptop sign", 32))[:16],
            "signedBytes": GENESIS + DRIVE + certificate[:-64],
        },
        "valid": cases,
        "refused": [refused(why, signed(record)) for why, record in bad]
        + [refused("signer 2", signed(plain, 2))]
        + truncations(signed(plain)),
    }


# A whole segment


def aead(key, nonce, plaintext, associated):
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)


def seal_blob(plaintext, kind, epoch_id, epoch_key, identifier, nonce):
    key = blake(b"blob" + identifier, key=epoch_key)
    associated = b"cessdrive/blob/1" + bytes([kind, 0]) + epoch_id + identifier + u32(len(plaintext))
    pieces = [plaintext[i : i + 16384] for i in range(0, len(plaintext), 16384)] or [b""]
    return b"".join(
        aead(key, nonce + u64(2 * k + (k == len(pieces) - 1)), piece, associated) for k, piece in enumerate(pieces)
    )


def segment():
    prelude_key, id_key, epoch_key = fixed("prelude key", 32), fixed("blob-id key", 32), fixed("epoch key", 32)
    ring_public, ring_secret = sodium.crypto_box_seed_keypair(fixed("ring seed", 32))
    ephemeral_public, ephemeral_secret = sodium.crypto_box_seed_keypair(fixed("ephemeral", 32))
    ring_box = ephemeral_public + sodium.crypto_box(
        epoch_key, blake(ephemeral_public + ring_public, size=24), ring_public, ephemeral_secret
    )
    place = 4096
    blobs, listed = b"", []

    def put(kind, plaintext):
        nonlocal place, blobs
        identifier = blake(bytes([kind]) + plaintext, key=id_key)
        nonce = fixed(f"nonce {len(listed)} {kind}", 16)
        of_commit = kind == 7
        frames = seal_blob(
            plaintext, kind, bytes(8) if of_commit else EPOCH, prelude_key if of_commit else epoch_key, identifier, nonce
        )
        where = extent(identifier, place, len(plaintext), len(plaintext), 0, nonce)
        blobs += frames
        place += len(frames)
        return where

    chunk = bytes((31 * i + (i >> 8)) & 255 for i in range(20000))
    listed.append(u8(1) + u8(0) + put(1, chunk))
    listed.append(u8(2) + u8(0) + put(2, b"\1\0\0"))
    record = signed(commit())
    commit_extent = put(7, record)
    listed.append(u8(7) + u8(255) + commit_extent)
    listing = table(*listed)
    table_extent = put(8, listing)
    boxes = EPOCH + vec([ring_public[:8] + ring_box])
    plain = prelude(epochs=[boxes], table=table_extent, commit=commit_extent)
    nonce = fixed("prelude nonce", 24)
    sealed_prelude = nonce + aead(prelude_key, nonce, plain + bytes(4056 - len(plain)), b"cessdrive/prelude/1")
    assert len(sealed_prelude) == 4096
    whole = sealed_prelude + blobs
    whole += bytes(SEGMENT - len(whole))
    digest = hashlib.sha256(whole).digest()
    return {
        "preludeKey": prelude_key,
        "blobIDKey": id_key,
        "ringSeed": fixed("ring seed", 32),
        "epoch": EPOCH,
        "used": place,
        "begin": whole[:place],
        "hash": digest,
        "fid": fid([digest]),
        "chunkLength": len(chunk),
        "chunkDigest": hashlib.sha256(chunk).digest(),
        "table": listing,
        "commit": record,
    }


FILES = {
    "pointers": pointers,
    "preludes": preludes,
    "blob-tables": tables,
    "volume-names": names,
    "volume-records": volumes,
    "entries": entries,
    "chunk-keys": chunk_keys,
    "linked-inodes": linked_inodes,
    "commits": commits,
    "segment": segment,
}


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    for name, make in FILES.items():
        (target / f"{name}.json").write_text(json.dumps(plain(make()), indent=1, ensure_ascii=False) + "\n")
