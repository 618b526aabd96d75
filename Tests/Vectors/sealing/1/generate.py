#!/usr/bin/env python3
"""Makes the vectors of Docs/Format/Keys.md, Frames.md and Keystore.md, version 1, from those pages alone.

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
import nacl.pwhash

VERSION = 1
ABSENT = object()


def blake(data, key=b"", size=32):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def derive(key, label, suffix=b""):
    return blake(label.encode() + suffix, key=key)


def fixed(label, size):
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(b"cessdrive vectors " + label.encode()).digest(size)


def pattern(size):
    """Byte i is the low byte of 31 i + ⌊i / 256⌋."""
    return bytes((31 * i + (i >> 8)) & 255 for i in range(size))


def aead(key, nonce, plaintext, data):
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, data, nonce, key)


def box_pair(seed):
    return sodium.crypto_box_seed_keypair(seed)


def sealed_box(message, public, ephemeral_seed):
    """crypto_box_seal with a chosen ephemeral pair."""
    ephemeral_public, ephemeral_secret = box_pair(ephemeral_seed)
    nonce = blake(ephemeral_public + public, size=24)
    return ephemeral_public + sodium.crypto_box(message, nonce, public, ephemeral_secret)


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


# Keys.md

SEED64 = fixed("seed64", 64)
ROOT = derive(SEED64[32:], "cessdrive/root/1")
PRELUDE_KEY = derive(ROOT, "cessdrive/prelude/1")
NAME_TAG_KEY = derive(ROOT, "cessdrive/name-tag/1")
RING_PUBLIC, RING_SECRET = box_pair(derive(ROOT, "cessdrive/ring/1"))
TERRITORY = base32(derive(ROOT, "cessdrive/territory/1")[:16])
DRIVE_ID = fixed("drive id", 16)
MASTER = derive(ROOT, "cessdrive/drive/1", DRIVE_ID)
BLOB_ID_KEY = derive(MASTER, "cessdrive/blob-id/1")
DEVICE = fixed("device secret", 32)
EPOCH_ID = fixed("epoch id", 8)
EPOCH_KEY = fixed("epoch key", 32)


def blob_id(kind, plaintext):
    return blake(bytes([kind]) + plaintext, key=BLOB_ID_KEY)


def keys():
    return {
        "seed64": SEED64,
        "accountMiniSecret": SEED64[:32],
        "root": ROOT,
        "ringPublicKey": RING_PUBLIC,
        "preludeKey": PRELUDE_KEY,
        "nameTagKey": NAME_TAG_KEY,
        "territoryName": TERRITORY,
        "driveID": DRIVE_ID,
        "master": MASTER,
        "chunkerSeed": derive(MASTER, "cessdrive/chunker/1"),
        "blobIDKey": BLOB_ID_KEY,
        "treeBorderKey": derive(MASTER, "cessdrive/tree/1"),
        "deviceSecret": DEVICE,
        "deviceSigningMiniSecret": derive(DEVICE, "cessdrive/device-sign/1"),
        "deviceBoxPublicKey": box_pair(derive(DEVICE, "cessdrive/device-box/1"))[0],
        "epochID": EPOCH_ID,
        "epochKey": EPOCH_KEY,
        "epochBoxes": {
            "ring": sealed_box(EPOCH_KEY, RING_PUBLIC, fixed("ephemeral 1", 32)),
            "device": sealed_box(
                EPOCH_KEY, box_pair(derive(DEVICE, "cessdrive/device-box/1"))[0], fixed("ephemeral 2", 32)
            ),
        },
        "blobIDs": [
            {"kind": kind, "plaintextLength": size, "id": blob_id(kind, pattern(size))}
            for kind in range(1, 11)
            for size in (0, 1, 1000)
        ],
    }


# Frames.md

FRAME = 16384


def seal_blob(payload, kind, codec, epoch_id, epoch_key, identifier, raw_length, nonce):
    key = blake(b"blob" + identifier, key=epoch_key)
    data = b"cessdrive/blob/1" + bytes([kind, codec]) + epoch_id + identifier + struct.pack("<I", raw_length)
    assert len(data) == 62
    pieces = [payload[i : i + FRAME] for i in range(0, len(payload), FRAME)] or [b""]
    sealed = b""
    for k, piece in enumerate(pieces):
        assert len(sealed) == k * 16400
        last = 1 if k == len(pieces) - 1 else 0
        sealed += aead(key, nonce + struct.pack("<Q", 2 * k + last), piece, data)
    return sealed


def padme(length):
    if length < 2:
        return length
    e = length.bit_length() - 1
    s = e.bit_length()
    mask = (1 << (e - s)) - 1
    return (length + mask) & ~mask


def frames():
    cases = []
    for size in (0, 1, 104, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 777, 64 * FRAME):
        for kind, codec in ((1, 0), (1, 1), (7, 0), (5, 1)):
            epoch_id = bytes(8) if kind == 7 else EPOCH_ID
            raw = size if codec == 0 else 3 * size + 5
            identifier = blob_id(kind, pattern(size))
            nonce = fixed(f"nonce {size} {kind} {codec}", 16)
            sealed = seal_blob(
                pattern(size), kind, codec, epoch_id, PRELUDE_KEY if kind == 7 else EPOCH_KEY, identifier, raw, nonce
            )
            case = {
                "payloadLength": size,
                "kind": kind,
                "codec": codec,
                "epoch": epoch_id,
                "id": identifier,
                "rawLength": raw,
                "nonce": nonce,
                "sealedLength": len(sealed),
                "sealedDigest": blake(sealed),
            }
            if size <= 104:
                case["sealed"] = sealed
            cases.append(case)
    sizes = [0, 1, 2, 3, 5, 9, 15, 16, 17, 100, 128, 129, 1000, 1025, 4097, 16384, 16385, 65537, 131073, 200000, 262143]
    return {
        "epochKey": EPOCH_KEY,
        "preludeKey": PRELUDE_KEY,
        "blobs": cases,
        "padme": [{"length": n, "padded": padme(n)} for n in sizes],
    }


def preludes():
    def seal(plaintext, label):
        nonce = fixed(label, 24)
        padded = plaintext + bytes(4056 - len(plaintext))
        sealed = nonce + aead(PRELUDE_KEY, nonce, padded, b"cessdrive/prelude/1")
        assert len(sealed) == 4096
        return sealed

    good = seal(pattern(1000), "prelude nonce 1")
    full = seal(pattern(4056), "prelude nonce 2")
    other = aead(PRELUDE_KEY, fixed("prelude nonce 3", 24), bytes(4056), b"cessdrive/prelude/2")
    return {
        "key": PRELUDE_KEY,
        "preludes": [
            {"plaintextLength": 1000, "nonce": good[:24], "sealed": good},
            {"plaintextLength": 4056, "nonce": full[:24], "sealed": full},
        ],
        "refused": [
            good[:-1],
            good + b"\0",
            bytes([good[0] ^ 1]) + good[1:],
            good[:-1] + bytes([good[-1] ^ 128]),
            fixed("prelude nonce 3", 24) + other,
            bytes(4096),
            b"",
        ],
    }


def local():
    key = derive(DEVICE, "cessdrive/local/1")
    seal_key = derive(key, "cessdrive/local/seal/1")
    tag_key = derive(key, "cessdrive/local/tag/1")
    records, tags = [], []
    for purpose, context, size in (("spool/change", b"", 0), ("spool/change", b"\x07", 100), ("cache", b"key", 5000)):
        data = purpose.encode() + (b"\0" + context if context else b"")
        nonce = fixed(f"local {purpose} {size}", 24)
        sealed = nonce + aead(seal_key, nonce, pattern(size), data)
        records.append(
            {"purpose": purpose, "context": context, "recordLength": size, "nonce": nonce, "sealed": sealed}
        )
        tags.append({"purpose": purpose, "value": context, "tag": blake(data, key=tag_key)})
    return {"deviceSecret": DEVICE, "records": records, "tags": tags}


# Keystore.md


def compact(n):
    return bytes([n << 2]) if n < 64 else struct.pack("<H", n << 2 | 1)


def vector(data):
    return compact(len(data)) + data


def keystore():
    memory, passes = 8 << 20, 1
    passphrase = "correct horse battery staple".encode()
    identifier, salt, nonce = fixed("keystore id", 16), fixed("salt", 16), fixed("keystore nonce", 24)
    texts = ["Photos", "testnet", "ab" * 32, "wss://rpc.example:443"]
    daily = b"\x01" + SEED64[:32] + PRELUDE_KEY + NAME_TAG_KEY + MASTER + DEVICE + RING_PUBLIC + DRIVE_ID
    daily += vector(TERRITORY.encode()) + b"".join(vector(text.encode()) for text in texts)
    daily += bytes(-len(daily) % 512)
    entropy = fixed("entropy", 16)
    phrase = b"\x01\x00" + bytes([len(entropy)]) + entropy + bytes(32 - len(entropy)) + ROOT
    assert len(phrase) == 67

    stretched = nacl.pwhash.argon2id.kdf(32, passphrase, salt, opslimit=passes, memlimit=memory)
    daily_key = derive(stretched, "cessdrive/keystore/daily/1")
    phrase_key = derive(stretched, "cessdrive/keystore/phrase/1")

    def build(magic=b"cessdrive/keys\n", version=1, kib=memory >> 10, passes=passes, daily=daily, checksum=ABSENT,
              extra=b"", lengths=ABSENT):
        counts = (len(daily) + 16, len(phrase) + 16) if lengths is ABSENT else lengths
        header = magic + bytes([version]) + identifier + struct.pack("<II", kib, passes) + salt + nonce
        header += struct.pack("<II", *counts)
        assert len(header) == 88
        content = header + aead(daily_key, nonce, daily, header) + aead(phrase_key, nonce, phrase, header) + extra
        return content + (blake(content)[:16] if checksum is ABSENT else checksum)

    good = build()
    return {
        "passphrase": passphrase,
        "memory": memory,
        "passes": passes,
        "id": identifier,
        "salt": salt,
        "nonce": nonce,
        "entropy": entropy,
        "seed64": SEED64,
        "driveID": DRIVE_ID,
        "deviceSecret": DEVICE,
        "texts": texts,
        "daily": daily,
        "phrase": phrase,
        "file": good,
        "refused": [
            {"error": "notAKeystore", "file": b""},
            {"error": "notAKeystore", "file": good[:15]},
            {"error": "notAKeystore", "file": build(magic=b"cessdrive/kexs\n")},
            {"error": "unknownVersion", "file": build(version=2)},
            {"error": "damaged", "file": good[:100]},
            {"error": "damaged", "file": good[:-1]},
            {"error": "damaged", "file": good + b"\0"},
            {"error": "damaged", "file": good[:200] + bytes([good[200] ^ 1]) + good[201:]},
            {"error": "damaged", "file": build(checksum=bytes(16))},
            {"error": "damaged", "file": build(extra=b"\0")},
            {"error": "damaged", "file": build(lengths=(len(daily) + 17, len(phrase) + 16))},
            {"error": "damaged", "file": build(lengths=(0xFFFFFFFF, 0xFFFFFFFF))},
            {"error": "refusedParameters", "file": build(kib=(4 << 20) + 1)},
            {"error": "refusedParameters", "file": build(kib=0xFFFFFFFF)},
            {"error": "refusedParameters", "file": build(kib=8191)},
            {"error": "refusedParameters", "file": build(passes=0)},
            {"error": "refusedParameters", "file": build(passes=17)},
        ],
        "refusedWhenOpened": [
            {"error": "unknownVersion", "file": build(daily=b"\x02" + daily[1:])},
            {"error": "damaged", "file": build(daily=daily[:200])},
            {"error": "damaged", "file": build(daily=daily[:-1] + b"\x01")},
            {"error": "damaged", "file": build(daily=daily + bytes(512))},
            {"error": "damaged", "file": build(daily=daily[:209] + compact(65) + daily[210:])},
        ],
    }


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def main():
    target = pathlib.Path(sys.argv[1])
    for name, make in (("keys", keys), ("frames", frames), ("preludes", preludes), ("local", local), ("keystore", keystore)):
        text = json.dumps(plain({"version": VERSION, **make()}), indent=1, ensure_ascii=False)
        (target / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
