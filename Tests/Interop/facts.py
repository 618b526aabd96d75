"""What there is to know of every file below a directory besides its bytes, one a line: facts.py DIRECTORY."""

import os
import stat
import sys


def attributes(path):
    try:
        return [
            (name, os.getxattr(path, name, follow_symlinks=False))
            for name in sorted(os.listxattr(path, follow_symlinks=False))
        ]
    except OSError:  # a file system without them
        return []


top = os.fsencode(sys.argv[1])
for directory, folders, files in os.walk(top):
    for name in folders + files:
        path = os.path.join(directory, name)
        s = os.lstat(path)
        facts = [oct(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns, attributes(path)]
        if not stat.S_ISDIR(s.st_mode):  # A directory's own size and links are the file system's business.
            facts += [s.st_size, s.st_nlink]
        if stat.S_ISLNK(s.st_mode):
            facts.append(os.readlink(path))
        print(os.path.relpath(path, top), *facts)
