"""Docs/Format/ProllyTree.md: the tree that directories, chunk lists, index, volume set and link groups are."""

import functools
from typing import NamedTuple

from .encoding import SEGMENT, Record, ascend, need
from .segments import pointer


class Root(NamedTuple):
    reference: bytes
    level: int
    count: int
    size: int


def root_record(r, length):
    """A root whose node is named by id (32 bytes) or by reference (87)."""
    root = Root(r.bytes(128), r.number(1), r.compact(), r.compact())
    need(len(root.reference) == length and root.level <= 15, "a root of another kind")
    if length == 87:
        pointer(Record(root.reference[32:]))
    return root


@functools.lru_cache(1024)
def parse_node(data):
    need(len(data) <= 1 << 20, "a node that is too long")
    r = Record(data, 1)
    level = r.number(1)
    need(level <= 15, "a level above 15")

    def entry(r):
        start = r.at
        found = r.bytes(1024), r.bytes(SEGMENT)
        need(r.at - start <= 524288, "an entry that is too long")
        return found

    def below(r):
        found = r.bytes(1024), Root(r.bytes(128, 1), level - 1, r.compact(), r.compact())
        need(found[1].count, "an empty node")
        return found

    items = r.list(below if level else entry)
    r.end()
    return level, items


class Tree:
    """A prolly tree, none if it has no root: `load` gives the node that a reference names, `weigh` an entry's weight."""

    def __init__(self, root, load, weigh=None, is_map=True):
        self.root, self.load, self.is_map = root, load, is_map
        self.weigh = weigh or (lambda key, value: 0)

    def items(self, root, first):
        """The level and items of the node that a root, or an item above, stands for: it must be as that says."""
        level, items = parse_node(self.load(root.reference))
        need(level == root.level, "a node of another level")
        need(items or (root is self.root and not level), "an empty node")
        need(first is None or items[0][0] == first, "a first key that differs")
        if self.is_map:
            ascend([key for key, _ in items])
        counts = [below.count for _, below in items] if level else [1] * len(items)
        sizes = [below.size if level else self.weigh(key, below) for key, below in items]
        need((sum(counts), sum(sizes)) == (root.count, root.size), "sums that differ")
        return level, items

    def __iter__(self):
        previous = None
        for key, value in self.below(self.root, None) if self.root else ():
            need(not self.is_map or previous is None or previous < key, "keys that do not ascend")
            yield key, value
            previous = key

    def below(self, root, first):
        level, items = self.items(root, first)
        for key, value in items:
            if level:
                yield from self.below(value, key)
            else:
                yield key, value

    def find(self, wanted):
        """The value of a key of a map, or None."""
        root, first = self.root, None
        while root:
            level, items = self.items(root, first)
            smaller = [item for item in items if item[0] <= wanted]
            first, root = smaller[-1] if smaller else (None, None)
            if not level:
                return root if first == wanted else None
        return None
