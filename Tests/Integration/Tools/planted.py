#!/usr/bin/env python3
"""Plants secrets in files that are to be stored, and looks for them where nothing of them may be.

    planted.py plant DIRECTORY      makes it, with a tree below, and `passwd` and `group` files that name its owner
    planted.py name LABEL           prints a planted name
    planted.py hide DIRECTORY       writes each secret there, once in each form that is looked for
    planted.py search DIRECTORY...  ends with 1, and says where, if a file or its name holds a secret in any form
    planted.py search -v ...        the same, and says what was looked through

What was planted is kept in `planted.json` of the current directory. Forms: the bytes, UTF-16, hexadecimal digits, Base64 and
Base32 at each alignment. Contents are looked for by pieces of 32 bytes.
"""

import base64
import binascii
import json
import mmap
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECORD = Path("planted.json")
NAMES = ("file", "directory", "link", "target", "stored", "streamed", "failing", "renamed", "made")
TEXTS = ("owner", "attribute", "value", "small", "text", "stream", "interrupted", "aborted", "unreadable")


def word():
    """Longer than any chance would make it, and shorter than any name's limit."""
    return "q" + secrets.token_hex(12)


def plant(directory):
    words = {label: word() for label in NAMES + TEXTS}
    # `grep` takes a line break for the end of a pattern.
    pieces = {f"content {number}": bytes(byte or 1 for byte in secrets.token_bytes(32)).replace(b"\n", b"\v")
              for number in range(4)}
    directory.mkdir()
    tree = directory / "tree"
    inner = tree / words["directory"]
    inner.mkdir(parents=True)
    (inner / words["file"]).write_bytes(pieces["content 0"])  # in the entry itself
    (tree / "small").write_text(words["small"] * 20)  # a chunk
    # Compressible, and not: several chunks, with the secret in each.
    (tree / "text").write_text((words["text"] + " and so on, line after line\n") * 100_000)
    with open(tree / "noise", "wb") as file:
        for _ in range(100):
            file.write(os.urandom(20_000) + pieces["content 1"])
    (tree / words["link"]).symlink_to("/nowhere/" + words["target"])
    os.link(tree / "small", tree / "second name")
    supported = True
    try:
        os.setxattr(tree / "small", "user." + words["attribute"], words["value"].encode())
    except OSError as error:
        supported = False
        print(f"extended attributes are left out: {error}")
    (directory / "stream").write_bytes((words["stream"].encode() + pieces["content 2"]) * 20_000)
    for label in ("interrupted", "aborted"):
        with open(directory / label, "wb") as file:
            for _ in range(200):
                file.write(os.urandom(40_000) + words[label].encode() + pieces["content 3"])
    failing = directory / words["failing"]
    failing.mkdir()
    (failing / "good").write_text("nothing")
    (failing / words["unreadable"]).write_text("nothing")
    (failing / words["unreadable"]).chmod(0)
    # Numbers that nobody has; their names come from a password file that is laid over the real one.
    for path in (tree / "small", tree / "text"):
        os.chown(path, 54321, 54321)
    passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    (directory / "passwd").write_text(passwd + f"{words['owner']}:x:54321:54321::/:/bin/false\n")
    (directory / "group").write_text(group + f"{words['owner']}:x:54321:\n")
    if not supported:
        del words["attribute"], words["value"]
    planted = {**{label: text.encode().hex() for label, text in words.items()},
               **{label: piece.hex() for label, piece in pieces.items()}}
    RECORD.write_text(json.dumps(planted))


def planted():
    return {label: bytes.fromhex(text) for label, text in json.loads(RECORD.read_text()).items()}


def forms(secret):
    """What a secret looks like in a file, by the name of the form."""
    yield "bytes", secret
    yield "UTF-16", b"".join(bytes([byte, 0]) for byte in secret)
    yield "UTF-16, big end first", b"".join(bytes([0, byte]) for byte in secret)
    yield "hexadecimal", binascii.hexlify(secret)
    yield "hexadecimal, capitals", binascii.hexlify(secret).upper()
    for before in range(3):
        # What does not depend on the bytes around it.
        text = base64.b64encode(bytes(before) + secret + bytes(3))
        middle = text[-(-before * 8 // 6):(before + len(secret)) * 8 // 6]
        yield f"Base64 at {before}", middle
        yield f"Base64 for names at {before}", middle.replace(b"+", b"-").replace(b"/", b"_")
    for before in range(5):
        text = base64.b32encode(bytes(before) + secret + bytes(5))
        middle = text[-(-before * 8 // 5):(before + len(secret)) * 8 // 5]
        yield f"Base32 at {before}", middle
        yield f"Base32 in small letters at {before}", middle.lower()


def patterns():
    return {form: f"{label}, {name}" for label, secret in planted().items() for name, form in forms(secret)}


def hide(directory):
    directory.mkdir(parents=True)
    for number, (form, _) in enumerate(patterns().items()):
        (directory / str(number)).write_bytes(os.urandom(5000) + form + os.urandom(50))


def with_any(wanted, directory):
    """The files that hold any of them. One pass for all is many times as fast as one for each."""
    with tempfile.NamedTemporaryFile(dir=".") as file:
        file.write(b"\n".join(wanted))
        file.flush()
        for _ in range(10):
            result = subprocess.run(
                ["grep", "-r", "-a", "-l", "-Z", "-F", "-f", file.name, str(directory)], capture_output=True,
                env={**os.environ, "LC_ALL": "C"})
            if result.returncode in (0, 1):
                break
            time.sleep(1)  # nodes may have deleted something meanwhile
        else:
            sys.exit(f"grep failed: {os.fsdecode(result.stderr)}")
    return {Path(os.fsdecode(name)) for name in result.stdout.split(b"\0") if name}


def below(directory):
    """Everything in a directory. What nodes delete meanwhile is not there; anything else that cannot be looked at is an error."""
    def refuse(error):
        if not isinstance(error, FileNotFoundError):
            raise error

    for parent, directories, files in os.walk(directory, onerror=refuse):
        yield from (Path(parent) / name for name in directories + files)


def search(directories, verbose):
    wanted = patterns()
    found, files, size = 0, 0, 0
    for directory in directories:
        if not directory.is_dir():
            sys.exit(f"{directory} is no directory: nothing would be looked through")
        suspects = with_any(wanted, directory)
        for path in below(directory):
            name = os.fsencode(str(path.relative_to(directory)))
            hits = [what for form, what in wanted.items() if form in name]
            if path.is_symlink():
                target = os.fsencode(os.readlink(path))
                hits += [what for form, what in wanted.items() if form in target]
            elif path.is_file():
                try:
                    size += path.stat().st_size
                except FileNotFoundError:
                    continue  # deleted just now
                files += 1
                if path in suspects:
                    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                        hits += [what for form, what in wanted.items() if data.find(form) >= 0]
            if hits:
                found += 1
                print(f"{path}: {'; '.join(hits)}")
    if verbose:
        print(f"{files} files, {size} bytes, {len(wanted)} forms of {len(planted())} secrets; {found} have one")
    return 1 if found else 0


def main():
    match sys.argv[1:]:
        case ["plant", directory]: plant(Path(directory))
        case ["name", label]: print(planted()[label].decode())
        case ["hide", directory]: hide(Path(directory))
        case ["search", "-v", *directories] if directories: return search([Path(d) for d in directories], True)
        case ["search", *directories] if directories: return search([Path(d) for d in directories], False)
        case _: sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
