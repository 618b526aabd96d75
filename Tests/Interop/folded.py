"""A drive written from Docs/Format alone, with what cessdrive does not write yet and every reader must know: link groups,
attributes, two epochs, folded volumes that are gone, a commit that does not count. Examples/reference-reader.py reads it.

Prints "ok - …" or "not ok - …" for each check, and ends with 1 if any failed. Shares the encoders of the golden vectors.
"""

import atexit
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback

import mnemonic
import nacl.bindings as sodium
import rbcl as ristretto
from merlin_transcripts import MerlinTranscript

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "Vectors/records/1"), str(here.parent.parent / "Examples")]
import generate as g  # noqa: E402
from reader.keys import PhraseKeys  # noqa: E402

CHUNK, DIRECTORY, CHUNK_LIST, LINK_GROUP, INDEX, VOLUME_SET, COMMIT, TABLE, ATTRIBUTES = range(1, 10)
SEGMENT, FRAGMENT = 32 << 20, 8 << 20
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
keys = PhraseKeys(PHRASE)
epochs = {g.EPOCH: g.fixed("epoch key", 32), g.EPOCH2: g.fixed("epoch key 2", 32), bytes(8): keys.prelude}
boxes = {
    e: e + g.vec([keys.ring[0][:8] + sodium.crypto_box_seal(epochs[e], keys.ring[0])]) for e in (g.EPOCH, g.EPOCH2)
}
g.NAME_KEY = keys.name_tag


def sign(message):
    """sr25519 by the account, as Commits.md, "Signature", has it."""
    seed = hashlib.pbkdf2_hmac("sha512", mnemonic.Mnemonic("english").to_entropy(PHRASE), b"mnemonic", 2048)
    half = bytearray(hashlib.sha512(seed[:32]).digest()[:32])
    half[0], half[31] = half[0] & 248, half[31] & 63 | 64
    secret = (int.from_bytes(half, "little") >> 3).to_bytes(32, "little")
    nonce = ristretto.crypto_core_ristretto255_scalar_random()
    point = bytes(ristretto.crypto_scalarmult_ristretto255_base(nonce))
    transcript = MerlinTranscript(b"SigningContext")
    transcript.append_message(b"", b"cessdrive-commit-1")
    transcript.append_message(b"sign-bytes", message)
    transcript.append_message(b"proto-name", b"Schnorr-sig")
    transcript.append_message(b"sign:pk", keys.account)
    transcript.append_message(b"sign:R", point)
    challenge = ristretto.crypto_core_ristretto255_scalar_reduce(bytes(transcript.challenge_bytes(b"sign:c", 64)))
    product = ristretto.crypto_core_ristretto255_scalar_mul(challenge, secret)
    scalar = bytearray(ristretto.crypto_core_ristretto255_scalar_add(product, nonce))
    scalar[31] |= 0x80
    return point + bytes(scalar)


