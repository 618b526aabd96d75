"""Docs/Format/Commits.md: a drive's state, and who signed it."""

from typing import NamedTuple

import rbcl as ristretto
from merlin_transcripts import MerlinTranscript

from .encoding import Record, ascend, blake, distinct, need
from .entries import FOLDER, TREE, Entry, entry_record
from .frames import NO_VOLUME
from .segments import epoch_record
from .tree import Root, root_record


class Certificate(NamedTuple):
    name: str
    signing_key: bytes
    signed: bytes
    signature: bytes
    epoch: bytes


class Commit(NamedTuple):
    drive: bytes
    drive_name: str
    volume: bytes
    sequence: int
    parents: list
    created: int
    device: bytes
    attributes: Entry
    root: Root
    links: Root | None
    index: list
    volumes: Root | None
    doomed: dict
    folded: dict
    epochs: list
    devices: list
    message: str
    signer: int
    signature: bytes
    signed: bytes
    id: bytes | None


def certificate(r):
    start = r.at
    name, role, signing_key, _, epoch, _ = r.text(255), r.number(1), r.raw(32), r.raw(32), r.raw(8), r.time()
    need(role == 0, "a device of an unknown role")
    return Certificate(name, signing_key, r.data[start : r.at], r.raw(64), epoch)


def commit_record(data, blob_id=None):
    """A signed commit; whether it is genuine is told by `verify`."""
    r = Record(data, 1)

    def volume(r):
        found = r.raw(16)
        need(found != NO_VOLUME, "a volume of zeros")
        return found

    def by_reference(r):
        return root_record(r, 87)

    drive, drive_name, own, sequence = r.raw(16), r.text(255), volume(r), r.number(8)
    parents = r.list(lambda r: (volume(r), r.raw(32)), 64)
    need(1 <= sequence < 1 << 48 and (sequence == 1) == (not parents), "a number that does not go with the parents")
    distinct([own] + [parent for parent, _ in parents])
    created, device = r.time(), r.raw(16)
    attributes = entry_record(r)
    root = by_reference(r)
    same = TREE, root._replace(reference=root.reference[:32])
    need(attributes.type == FOLDER and attributes.content == same, "root attributes of another directory")
    links = r.option(by_reference)
    index = r.list(lambda r: (r.number(1), by_reference(r)), 64)
    levels = [level for level, _ in index]
    need(levels == sorted(levels) and max(levels, default=0) <= 15, "runs that descend")
    volumes = r.option(by_reference)
    doomed = r.list(lambda r: (volume(r), r.raw(32), r.time()), 65536)
    folded = r.list(lambda r: (volume(r), volume(r)), 65536)
    ascend([old for old, *_ in doomed])
    ascend([old for old, _ in folded])
    old = dict(folded)
    need(not any(new in old for new in old.values()), "folded into a volume that is folded")
    need(own not in old and own not in [gone for gone, *_ in doomed], "a commit that gives itself up")
    r.raw(32)  # the ring's public key, which follows from the phrase
    epochs, devices = r.list(epoch_record, 1024, 1), r.list(certificate, 32)
    distinct([epoch for epoch, _ in epochs])
    distinct([device.signing_key for device in devices])
    need({device.epoch for device in devices} <= {epoch for epoch, _ in epochs}, "a device of an unknown epoch")
    message = r.text(1024)
    r.extensions()
    signed = data[: r.at]
    signer, signature = r.number(1), r.raw(64)
    need(signer <= 1, "an unknown signer")
    r.end()
    return Commit(
        drive, drive_name, own, sequence, parents, created, device, attributes, root, links, index, volumes,
        {gone: (fid, since) for gone, fid, since in doomed}, old, epochs, devices, message, signer, signature, signed, blob_id,
    )  # fmt: skip


def is_genuine(signature, context, message, key):
    """Whether an sr25519 signature is one: schnorrkel's verification, on ristretto255 and a Merlin transcript."""
    scalar = signature[32:63] + bytes([signature[63] & 0x7F])
    point = ristretto.crypto_core_ristretto255_is_valid_point
    if not signature[63] & 0x80 or int.from_bytes(scalar, "little") >= 2**252 + 27742317777372353535851937790883648493:
        return False
    if not (point(key) and point(signature[:32])):
        return False
    transcript = MerlinTranscript(b"SigningContext")
    for label, value in (
        (b"", context), (b"sign-bytes", message), (b"proto-name", b"Schnorr-sig"), (b"sign:pk", key),
        (b"sign:R", signature[:32]),
    ):  # fmt: skip
        transcript.append_message(label, value)
    challenge = ristretto.crypto_core_ristretto255_scalar_reduce(bytes(transcript.challenge_bytes(b"sign:c", 64)))
    left = ristretto.crypto_scalarmult_ristretto255_base_allow_scalar_zero(scalar)
    right = ristretto.crypto_scalarmult_ristretto255_allow_scalar_zero(challenge, key)
    return ristretto.crypto_core_ristretto255_sub(left, right) == signature[:32]


def verify(commit, genesis, account):
    """Commits.md, "Signature"."""
    place = genesis + commit.drive
    key = account
    if commit.signer == 1:
        device = next((d for d in commit.devices if blake(d.signing_key)[:16] == commit.device), None)
        need(device is not None, "a commit by a device that its ring has not")
        genuine = is_genuine(device.signature, b"cessdrive-device-1", place + device.signed, account)
        need(genuine, "a certificate that is not genuine")
        key = device.signing_key
    need(
        is_genuine(commit.signature, b"cessdrive-commit-1", place + commit.signed, key),
        "a signature that is not genuine",
    )
