#!/usr/bin/env python3
"""Writes the golden files of Docs/Format/ProllyTree.md, by an implementation that shares nothing with
Sources/DriveFormat/ProllyTree. Nodes are named by their SHA-256 here.

Run once for a version of the format; released files are never made anew.
"""

import hashlib
import json
import pathlib

MINIMUM, MEAN, MAXIMUM = 4096, 12288, 65536


def compact(value):
    if value < 1 << 6:
        return (value << 2).to_bytes(1, "little")
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    if value < 1 << 30:
        return (value << 2 | 2).to_bytes(4, "little")
    length = max(4, (value.bit_length() + 7) // 8)
    return bytes([(length - 4) << 2 | 3]) + value.to_bytes(length, "little")


def vector(data):
    return compact(len(data)) + data


def is_border(tree_key, level, key, size):
    digest = hashlib.blake2b(bytes([level]) + key, key=tree_key, digest_size=32).digest()
    return int.from_bytes(digest[:8], "little") * MEAN < size << 64


def level_up(tree_key, level, items):
    """Divides the items of a level, (key, encoding, count, weight), into nodes; gives the items above and the nodes."""
    groups, group, size = [], [], 0
    for item in items:
        if group and size + len(item[1]) > MAXIMUM:
            groups.append(group)
            group, size = [], 0
        group.append(item)
        size += len(item[1])
        if size >= MINIMUM and is_border(tree_key, level, item[0], len(item[1])):
            groups.append(group)
            group, size = [], 0
    if group or not groups:
        groups.append(group)
    above, nodes = [], []
    for group in groups:
        node = bytes([1, level]) + compact(len(group)) + b"".join(item[1] for item in group)
        reference = hashlib.sha256(node).digest()
        count, weight = sum(item[2] for item in group), sum(item[3] for item in group)
        key = group[0][0] if group else b""
        above.append((key, vector(key) + vector(reference) + compact(count) + compact(weight), count, weight))
        nodes.append((reference, node))
    return above, nodes


def tree(tree_key, entries, weigh):
    level = 0
    items = [(key, vector(key) + vector(value), 1, weigh(key, value)) for key, value in entries]
    sizes = []
    while True:
        items, nodes = level_up(tree_key, level, items)
        sizes.append([len(node) for _, node in nodes])
        if len(nodes) == 1:
            return {
                "reference": nodes[0][0].hex(), "level": level, "count": items[0][2], "bytes": items[0][3],
                "node_sizes": sizes, "root_node": nodes[0][1].hex() if len(nodes[0][1]) < 3000 else None,
            }
        level += 1



def entry(label, index, key_count, value_count):
    """Lengths vary with the index; see Tests/DriveTests/ProllyTree/ProllyVectorTests.swift."""
    return (
        hashlib.sha256(f"{label} key {index}".encode()).digest()[:key_count],
        b"".join(
            hashlib.sha256(f"{label} value {index} {block}".encode()).digest()
            for block in range((value_count * (index % 7) // 6 + 31) // 32)
        ),
    )


def write(name, order, weight, label, count, key_count, value_count):
    tree_key = hashlib.sha256(b"tree key").digest()
    entries = [entry(label, index, key_count, value_count) for index in range(count)]
    if order == "map":
        entries.sort()
    weigh = {
        "value": lambda key, value: len(value),
        "key": lambda key, value: int.from_bytes(key[:4], "little"),
    }[weight]
    case = {
        "order": order, "weight": weight, "tree_key": tree_key.hex(), "label": label, "count": count,
        "key_count": key_count, "value_count": value_count, "root": tree(tree_key, entries, weigh),
    }
    path = pathlib.Path(__file__).parent / "1" / f"{name}.json"
    path.write_text(json.dumps(case) + "\n")
    print(name, case["root"]["level"], [len(sizes) for sizes in case["root"]["node_sizes"]])


if __name__ == "__main__":
    write("empty", "map", "value", "empty", 0, 8, 8)
    write("one", "map", "value", "one", 1, 8, 0)
    write("map", "map", "value", "map", 5000, 20, 192)
    write("map-large-values", "map", "value", "large", 60, 32, 60000)
    write("map-deep", "map", "value", "index", 60000, 32, 64)
    write("sequence", "sequence", "key", "sequence", 9000, 32, 0)
    write("sequence-repeated", "sequence", "key", "repeated", 60000, 1, 0)