class Volume:
    """A volume of one segment: its blobs are put into it, or copied from another one."""

    def __init__(self, label, kind, counter):
        self.id, self.kind = g.fixed(label, 16), kind
        self.name = g.volume_name(g.DRIVE, kind, counter, self.id)
        self.blobs, self.sealed = [], b""

    def add(self, kind, epoch, blob_id, sealed, length, nonce):
        where = dict(offset=4096 + len(self.sealed), payload=length, raw=length, nonce=nonce)
        self.blobs.append((kind, epoch, blob_id, sealed, length, nonce))
        self.sealed += sealed
        number = 255 if kind == COMMIT else [g.EPOCH, g.EPOCH2].index(epoch)
        self.listed = getattr(self, "listed", []) + [g.entry_of_table(kind, number, blob=blob_id, **where)]
        self.last = g.extent(blob_id, **where)
        return g.reference(blob_id, volume=self.id, segment=0, epoch=epoch, **where)

    def put(self, kind, plaintext, epoch=g.EPOCH):
        """Seals a blob. Returns a reference to it."""
        epoch = bytes(8) if kind == COMMIT else epoch
        blob_id = g.blake(bytes([kind]) + plaintext, key=keys.blob_id_key(g.DRIVE))
        nonce = os.urandom(16)
        sealed = g.seal_blob(plaintext, kind, epoch, epochs[epoch], blob_id, nonce)
        return self.add(kind, epoch, blob_id, sealed, len(plaintext), nonce)

    def fold(self, other):
        """Copies all blobs of another volume, sealed as they are."""
        for blob in other.blobs:
            self.add(*blob)

    def close(self, version=1):
        commit = self.last if self.kind == 1 else None
        self.put(TABLE, g.table(*self.listed))
        self.blobs.pop()  # Tables are not folded.
        record = g.prelude(volume=self.id, epochs=list(boxes.values()), table=self.last, commit=commit, version=version)
        nonce = os.urandom(24)
        prelude = nonce + g.aead(keys.prelude, nonce, record.ljust(4056, b"\0"), b"cessdrive/prelude/1")
        segment = (prelude + self.sealed).ljust(SEGMENT, b"\0")
        self.data = [segment[at : at + FRAGMENT] for at in range(0, SEGMENT, FRAGMENT)]
        # Eight rows are lost: nobody has their fragments.
        self.rows = [hashlib.sha256(shard).digest() for shard in self.data] + [os.urandom(32) for _ in range(8)]
        self.hash = hashlib.sha256(segment).digest()
        self.fid = g.fid([self.hash])
        self.record = (
            g.u8(1) + self.fid + g.vec([self.hash + b"".join(self.rows)]) + g.compact(9) + g.compact(0) + g.NONE
        )
        return self


def tree(volume, kind, items, weights=None, ids=False):
    """Puts a tree of three items a node into a volume. Returns its root as it stands in a record, by reference or id."""
    weights = weights or [0] * len(items)
    name = lambda reference: reference[:32] if ids else reference
    nodes, level = [], 0
    for at in range(0, max(1, len(items)), 3):
        some = items[at : at + 3]
        reference = volume.put(kind, g.u8(1) + g.u8(0) + g.vec([g.data(k) + g.data(v) for k, v in some]))
        nodes.append((some[0][0] if some else b"", reference, len(some), sum(weights[at : at + 3])))
    while len(nodes) > 1:
        level, below, nodes = level + 1, nodes, []
        for at in range(0, len(below), 3):
            some = below[at : at + 3]
            items = [g.data(k) + g.data(name(r)) + g.compact(n) + g.compact(w) for k, r, n, w in some]
            reference = volume.put(kind, g.u8(1) + g.u8(level) + g.vec(items))
            nodes.append((some[0][0], reference, sum(n[2] for n in some), sum(n[3] for n in some)))
    return nodes[0][1], level, nodes[0][2], nodes[0][3]


def root(found, ids=False):
    reference, *rest = found
    return g.root(reference[:32] if ids else reference, *rest)


def directory(volume, entries):
    """Puts a directory of (name, entry, weight)."""
    return tree(volume, DIRECTORY, [e[:2] for e in sorted(entries)], [e[2] for e in sorted(entries)], ids=True)


def volume_set(volume, *volumes):
    return tree(volume, VOLUME_SET, sorted((v.id, v.record) for v in volumes))


def run(volume, references):
    """Puts a run of the index that has these references."""
    return g.u8(0) + root(tree(volume, INDEX, sorted((r[:32], r[32:]) for r in set(references))))


def commit(volume, sequence, parents, top, index, volumes, links=None, doomed=(), folded=(), forged=False):
    """Puts a signed commit, as the last blob. Returns its id."""
    record = g.commit(
        name=b"main", volume=volume.id, sequence=sequence, parents=[v.id + c for v, c in parents], top=root(top),
        attributes=g.entry(type=1, mode=0o755, content=g.u8(4) + root(top, ids=True)), links=links and root(links),
        index=index, volumes=root(volumes if isinstance(volumes, tuple) else volume_set(volume, *volumes)),
        doomed=[v.id + v.fid + g.time(1767225000) for v in sorted(doomed, key=lambda v: v.id)],
        folded=sorted(old.id + new.id for old, new in folded), message=b"%d" % sequence,
        key_ring=keys.ring[0] + g.vec(list(boxes.values())) + g.vec([]),
    )  # fmt: skip
    signature = sign(b"another message" if forged else g.GENESIS + g.DRIVE + record)
    return volume.put(COMMIT, record + g.u8(0) + signature)[:32]


