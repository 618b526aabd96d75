#!/usr/bin/env python3
"""Kills a mount at random moments while several writers are at work, and looks for every byte that a call had written.

    mount_kills.py MOUNTED --seed N --kills N --remount COMMAND [--each COMMAND]

COMMAND kills the mount and mounts it anew. What a call has done that had returned is there afterwards; of the one call that was
under way each byte is as before or as after. A command of --each is run before each kill with its number, to do harm elsewhere.
At the end everything is written to MOUNTED.json: what each file has to hold, as SHA-256.
"""
import argparse, errno, hashlib, json, os, random, subprocess, sys, threading, time

# What a program meets when the mount's process is gone.
GONE = (errno.ENOTCONN, errno.ECONNABORTED, errno.EIO, errno.ENODEV)


class Writer(threading.Thread):
    """Works in a directory of its own, and knows what is in each file."""

    def __init__(self, directory, chance, files):
        super().__init__()
        self.directory, self.chance, self.files = directory, chance, files
        self.pending = None
        self.calls = 0
        self.failure = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self):
        try:
            while True:
                self.step()
                self.calls += 1
        except OSError as error:
            if error.errno not in GONE:
                self.failure = error

    def step(self):
        chance, names = self.chance, sorted(self.files)
        kind = chance.choices(
            ["write", "append", "create", "truncate", "rename", "unlink", "sync"], [8, 4, 3, 2, 2, 1, 2]
        )[0]
        if not names or kind == "create" and len(names) < 12:
            name = f"file{chance.randrange(1000)}"
            if name in self.files:
                return
            self.pending = ("create", name)
            os.close(os.open(self.path(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            self.files[name] = b""
        elif kind in ("write", "append"):
            name = chance.choice(names)
            old = self.files[name]
            offset = len(old) if kind == "append" else chance.randrange(len(old) + 5000)
            data = chance.randbytes(chance.choice([1, 100, 4096, 5000, 70_000, 300_000]))
            if offset + len(data) > 2_000_000:
                return
            self.pending = ("write", name, offset, data)
            file = os.open(self.path(name), os.O_WRONLY)
            try:
                if os.pwrite(file, data, offset) != len(data):
                    raise OSError(errno.EIO, "a short write")
                self.files[name] = written(old, offset, data)
            finally:
                self.close(file)
        elif kind == "truncate":
            name = chance.choice(names)
            size = chance.randrange(len(self.files[name]) + 10_000)
            self.pending = ("truncate", name, size)
            os.truncate(self.path(name), size)
            self.files[name] = cut(self.files[name], size)
        elif kind == "rename":
            name, other = chance.choice(names), f"file{chance.randrange(1000)}"
            if name == other:
                return
            self.pending = ("rename", name, other)
            os.rename(self.path(name), self.path(other))
            self.files[other] = self.files.pop(name)
        elif kind == "unlink":
            name = chance.choice(names)
            self.pending = ("unlink", name)
            os.unlink(self.path(name))
            del self.files[name]
        else:
            name = chance.choice(names)
            file = os.open(self.path(name), os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                self.close(file)
        self.pending = None

    @staticmethod
    def close(file):
        try:
            os.close(file)
        except OSError:
            pass  # what was written before has returned

    def found(self):
        return {name: open(self.path(name), "rb").read() for name in os.listdir(self.directory)}

    def check(self):
        """Compares, and takes what the last call has come to as it is; what is wrong, or None."""
        if self.failure:
            return f"an error that no kill explains: {self.failure}"
        found, expected = self.found(), self.files
        for possible in self.possibilities(found):
            if found == possible:
                self.files, self.pending = found, None
                return None
        for name in sorted(set(found) | set(expected)):
            a, b = expected.get(name), found.get(name)
            if a != b:
                return f"{name}: {describe(a)} expected, {describe(b)} found, {first_difference(a, b)}; last call {describe_call(self.pending)}"
        return "the names differ"

    def possibilities(self, found):
        yield self.files
        if not self.pending:
            return
        kind, name, *rest = self.pending
        after = dict(self.files)
        if kind == "create":
            after[name] = b""
        elif kind == "truncate":
            after[name] = cut(after[name], rest[0])
        elif kind == "rename":
            after[rest[0]] = after.pop(name)
        elif kind == "unlink":
            del after[name]
        elif kind == "write" and name in found:
            offset, data = rest
            old, new, seen = after[name], written(after[name], offset, data), found[name]
            padded = old + bytes(max(0, len(new) - len(old)))
            mixed = bytes(s if s in (o, n) else o for s, o, n in zip(seen, padded, new))
            after[name] = seen if len(old) <= len(seen) <= len(new) and mixed == seen else new
        yield after


def written(old, offset, data):
    old = old + bytes(max(0, offset - len(old)))
    return old[:offset] + data + old[offset + len(data) :]


def cut(old, size):
    return old[:size] + bytes(max(0, size - len(old)))


def describe(content):
    return "nothing" if content is None else f"{len(content)} bytes"


def describe_call(call):
    return None if call is None else [len(part) if isinstance(part, bytes) else part for part in call]


def first_difference(a, b):
    for place, (x, y) in enumerate(zip(a or b"", b or b"")):
        if x != y:
            return f"first at {place}"
    return "one is longer"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mounted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--remount", required=True)
    parser.add_argument("--each")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    files = [{} for _ in range(options.writers)]
    for number in range(options.writers):
        os.mkdir(f"{options.mounted}/{number}")
    calls = 0
    for kill in range(options.kills):
        if options.each:
            subprocess.run(f"{options.each} {kill}", shell=True, check=True)
        writers = [
            Writer(f"{options.mounted}/{number}", random.Random(chance.random()), files[number])
            for number in range(options.writers)
        ]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.05, 2))
        start = time.monotonic()
        subprocess.run(options.remount, shell=True, check=True, stderr=subprocess.DEVNULL)
        remounted = time.monotonic() - start
        for number, writer in enumerate(writers):
            writer.join()
            calls += writer.calls
            mistake = writer.check()
            if mistake:
                print(f"seed {options.seed}, kill {kill}, writer {number}: {mistake}")
                sys.exit(1)
            files[number] = writer.files
        print(f"kill {kill}: mounted again after {remounted:.1f} s, {sum(map(len, files))} files", flush=True)
    state = {
        f"{number}/{name}": hashlib.sha256(content).hexdigest()
        for number, known in enumerate(files)
        for name, content in known.items()
    }
    with open(options.mounted.rstrip("/") + ".json", "w") as file:
        json.dump(state, file)
    print(f"{options.kills} kills, {calls} calls, {len(state)} files")


main()
