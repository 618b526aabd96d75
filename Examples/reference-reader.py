#!/usr/bin/env python3
"""Reads a drive without cessdrive: lists it, extracts it, shows its history.

A second implementation of Docs/Format, written from those pages alone; `reader` has a file for each of them. It needs the
recovery phrase, the fragments that storage nodes keep (files named by their SHA-256, anywhere below the directories given;
any four of the twelve rows do), and what the chain says: the state file of a local network, running or stopped. Where there
is no chain any more, `--genesis HASH` in the place of `--chain` takes what the fragments themselves tell.

    python3 -m venv venv
    venv/bin/pip install pynacl zstandard mnemonic merlin-transcripts rbcl
    venv/bin/python reference-reader.py --phrase-file phrase --chain NET/chain/chain.db --fragments NET/nodes \\
        [--drive NAME] [--at COMMIT] commits | list [PATH] | extract PATH TARGET

`--fragments` may be repeated. A commit is named by its number, or by eight digits or more of its id, as `commits`
shows them. Nothing is written but TARGET, which must not exist. The status is 1 where nothing could be done, and 3 where
something is missing, which is then named.
"""

import argparse
import os
import pathlib
import signal
import sqlite3
import stat
import sys
import time

from reader import discovery
from reader.chain import Chain
from reader.encoding import Missing, Refused, blake
from reader.entries import BLOCK, CHARACTER, DEVICE, FIFO, FILE, FOLDER, SOCKET, SYMLINK
from reader.fragments import Fragments
from reader.heap import Heap
from reader.keys import PhraseKeys
from reader.store import Store

KINDS = {
    FILE: stat.S_IFREG, FOLDER: stat.S_IFDIR, SYMLINK: stat.S_IFLNK, FIFO: stat.S_IFIFO, CHARACTER: stat.S_IFCHR,
    BLOCK: stat.S_IFBLK, SOCKET: stat.S_IFSOCK,
}  # fmt: skip


