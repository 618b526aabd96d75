"""Docs/Format/Fragments.md, "Without the chain": what a heap of fragments tells by itself."""

import os

from .encoding import COMMIT, Refused
from .commits import commit_record
from .fragments import FRAGMENT
from .frames import open_frames, plaintext, unseal
from .segments import prelude_record
from .volumes import ROWS, Segment, Volume, VolumeName


class Heap:
    """In the chain's place: volumes whose fragment 0 opens, as node directories keep them by their FIDs. Of the rows only
    that one is known; volume sets tell of the others. Whether a volume was ever complete cannot be told, nor which of two
    tips was first."""

    def __init__(self, fragments, genesis):
        self.fragments, self.genesis = fragments, genesis

    def volumes(self, keys):
        found = {}
        for digest, paths in self.fragments.paths.items():
            try:
                fid = bytes.fromhex(os.path.basename(os.path.dirname(paths[0])))
                with open(paths[0], "rb") as file:
                    sealed = file.read(4096)
                prelude = prelude_record(unseal(sealed[24:], keys.prelude, sealed[:24], b"cessdrive/prelude/1"))
            except (Refused, ValueError):
                continue  # Not the beginning of a segment of ours.
            found.setdefault(fid, {})[prelude.segment] = digest, prelude
        for fid, segments in found.items():
            last = max(segments)
            firsts = [[segments[number][0]] if number in segments else [] for number in range(last + 1)]
            name = VolumeName.of(segments[last][1], self.sequence(*segments[last], keys), keys.name_tag)
            yield Volume(fid, [Segment(None, [first] + [[]] * (ROWS - 1)) for first in firsts], name)

    def sequence(self, digest, prelude, keys):
        """That of the volume's commit, for the newest is looked at first; 0 if it has none, or not in this fragment."""
        blob_id, place = prelude.commit or (None, None)
        if place is None or place.offset + place.length > FRAGMENT:
            return 0
        sealed = (self.fragments.fragment(digest) or b"")[place.offset :][: place.length]
        try:
            payload = open_frames(sealed, place, COMMIT, blob_id, keys.prelude)
            return commit_record(plaintext(payload, place.codec, place.raw)).sequence
        except Refused:
            return 0  # What that means is told where commits are read.
