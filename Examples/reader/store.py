"""What a phrase, the chain and the nodes have together: volumes that open (Segments.md, Volumes.md, Frames.md)."""

from .commits import commit_record, verify
from .encoding import COMMIT, TABLE, Refused, blake, need
from .frames import open_frames, plaintext, unseal
from .segments import prelude_record, table_record


class Store:
    def __init__(self, keys, chain, fragments):
        self.keys, self.genesis, self.fragments = keys, chain.genesis, fragments
        self.volumes = {volume.fid: volume for volume in chain.volumes(keys)}
        self.epochs, self.named, self.preludes = {}, {}, {}
        self.tips = []  # whose pairs tell where folded volumes are

    def by_name(self, volume_id):
        """A volume that no set at hand tells of, or None: the tag of its name is made of its id."""
        if volume_id not in self.named:
            genuine = (v for v in self.volumes.values() if v.name.is_of(volume_id, self.keys.name_tag))
            self.named[volume_id] = next(genuine, None)
        return self.named[volume_id]

    def learn(self, epochs):
        """Whoever has learned a key for an id keeps it."""
        self.epochs = self.keys.open_epochs(epochs) | self.epochs

    def read(self, volume, number, offset, length):
        need(number < len(volume.segments), "a segment that the volume has not")
        return self.fragments.read(volume.segments[number].rows, offset, length)

    def prelude(self, volume, number):
        """The prelude of a segment, or None if it does not open or its volume's name does not confirm it: not ours."""
        if (volume.fid, number) not in self.preludes:
            sealed = self.read(volume, number, 0, 4096)
            try:
                record = unseal(sealed[24:], self.keys.prelude, sealed[:24], b"cessdrive/prelude/1")
            except Refused:
                return None
            prelude = prelude_record(record)
            need(prelude.segment == number, "a prelude of another segment")
            if volume.name and not volume.name.confirms(prelude, self.keys.name_tag):
                return None
            self.learn(prelude.epochs)
            self.preludes[volume.fid, number] = prelude
        return self.preludes[volume.fid, number]

    def open(self, drive, volume, place, kind, blob_id):
        """The plaintext of a whole blob of a volume."""
        if kind != COMMIT and place.epoch not in self.epochs:
            self.prelude(volume, place.segment)
        key = self.keys.prelude if kind == COMMIT else self.epochs.get(place.epoch)
        need(key is not None, "a blob of an epoch that has no box for the ring")
        sealed = self.read(volume, place.segment, place.offset, place.length)
        content = plaintext(open_frames(sealed, place, kind, blob_id, key), place.codec, place.raw)
        need(
            blake(bytes([kind]) + content, self.keys.blob_id_key(drive)) == blob_id, "a blob that is not the one named"
        )
        return content

    def in_tables(self, volume, kind, blob_id):
        """Where the blob tables of a volume have a blob, or None."""
        for number in range(len(volume.segments)):
            prelude = self.prelude(volume, number)
            need(prelude is not None, "a segment whose prelude does not open")
            table_id, where = prelude.table
            for *listed, place in table_record(self.open(prelude.drive, volume, where, TABLE, table_id), prelude):
                if listed == [kind, blob_id]:
                    return place
        return None

    def commit(self, drive, volume_id, volume, place, blob_id):
        """A commit that was made in the volume `volume_id` and lies in `volume`; None if it is of another drive or volume."""
        commit = commit_record(self.open(drive, volume, place, COMMIT, blob_id), blob_id)
        if (commit.drive, commit.volume) != (drive, volume_id):
            return None
        verify(commit, self.genesis, self.keys.account)
        self.learn(commit.epochs)
        return commit
