"""Docs/Format/Entries.md: what a directory keeps."""

from typing import NamedTuple

from .encoding import Record, ascend, need
from .tree import root_record

NO_ID = bytes(32)


class Owner(NamedTuple):
    number: int
    name: bytes


class Entry(NamedTuple):
    type: int
    mode: int
    owner: Owner
    group: Owner
    modified: int
    changed: int
    size: int
    attributes: tuple
    content: tuple
    link_group: bytes | None


FILE, FOLDER, SYMLINK, FIFO, CHARACTER, BLOCK, SOCKET = range(7)
NOTHING, IN_PLACE, ONE_CHUNK, CHUNKS, TREE, DEVICE = range(6)
NOBODY = Owner(0, b"")


def entry_record(r):
    need(r.number(1) == 1, "an unknown version")
    kind, mode = r.number(1), r.number(2)
    need(kind <= SOCKET and mode <= 0o7777, "an unknown type or mode")
    owner, group = Owner(r.number(4), r.bytes(255)), Owner(r.number(4), r.bytes(255))
    modified, changed, size = r.time(), r.time(), r.compact()
    attributes = attributes_record(r)
    form = r.number(1)
    need(form <= DEVICE, "an unknown content")
    values = {
        NOTHING: lambda: None,
        IN_PLACE: lambda: r.bytes(4095),
        ONE_CHUNK: lambda: (r.raw(32), r.number(4)),
        CHUNKS: lambda: root_record(r, 32),
        TREE: lambda: root_record(r, 32),
        DEVICE: lambda: (r.number(4), r.number(4)),
    }
    content = form, values[form]()
    link_group = r.option(lambda r: r.raw(16))
    r.extensions()
    entry = Entry(kind, mode, owner, group, modified, changed, size, attributes, content, link_group)
    if link_group is not None:
        blank = Entry(kind, 0, NOBODY, NOBODY, 0, 0, 0, (NOTHING, None), (NOTHING, None), link_group)
        need(kind != FOLDER and entry == blank, "one of several names that is not blank")
    else:
        check_content(kind, size, *content)
    return entry


def check_content(kind, size, form, value):
    if kind == FILE:
        sizes = {
            NOTHING: lambda: 0,
            IN_PLACE: lambda: len(value) if 1 <= len(value) <= 128 else None,
            ONE_CHUNK: lambda: value[1] if 1 <= value[1] <= 4 << 20 else None,
            CHUNKS: lambda: value.size if value.count else None,
        }
        need(form in sizes and sizes[form]() == size, "a file whose content is not of its size")
    else:
        forms = {FOLDER: TREE, SYMLINK: IN_PLACE, FIFO: NOTHING, SOCKET: NOTHING, CHARACTER: DEVICE, BLOCK: DEVICE}
        need(form == forms[kind] and size == 0, "a content that is not of its type")
        need(kind != SYMLINK or (value and 0 not in value), "a link to nowhere")


def attributes_record(r):
    """Attributes as they stand in an entry: the list itself, or the id and length of a blob that has it."""
    form = r.number(1)
    need(form <= 2, "unknown attributes")
    if form == 1:
        start = r.at
        attributes = attribute_list(r)
        need(r.at - start <= 1024, "attributes that are too long for an entry")
        return form, attributes
    if form == 2:
        blob = r.raw(32), r.number(4)
        need(1025 <= blob[1] <= 16 << 20, "attributes of another length")
        return form, blob
    return form, None


def attribute_list(r):
    attributes = r.list(lambda r: (r.bytes(255, 1), r.bytes(65536)), 16384, 1)
    ascend([name for name, _ in attributes])
    need(not any(0 in name for name, _ in attributes), "a zero in a name")
    return attributes


def one_entry(data):
    r = Record(data)
    entry = entry_record(r)
    r.end()
    return entry


def directory_weight(name, value):
    need(1 <= len(name) <= 255 and not set(name) & {0, 0x2F} and name not in (b".", b".."), "a name that is none")
    entry = one_entry(value)
    return entry.content[1].size if entry.type == FOLDER else entry.size


def chunk_key(key, value=b""):
    """The id and length of a chunk in a list; an id of zeros is a hole."""
    need(len(key) == 40 and not value, "a chunk key that is none")
    chunk, length = key[:32], int.from_bytes(key[32:], "little")
    need(length and (chunk == NO_ID or length <= 4 << 20), "a chunk of no length")
    return chunk, length


def linked_inode(data):
    r = Record(data)
    names = r.number(4)
    entry = entry_record(r)
    r.end()
    need(names and entry.type != FOLDER and entry.link_group is None, "a linked inode that is none")
    return names, entry
