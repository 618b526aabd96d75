"""Docs/Format/Segments.md: preludes, blob tables, and pointers to blobs."""

from typing import NamedTuple

from .encoding import COMMIT, Record, distinct, need
from .frames import NO_EPOCH, Place


def pointer(r):
    place = Place(
        r.raw(16), r.number(2), r.number(4), r.number(4), r.number(4), r.number(1), r.raw(8), r.raw(16)
    ).checked()
    r.end()
    return place


def extent(r, volume, segment, epoch):
    """A blob's id, and where it lies in the segment at hand."""
    blob_id, *numbers = r.raw(32), r.number(4), r.number(4), r.number(4), r.number(1)
    return blob_id, Place(volume, segment, *numbers, epoch, r.raw(16)).checked()


def epoch_record(r):
    epoch, boxes = r.raw(8), r.list(lambda r: (r.raw(8), r.raw(80)), 33, 1)
    need(epoch != NO_EPOCH, "an epoch of zeros")
    distinct([recipient for recipient, _ in boxes])
    return epoch, boxes


class Prelude(NamedTuple):
    drive: bytes
    volume: bytes
    segment: int
    epochs: list
    table: tuple
    commit: tuple


def prelude_record(data):
    r = Record(data, 1)
    drive, volume, segment = r.raw(16), r.raw(16), r.number(2)
    epochs = r.list(epoch_record, 8, 1)
    distinct([epoch for epoch, _ in epochs])
    table = extent(r, volume, segment, epochs[0][0])
    commit = r.option(lambda r: extent(r, volume, segment, NO_EPOCH))
    r.extensions()
    need(not r.raw(len(data) - r.at).strip(b"\0"), "something behind the prelude")
    return Prelude(drive, volume, segment, epochs, table, commit)


def table_record(data, prelude):
    """What a blob table lists: (kind, id, place)."""
    r = Record(data, 1)

    def blob(r):
        kind, number = r.number(1), r.number(1)
        need(
            kind in (1, 2, 3, 4, 5, 6, 7, 9) and (kind == COMMIT) == (number == 255),
            "a kind or epoch that no table has",
        )
        need(number == 255 or number < len(prelude.epochs), "an epoch that the prelude has not")
        epoch = NO_EPOCH if number == 255 else prelude.epochs[number][0]
        return kind, *extent(r, prelude.volume, prelude.segment, epoch)

    blobs = r.list(blob)
    r.end()
    places = [place for _, _, place in blobs]
    need(all(a.offset + a.length <= b.offset for a, b in zip(places, places[1:])), "blobs that overlap")
    return blobs
