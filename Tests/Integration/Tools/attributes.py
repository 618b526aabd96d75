#!/usr/bin/env python3
"""Extended attributes as the kernel has them, without setfattr and getfattr, which few machines have.

    attributes.py set PATH NAME TEXT    give PATH an attribute; links are not followed
    attributes.py acl PATH NAME         give PATH an access list with an entry for user 12345
    attributes.py list DIRECTORY        `path name value` of everything below, sorted
"""

import os
import struct
import sys


def entry(tag, permissions, identity=0xFFFFFFFF):
    return struct.pack("<HHI", tag, permissions, identity)


def listing(top):
    paths = [top]
    for directory, directories, files in os.walk(top):
        paths += [os.path.join(directory, name) for name in directories + files]
    for path in sorted(paths):
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            value = os.getxattr(path, name, follow_symlinks=False)
            print(os.path.relpath(path, top), name, value.hex())


command, path, *rest = sys.argv[1:]
if command == "set":
    os.setxattr(path, rest[0], rest[1].encode(), follow_symlinks=False)
elif command == "acl":
    # Version 2; owner, user 12345, group, mask, others.
    entries = [entry(1, 6), entry(2, 4, 12345), entry(4, 4), entry(0x10, 6), entry(0x20, 0)]
    os.setxattr(path, rest[0], struct.pack("<I", 2) + b"".join(entries))
else:
    listing(path)