class Extraction:
    """Makes files of a snapshot, and remembers what could not be made."""

    def __init__(self, snapshot):
        self.snapshot, self.links, self.complaints = snapshot, {}, []

    def restore(self, entry, target):
        try:
            _, inode = self.snapshot.inode(entry)
            first = self.links.get(entry.link_group)
            if first is not None:
                os.link(first, target, follow_symlinks=False)
                return
            self.make(inode, target)
            if entry.link_group is not None:
                self.links[entry.link_group] = target
            self.attributes(inode, target)
        except (Refused, Missing, OSError, OverflowError) as error:  # the last one from times that no file can have
            self.complain(target, error)

    def complain(self, target, error):
        self.complaints.append(target)
        print(f"reference-reader: {os.fsdecode(target)}: {error}", file=sys.stderr)

    def make(self, entry, target):
        form, value = entry.content
        if entry.type == FOLDER:
            os.mkdir(target, 0o700)
            for name, child in self.snapshot.children(entry):
                self.restore(child, os.path.join(target, name))
        elif entry.type == SYMLINK:
            os.symlink(value, target)
        elif entry.type == FILE:
            try:
                self.write(entry, os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except (Refused, Missing):
                os.unlink(target)  # Better none than half of it.
                raise
        else:
            os.mknod(target, KINDS[entry.type] | 0o600, os.makedev(*value) if form == DEVICE else 0)

    def write(self, entry, descriptor):
        with open(descriptor, "wb") as file:
            for piece in self.snapshot.content(entry):
                if isinstance(piece, int):
                    file.seek(piece, os.SEEK_CUR)
                else:
                    file.write(piece)
            file.truncate(entry.size)

    def attributes(self, entry, target):
        if os.geteuid() == 0:
            os.chown(target, entry.owner.number, entry.group.number, follow_symlinks=False)
        for name, value in self.snapshot.extended_attributes(entry):
            try:
                os.setxattr(target, name, value, follow_symlinks=False)
            except OSError as error:
                self.complain(target, f"attribute {os.fsdecode(name)}: {error.strerror}")
        if entry.type != SYMLINK:
            os.chmod(target, entry.mode)  # After the owner, which takes set-uid bits away.
        os.utime(target, ns=(entry.modified, entry.modified), follow_symlinks=False)


def lines(snapshot, path, entry):
    """What `list` prints of an entry and all that is below it."""
    try:
        names, inode = snapshot.inode(entry)
        link = b" -> " + inode.content[1] if entry.type == SYMLINK else b""
        facts = f"{stat.filemode(KINDS[entry.type] | inode.mode)} {names:2} {inode.size:12} {moment(inode.modified)} "
        yield facts.encode() + path + link
        for name, child in snapshot.children(entry) if entry.type == FOLDER else ():
            yield from lines(snapshot, path.rstrip(b"/") + b"/" + name, child)
    except (Refused, Missing) as error:
        yield b"? damaged: " + path + b": " + str(error).encode()


def moment(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09}Z"
    except (OverflowError, OSError):
        return f"@{seconds}.{rest:09}"


def choose_drive(store, name):
    """The tips of the drive that is called so, or of the only one."""
    tips = [discovery.tips(found) for found in discovery.candidates(store).values()]
    chosen = [t for t in tips if name in (None, t[0].commit.drive_name, t[0].commit.drive.hex())]
    if len(chosen) == 1:
        store.tips = chosen[0]
        return chosen[0]
    names = ", ".join(sorted(f"{t[0].commit.drive_name} ({t[0].commit.drive.hex()})" for t in tips))
    raise Missing(f"--drive must name one of: {names}" if tips else "this phrase has no drive here")


def choose_commit(store, tips, name):
    if name is None:
        return tips[0]
    commits, by_id = list(discovery.history(tips)), len(name) >= 8
    chosen = [s for s in commits if (s.commit.id.hex().startswith(name) if by_id else str(s.commit.sequence) == name)]
    if len(chosen) == 1:
        return chosen[0]
    raise Missing(f"{len(chosen)} commits are called {name}")


def run(options):
    phrase = " ".join(pathlib.Path(options.phrase_file).read_text().split())
    fragments = Fragments(options.fragments)
    chain = (
        Chain(options.chain) if options.chain else Heap(fragments, bytes.fromhex(options.genesis.removeprefix("0x")))
    )
    store = Store(PhraseKeys(phrase), chain, fragments)
    tips = choose_drive(store, options.drive)
    if options.action == "commits":
        for s in discovery.history(tips):
            mark = "head" if s is tips[0] else "tip" if s in tips else ""
            parents = " ".join(parent.hex()[:12] for _, parent in s.commit.parents)
            device = next((d.name for d in s.commit.devices if blake(d.signing_key)[:16] == s.commit.device), "account")
            print(f"{mark:4} {s.commit.sequence:5} {s.commit.id.hex()[:12]} {moment(s.commit.created)} {device}:"
                  f" {s.commit.message} [{parents}]")  # fmt: skip
        return 0
    snapshot = choose_commit(store, tips, options.at)
    path = os.fsencode(options.path)
    if options.action == "list":
        for line in lines(snapshot, path, snapshot.at(path)):
            sys.stdout.buffer.write(line + b"\n")
        return 0
    target = os.fsencode(options.target)
    if os.path.lexists(target):
        raise FileExistsError(f"{options.target} is there already")
    extraction = Extraction(snapshot)
    extraction.restore(snapshot.at(path), target)
    return 3 if extraction.complaints else 0


def main():
    parser = argparse.ArgumentParser(description="Reads a drive from its recovery phrase and the nodes' fragments.")
    parser.add_argument("--phrase-file", required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--chain", help="the state file of a local network's chain, chain.db")
    source.add_argument("--genesis", help="instead, where there is no chain: the network's genesis hash")
    parser.add_argument("--fragments", required=True, action="append", help="a directory of nodes; repeatable")
    parser.add_argument("--drive", help="the drive's name or id, where the phrase has several")
    parser.add_argument("--at", help="an older commit: its number, or eight digits or more of its id")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("commits", help="the history, newest first; the head and other tips are marked")
    actions.add_parser("list", help="a directory and all below it").add_argument("path", nargs="?", default="/")
    extract = actions.add_parser("extract", help="makes files, directories and all else")
    extract.add_argument("path")
    extract.add_argument("target")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.setrecursionlimit(50_000)  # Directories may be nested deeply.
    try:
        sys.exit(run(parser.parse_args()))
    except (Refused, Missing, OSError, ValueError, sqlite3.Error) as error:
        sys.exit(f"reference-reader: {error}")


if __name__ == "__main__":
    main()
