"""The golden vectors of Tests/Vectors, by the reader of Examples: what is valid decodes, what is to be refused is.

Prints "ok - …" or "not ok - …" for each file, and ends with 1 if any failed.
"""

import json
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent.parent / "Examples"))
from reader import commits, entries, frames, fragments, segments, tree, volumes  # noqa: E402
from reader.encoding import COMMIT, Record, Refused, blake  # noqa: E402
from reader.keys import derive  # noqa: E402

hex_of = bytes.fromhex
failures = 0


def load(name):
    return json.loads((here.parent / "Vectors" / name).read_text())


def tell(name, wrong):
    global failures
    failures += len(wrong)
    print(f"not ok - reader: vectors of {name}: {wrong}" if wrong else f"ok - reader: vectors of {name}", flush=True)


def takes(decode, data):
    try:
        decode(data)
        return True
    except Refused:
        return False


# Eight epochs, so that only the table itself decides.
prelude = segments.prelude_record(hex_of(load("records/1/preludes.json")["valid"][0]["bytes"]))
prelude = prelude._replace(epochs=[(bytes([number]) * 8, []) for number in range(1, 9)])
for name, decode in {
    "pointers": lambda data: segments.pointer(Record(data)),
    "preludes": segments.prelude_record,
    "blob-tables": lambda data: segments.table_record(data, prelude),
    "volume-records": volumes.volume_record,
    "entries": entries.one_entry,
    "chunk-keys": entries.chunk_key,
    "linked-inodes": entries.linked_inode,
    "commits": commits.commit_record,
}.items():
    cases = load(f"records/1/{name}.json")
    wrong = [case["name"] for case in cases["valid"] if not takes(decode, hex_of(case["bytes"]))]
    wrong += [case["why"] for case in cases["refused"] if takes(decode, hex_of(case["bytes"]))]
    tell(name, wrong)

cases, wrong = load("records/1/volume-names.json"), []
key = hex_of(cases["key"])
for case in cases["names"]:
    name = volumes.read_name(case["name"].encode(), key)
    facts = name and (name.drive.hex(), name.kind, name.counter, name.is_of(hex_of(case["volume"]), key))
    wrong += [case] if facts != (case["drive"], case["kind"], case["counter"], True) else []
wrong += [text for text in cases["unreadable"] if volumes.read_name(text.encode(), key)]
for case in cases["notGenuine"]:
    name = volumes.read_name(case["name"].encode(), key)
    wrong += [case] if name and name.is_of(hex_of(case["volume"]), key) else []
tell("volume-names", wrong)

cases = load("records/1/segment.json")
begin, wrong = hex_of(cases["begin"]), []
opened = frames.unseal(begin[24:4096], hex_of(cases["preludeKey"]), begin[:24], b"cessdrive/prelude/1")
blob_id, place = segments.prelude_record(opened).commit
record = frames.open_frames(begin[place.offset :][: place.length], place, COMMIT, blob_id, hex_of(cases["preludeKey"]))
wrong += ["commit"] if record.hex() != cases["commit"] else []
wrong += ["id"] if blake(bytes([COMMIT]) + record, hex_of(cases["blobIDKey"])) != blob_id else []
tell("segment", wrong)

cases, wrong = load("sealing/1/frames.json"), []
for case in cases["blobs"]:
    if "sealed" in case:
        lengths = dict(payload=case["payloadLength"], raw=case["rawLength"], codec=case["codec"])
        place = frames.Place(b"", 0, 4096, epoch=hex_of(case["epoch"]), nonce=hex_of(case["nonce"]), **lengths)
        key = cases["preludeKey"] if case["kind"] == COMMIT else cases["epochKey"]
        sealed = hex_of(case["sealed"])
        for damaged in (False, True):
            bytes_ = bytes([sealed[0] ^ damaged]) + sealed[1:]
            opens = takes(lambda s: frames.open_frames(s, place, case["kind"], hex_of(case["id"]), hex_of(key)), bytes_)
            wrong += [case["id"]] if opens == damaged else []
tell("frames", wrong)

cases = load("sealing/1/keys.json")
root = derive(hex_of(cases["seed64"])[32:], b"cessdrive/root/1")
master = derive(root, b"cessdrive/drive/1" + hex_of(cases["driveID"]))
found = {"root": root, "master": master, "blobIDKey": derive(master, b"cessdrive/blob-id/1")}
tell("keys", [name for name, key in found.items() if key.hex() != cases[name]])

wrong = []
for name in ("empty", "one", "map-deep", "map", "sequence", "sequence-repeated"):
    root = load(f"prolly/1/{name}.json")["root"]
    level, items = tree.parse_node(hex_of(root["root_node"]))
    sums = (sum(i[1].count for i in items), sum(i[1].size for i in items)) if level else (len(items), root["bytes"])
    wrong += [name] if (level, *sums) != (root["level"], root["count"], root["bytes"]) else []
tell("prolly trees", wrong)

cases, wrong = load("cess/signatures.json"), []
for case in cases["vectors"]:
    if case["crypto"] == "sr25519":
        signature, message, key = (hex_of(case[part][2:]) for part in ("signature", "message", "public_key"))
        genuine = len(signature) == 64 and commits.is_genuine(signature, b"substrate", message, key)
        wrong += [case] if genuine != case["valid"] else []
tell("signatures", wrong)

# Fragments.md, "Example": any four of the twelve shards give the others.
shards = [hex_of(s) for s in "07264564 83a2c1e0 04234261 809fbedd 592b2d69 dd3fa47d 5af3cdb1 dedf3c9d c6227d60 423c307e"
          " c5d31291 41f527b7".split()]  # fmt: skip
rows = [[number] for number in range(fragments.ROWS)]
wrong = []
for a in range(12):
    for b in range(a):
        for c in range(b):
            for d in range(c):
                store = fragments.Fragments([])
                store.fragment = lambda number: shards[number] if number in (a, b, c, d) else None
                whole = b"".join(store.shard(rows, shard, 0, 4) for shard in range(fragments.DATA))
                wrong += [(a, b, c, d)] if whole != b"".join(shards[:4]) else []
tell("fragments", wrong)

sys.exit(1 if failures else 0)