# The first commit: contents in one volume, the rest in its own.
one, two = bytes(range(256)) * 100, b"two " * 3000
long = b"user.long", bytes(i % 251 for i in range(2000))
old, first = Volume("old", 0, 1), Volume("first", 1, 1)
chunk_one = old.put(CHUNK, one)
chunk_two = old.put(CHUNK, two, g.EPOCH2)
pieces = [
    (bytes(32), 1 << 20),
    (chunk_one[:32], len(one)),
    (bytes(32), 5),
    (bytes(32), 6),
    (chunk_two[:32], len(two)),
    (bytes(32), 7),
]
size = sum(length for _, length in pieces)
listing = tree(old, CHUNK_LIST, [(c + g.u64(n), b"") for c, n in pieces], [n for _, n in pieces], ids=True)
attributes = g.vec([g.attribute(b"user.a", b"short"), g.attribute(*long)])
attributes_blob = old.put(ATTRIBUTES, attributes)
file_group, link_group, lost_group = sorted(g.fixed(f"group {i}", 16) for i in range(3))
inodes = [
    (file_group, g.u32(2) + g.entry(
        mode=0o640, size=len(one), content=g.u8(2) + chunk_one[:32] + g.u32(len(one)),
        attributes=g.u8(1) + g.vec([g.attribute(b"user.note", b"of both")]))),
    (link_group, g.u32(2) + g.entry(type=2, mode=0o777, content=g.inline(b"dir/b"))),
]  # fmt: skip
links = tree(first, LINK_GROUP, inodes, [len(one), 0], ids=True)
inner = directory(first, [(b"b", g.linked(group=file_group), 0), (b"link", g.linked(2, link_group), 0)])
entries = [
    (b"a", g.linked(group=file_group), 0),
    (b"dir", g.entry(type=1, mode=0o750, content=g.u8(4) + root(inner, ids=True)), inner[3]),
    (b"link", g.linked(2, link_group), 0),
    (
        b"long",
        g.entry(size=2, content=g.inline(b"hi"), attributes=g.u8(2) + attributes_blob[:32] + g.u32(len(attributes))),
        2,
    ),
    (b"lost", g.linked(group=lost_group), 0),
    (b"sparse", g.entry(size=size, content=g.u8(3) + root(listing, ids=True)), size),
]
top = directory(first, entries)
named = (CHUNK, DIRECTORY, CHUNK_LIST, LINK_GROUP, ATTRIBUTES)


def references(volume):
    """References to the blobs of a volume that an index names."""
    place, found = 4096, []
    for kind, epoch, blob_id, sealed, length, nonce in volume.blobs:
        if kind in named:
            where = dict(offset=place, payload=length, raw=length, nonce=nonce)
            found.append(g.reference(blob_id, volume=volume.id, segment=0, epoch=epoch, **where))
        place += len(sealed)
    return found


first_run = run(first, references(old) + references(first))
first_set = volume_set(first, old.close())
first_id = commit(first, 1, [], top, [first_run], first_set, links)
first.close()

# The second one folds both. Its index names the directories anew; all else is found by pointers into what was folded.
second = Volume("second", 1, 2)
for volume in (old, first):
    second.fold(volume)
moved = [r for r, blob in zip(references(second), [b for b in second.blobs if b[0] in named]) if blob[0] == DIRECTORY]
top = directory(second, [*entries, (b"new", g.entry(size=3, content=g.inline(b"new")), 3)])
second_run = run(second, moved + references(second)[-3:])
pairs = [(old, second), (first, second)]
second_id = commit(second, 2, [(first, first_id)], top, [second_run, first_run], [], links, [old, first], pairs)
second.close()

third = Volume("third", 1, 3)
top = directory(third, entries)
# A pointer into a volume that is neither live nor folded is no answer: an older run has another one.
third_run = run(third, references(third) + [chunk_one[:32] + g.pointer(volume=g.fixed("deleted", 16))])
third_id = commit(
    third, 3, [(second, second_id)], top, [third_run, second_run, first_run], [second], links, [old, first], pairs
)
third.close()

