"""What the chain says: Docs/Protocol/CESS.md, 4.2 and 5, from the state that Docs/Protocol/LocalNetwork.md, "On disk", keeps."""

import os
import pathlib
import sqlite3

from .encoding import Record, Refused, need
from .volumes import ROWS, Segment, Volume, read_name

FILE_BANK_FILE = bytes.fromhex(
    "a3c62a50675125d74bc9f59e3f75adc9303fb39244d274417d5edffffa903f8a"
)  # twox128 of each name


class Chain:
    """The state of a local network's chain. All of it is at hand, so files are found without `UserHoldFileList`, which may
    have lost some; one author makes no forks, so the newest state is what will be final."""

    def __init__(self, path):
        # A chain that runs, or was killed, has a log beside it; without one SQLite would make it.
        mode = "mode=ro" if os.path.exists(f"{path}-wal") else "immutable=1"
        self.database = sqlite3.connect(f"{pathlib.Path(path).absolute().as_uri()}?{mode}", uri=True)
        self.genesis = self.database.execute("SELECT hash FROM block WHERE number = 0").fetchone()[0]

    def volumes(self, keys):
        """The account's files in the phrase's territory that are named like volumes."""
        bounds = FILE_BANK_FILE, FILE_BANK_FILE[:-1] + bytes([FILE_BANK_FILE[-1] + 1])
        for key, value in self.database.execute("SELECT key, value FROM state WHERE key >= ? AND key < ?", bounds):
            try:
                fid, segments, owners, completion = self.file(key[48:], Record(value))
            except (Refused, ValueError):
                continue  # Anybody may declare anything: hashes that are none are not ours.
            for account, file_name, territory in owners:
                name = read_name(file_name, keys.name_tag)
                if (account, territory) == (keys.account, keys.territory) and name:
                    yield Volume(fid, segments, name, completion)

    @staticmethod
    def file(key, r):
        def digest(r):
            return bytes.fromhex(r.raw(64).decode("ascii"))

        def fragment(r):
            found = [digest(r)]
            r.raw(1), r.option(lambda r: r.raw(4)), r.raw(32)  # avail, tag, miner
            return found

        segments = r.list(lambda r: Segment(digest(r), r.list(fragment)))
        owners = r.list(lambda r: (r.raw(32), r.bytes(63), r.bytes(63)))
        r.raw(16)  # file_size
        completion = r.number(4)
        need(segments and all(len(segment.rows) == ROWS for segment in segments), "a file that is no volume")
        return digest(Record(key)), segments, owners, completion
