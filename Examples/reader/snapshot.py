"""All that is read by one commit: its volumes, its index, its files (Volumes.md, Commits.md, Entries.md)."""

import functools
import os

from .encoding import (
    ATTRIBUTES, CHUNK, CHUNK_LIST, COMMIT, DIRECTORY, INDEX, LINK_GROUP, VOLUME_SET, Missing, Record, need,
)  # fmt: skip
from .entries import (
    CHUNKS, FOLDER, IN_PLACE, NO_ID, ONE_CHUNK, TREE, attribute_list, chunk_key, directory_weight, linked_inode, one_entry,
)  # fmt: skip
from .segments import pointer
from .tree import Tree
from .volumes import volume_record, with_rows_of


class Snapshot:
    """A commit, and its own volume if that is still there."""

    def __init__(self, store, commit, volume):
        self.store, self.commit, self.volume = store, commit, volume

    # Volumes and blobs

    @functools.cached_property
    def live(self):
        """Volumes by id: the commit's set, and its own."""
        found = {self.commit.volume: self.volume} if self.volume else {}
        for volume_id, value in self.tree(VOLUME_SET, self.commit.volumes):
            volume = volume_record(value)
            found[volume_id] = with_rows_of(self.store.volumes.get(volume.fid), volume)
        return found

    def locate(self, kind, volume_id):
        if kind == VOLUME_SET:  # The set is being read, and does not tell yet where it lies.
            return self.volume if volume_id == self.commit.volume else self.store.by_name(volume_id)
        return self.live.get(volume_id)

    def folded(self, kind, blob_id, volume_id):
        """Where a blob of a folded volume is now, by the pairs of the tips: a volume and a place, or None."""
        for snapshot in (self, *self.store.tips):
            new = snapshot.commit.folded.get(volume_id)
            volume = new and snapshot.locate(kind, new)
            try:
                place = volume and self.store.in_tables(volume, kind, blob_id)
                if place:
                    return volume, place
            except Missing:
                pass  # Folded once more: then a tip knows.
        return None

    def blob(self, kind, blob_id, place):
        """The blob that a pointer leads to."""
        drive, volume = self.commit.drive, self.locate(kind, place.volume)
        try:
            if volume is None:
                raise Missing(f"volume {place.volume.hex()} is neither live nor folded")
            return self.store.open(drive, volume, place, kind, blob_id)
        except Missing:
            if found := self.folded(kind, blob_id, place.volume):
                return self.store.open(drive, *found, kind, blob_id)
            raise

    def find(self, kind, blob_id, length=None):
        """A blob by the index: of the runs' pointers, newest first, the first that leads to it."""
        missing = Missing(f"blob {blob_id.hex()} is not in the index")
        for _, run in self.commit.index:
            value = self.tree(INDEX, run).find(blob_id)
            if value is not None:
                try:
                    content = self.blob(kind, blob_id, pointer(Record(value)))
                    need(length in (None, len(content)), "a blob of another length")
                    return content
                except Missing as error:
                    missing = error
        raise missing

    @functools.lru_cache(512)
    def node(self, kind, reference):
        if len(reference) == 87:
            return self.blob(kind, reference[:32], pointer(Record(reference[32:])))
        need(len(reference) == 32 and kind not in (INDEX, VOLUME_SET), "a node that is named as its kind is not")
        return self.find(kind, reference)

    def tree(self, kind, root):
        return Tree(root, functools.partial(self.node, kind), WEIGHTS.get(kind), is_map=kind != CHUNK_LIST)

    def parent(self, volume_id, blob_id):
        """The snapshot of a parent, or None where the log ends."""
        drive, volume = self.commit.drive, self.live.get(volume_id) or self.store.by_name(volume_id)
        try:
            prelude = volume and self.store.prelude(volume, len(volume.segments) - 1)
            if prelude and prelude.commit and prelude.commit[0] == blob_id:
                commit = self.store.commit(drive, volume_id, volume, prelude.commit[1], blob_id)
                return commit and Snapshot(self.store, commit, volume)
        except Missing:
            pass
        if found := self.folded(COMMIT, blob_id, volume_id):
            commit = self.store.commit(drive, volume_id, *found, blob_id)
            return commit and Snapshot(self.store, commit, None)
        return None

    # Files

    @property
    def top(self):
        return self.commit.attributes._replace(content=(TREE, self.commit.root))

    def children(self, entry):
        return ((name, one_entry(value)) for name, value in self.tree(DIRECTORY, entry.content[1]))

    def at(self, path):
        entry = self.top
        for name in filter(None, path.split(b"/")):
            value = self.tree(DIRECTORY, entry.content[1]).find(name) if entry.type == FOLDER else None
            if value is None:
                raise Missing("there is no " + os.fsdecode(path))
            entry = one_entry(value)
        return entry

    def inode(self, entry):
        """The number of names, and the entry proper: of what has several names, that of its group."""
        if entry.link_group is None:
            return 1, entry
        value = self.tree(LINK_GROUP, self.commit.links).find(entry.link_group)
        if value is None:
            raise Missing("one of several names, whose group is not there")
        names, inode = linked_inode(value)
        need(inode.type == entry.type, "a link group of another type")
        return names, inode

    def content(self, entry):
        """The content of a file: pieces, and the lengths of holes between them."""
        form, value = entry.content
        if form == IN_PLACE:
            yield value
        elif form == ONE_CHUNK:
            yield self.find(CHUNK, *value)
        elif form == CHUNKS:
            for key, _ in self.tree(CHUNK_LIST, value):
                blob_id, length = chunk_key(key)
                yield length if blob_id == NO_ID else self.find(CHUNK, blob_id, length)

    def extended_attributes(self, entry):
        form, value = entry.attributes
        if form == 2:
            r = Record(self.find(ATTRIBUTES, *value))
            value = attribute_list(r)
            r.end()
        return value or []


WEIGHTS = {
    DIRECTORY: directory_weight,
    CHUNK_LIST: lambda key, value: chunk_key(key, value)[1],
    LINK_GROUP: lambda key, value: linked_inode(value)[1].size,
}