# Another machine did not know of that, and went on from the first: its volumes are gone by now, a node of its own set with them,
# and it is a tip all the same.
other = Volume("other", 1, 9)  # the counter is nothing but the order of the search
top = directory(other, [*entries, (b"theirs", g.entry(size=6, content=g.inline(b"theirs")), 6)])
below = sorted([(old.id, first_set), (first.id, volume_set(other, first))])
items = g.vec([g.data(key) + g.data(leaf[0]) + g.compact(1) + g.compact(0) for key, leaf in below])
other_set = other.put(VOLUME_SET, g.u8(1) + g.u8(1) + items), 1, 2, 0
other_id = commit(other, 2, [(first, first_id)], top, [run(other, references(other)), first_run], other_set, links)
other.close()

# A fourth one refers to a volume that is not a file: it does not count, and takes nobody's place.
unplaced, fourth = Volume("unplaced", 0, 4), Volume("fourth", 1, 4)
unplaced.put(CHUNK, b"nowhere")
commit(fourth, 4, [(third, third_id)], top, [third_run], [second, third, unplaced.close()], links, [old, first], pairs)
fourth.close()

forged = Volume("forged", 1, 5)
commit(forged, 5, [(third, third_id)], top, [third_run], [second, third], links, [old, first], pairs, forged=True)
forged.close()

later = Volume("later", 1, 5)
commit(later, 5, [(third, third_id)], top, [third_run], [second, third], links, [old, first], pairs)
later.close(version=2)


def file(volume, block, account=keys.account, territory=keys.territory, name=None):
    """A file of the chain, and its key in the state (Docs/Protocol/CESS.md, 4.2 and 5)."""
    ascii = lambda digest: digest.hex().encode()
    rows = [ascii(row) + b"\1\0" + bytes(32) for row in volume.rows]
    brief = account + g.data((name or volume.name).encode()) + g.data(territory)
    value = (
        g.vec([ascii(volume.hash) + g.vec(rows)])
        + g.vec([brief])
        + SEGMENT.to_bytes(16, "little")
        + g.u32(block)
        + b"\0"
    )
    prefix = bytes.fromhex("a3c62a50675125d74bc9f59e3f75adc9303fb39244d274417d5edffffa903f8a")
    return prefix + g.blake(ascii(volume.fid), size=16) + ascii(volume.fid), value


def network(box, files):
    """Makes the chain's state and the fragments of the volumes that are not gone."""
    box.mkdir()
    for volume in (second, third, other, fourth, forged, later):
        for row, shard in zip(volume.rows, volume.data):
            (box / row.hex()).write_bytes(shard)
    with sqlite3.connect(box / "chain.db") as database:
        database.execute("CREATE TABLE block (number INTEGER PRIMARY KEY, hash BLOB)")
        database.execute("CREATE TABLE state (key BLOB UNIQUE, value BLOB)")
        database.execute("INSERT INTO block VALUES (0, ?)", [g.GENESIS])
        database.executemany("INSERT INTO state VALUES (?, ?)", files)
    database.close()


failures = 0


def check(name):
    """Runs the function at once and tells how it went."""

    def run(function):
        global failures
        try:
            function()
            print(f"ok - reader: {name}", flush=True)
        except Exception:
            failures += 1
            print(f"not ok - reader: {name}", flush=True)
            traceback.print_exc()

    return run


box = pathlib.Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, box)
(box / "phrase").write_text(PHRASE)
stranger = Volume("stranger", 1, 9)
stranger.put(CHUNK, b"of another account")
stranger.close()
files = [
    file(second, 20), file(third, 30), file(other, 35), file(fourth, 40),
    file(stranger, 50, account=bytes(32)),
    # Something else of this account, under a name of the same form: whatever it says, no prelude confirms it.
    file(forged, 60, name=g.volume_name(g.DRIVE, 1, 8, stranger.id)),
]  # fmt: skip


def reader(place, *arguments, status=0):
    command = [sys.executable, here.parent.parent / "Examples/reference-reader.py", "--phrase-file", box / "phrase"]
    command += ["--chain", box / place / "chain.db", "--fragments", box / place, *arguments]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == status, (done.returncode, done.stderr.decode())
    return done.stdout.decode(), done.stderr.decode()


