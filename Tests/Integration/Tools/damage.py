#!/usr/bin/env python3
"""Damages a local network's fragments, past all protocols.

    damage.py drop NET FID          takes a volume's fragments away from all nodes
    damage.py index NET FID CHECK   damages bytes of a volume of one segment, on all nodes, until the command CHECK ends with
                                    6 and says of the index, and of nothing else, that it is damaged; places are tried from the end of
                                    what is used on, since a commit writes its index last but for the set of volumes and itself
    damage.py newest NET            prints the FID of the volume whose fragments came last
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

STEP, WIDTH = 1000, 8


def fragments(net, fid):
    found = [path for path in Path(net).glob(f"nodes/*/file/{fid}/*") if path.is_file()]
    if not found:
        sys.exit(f"no node has a fragment of {fid}")
    return found


def newest(net):
    paths = [path for path in Path(net).glob("nodes/*/file/*/*") if path.is_file()]
    return max(paths, key=lambda path: path.stat().st_mtime_ns).parent.name


def flip(paths, offset):
    """Twice is as if it had never been. Rows are not damaged alike: what is the same in all may cancel out."""
    for path in paths:
        mask = hashlib.sha256(path.name.encode()).digest()
        with open(path, "r+b") as file:
            file.seek(offset)
            bytes_there = file.read(WIDTH).ljust(WIDTH, b"\0")
            file.seek(offset)
            file.write(bytes(byte ^ (change | 1) for byte, change in zip(bytes_there, mask)))


def index(net, fid, check):
    paths = fragments(net, fid)
    # Nobody knows here which row a fragment is; the rows of zeros behind the first are not kept at all.
    used = max(len(path.read_bytes().rstrip(b"\0")) for path in paths)
    for offset in range(used - STEP, 4096, -STEP):
        flip(paths, offset)
        result = subprocess.run(check, shell=True, capture_output=True, text=True)
        if result.returncode == 6:
            findings = json.loads(result.stdout)["findings"]
            subjects = {finding["subject"] for finding in findings}
            print(f"{used - offset} bytes before the end: {', '.join(sorted(subjects))}")
            if "index" in subjects and subjects <= {"index", "path"}:
                return
        flip(paths, offset)
    sys.exit("nothing of it is the index")


def main():
    match sys.argv[1:]:
        case ["drop", net, fid]:
            for path in fragments(net, fid):
                path.unlink()
        case ["index", net, fid, check]: index(net, fid, check)
        case ["newest", net]: print(newest(net))
        case _: sys.exit(__doc__)


if __name__ == "__main__":
    main()