def extracted(*at, path="/"):
    target = box / f"target {len(list(box.iterdir()))}"
    return target, reader("net", *at, "extract", path, target, status=3)[1]


network(box / "net", files)
target = complaints = None


@check("a drive whose volumes were folded is extracted; but for a name without its link group")
def _():
    global target, complaints
    target, complaints = extracted()


@check("the newest commit that counts is the head, and its ancestors are found in the volume they were folded into")
def _():
    shown = [line.split() for line in reader("net", "commits")[0].splitlines()]
    marks = {tuple(words[:3]) if words[0] in ("head", "tip") else tuple(words[:2]) for words in shown}
    ids = [i.hex()[:12] for i in (third_id, other_id, second_id, first_id)]
    assert marks == {("head", "3", ids[0]), ("tip", "2", ids[1]), ("2", ids[2]), ("1", ids[3])}, shown
    assert len(shown) == 4


@check("a tip counts though another one has folded what it refers to, and is read by the other's pairs")
def _():
    theirs, _ = extracted("--at", other_id.hex())
    assert (theirs / "theirs").read_bytes() == b"theirs" and (theirs / "dir/b").read_bytes() == one


@check("what has several names is one file again, and the name without its group is damaged alone")
def _():
    a, b = os.stat(target / "a"), os.stat(target / "dir/b")
    assert (
        a.st_ino == b.st_ino
        and a.st_nlink == 2
        and a.st_mode & 0o7777 == 0o640
        and a.st_mtime_ns == 1767225600123456789
    )
    assert (target / "a").read_bytes() == one
    assert os.lstat(target / "link").st_ino == os.lstat(target / "dir/link").st_ino
    assert os.readlink(target / "link") == "dir/b"
    assert sorted(os.listdir(target)) == ["a", "dir", "link", "long", "sparse"]
    assert "/lost: " in complaints and complaints.count("\n") == 1 + complaints.count("attribute user."), complaints
    listed = reader("net", "list")[0]
    assert "? damaged: /lost" in listed and "-rw-r-----  2        25600" in listed, listed


@check("attributes are restored, from entries and from blobs, or refused by the file system and named")
def _():
    try:
        os.setxattr(box, "user.test", b"")
    except OSError:
        assert complaints.count("attribute") == 3, complaints
        return
    assert os.getxattr(target / "a", "user.note") == b"of both"
    assert os.getxattr(target / "long", "user.a") == b"short" and os.getxattr(target / "long", "user.long") == long[1]


@check("holes between chunks are zeros and take no room; chunks of two epochs open")
def _():
    content = b"".join(one if c == chunk_one[:32] else two if c == chunk_two[:32] else bytes(n) for c, n in pieces)
    assert (target / "sparse").read_bytes() == content
    assert os.stat(target / "sparse").st_blocks * 512 < 200000


@check("commits whose volumes were folded are read by the pairs of the head")
def _():
    for number, new in (("1", False), (second_id.hex()[:9], True)):
        older, _ = extracted("--at", number)
        assert (older / "new").exists() == new and (older / "dir/b").read_bytes() == one, number
        assert (older / "sparse").read_bytes() == (target / "sparse").read_bytes()


@check("a newest commit that is not genuine is an error, and no older one takes its place")
def _():
    network(box / "forged", [*files[:-1], file(forged, 70)])
    _, error = reader("forged", "commits", status=1)
    assert forged.fid.hex() in error and "not genuine" in error, error


@check("a newest commit whose prelude is of another version is an error")
def _():
    network(box / "later", [*files, file(later, 70)])
    _, error = reader("later", "list", status=1)
    assert later.fid.hex() in error and "version" in error, error


@check("a newest commit whose prelude cannot be had is an error")
def _():
    for row in fourth.rows[:4]:
        (box / "net" / row.hex()).unlink(missing_ok=True)
    _, error = reader("net", "commits", status=1)
    assert fourth.fid.hex() in error and "rows" in error, error


sys.exit(1 if failures else 0)
