#!/usr/bin/env python3
"""Does the same seeded operations in a mounted drive and in a directory of this machine, and compares them at every step.

    mount_model.py MOUNTED LOCAL --seed N --steps N [--kill COMMAND --kill-chance P] [--trouble COMMAND --trouble-chance P]

COMMAND kills the mount and mounts it anew; it is called now and then, and everything must be there afterwards. Both directories
have to be empty. What an operation gives has to be equal, error numbers too, and so have the trees, with all attributes, at
the end and after each kill.
"""
import argparse, errno, os, random, stat, subprocess, sys

NAMES = ["a", "b", "c", "long" * 60, "ümläut", "with space", ".hidden"]


class Side:
    """One of the two directories, and what is open in it."""

    def __init__(self, root):
        self.root = os.fsencode(root)
        self.open = {}

    def path(self, names):
        return os.path.join(self.root, *[os.fsencode(n) for n in names])

    def do(self, operation, *arguments):
        try:
            return getattr(self, operation)(*arguments)
        except OSError as error:
            return "errno " + errno.errorcode.get(error.errno, str(error.errno))

    def create(self, names, data, mode):
        file = os.open(self.path(names), os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def write(self, names, offset, data):
        file = os.open(self.path(names), os.O_WRONLY)
        try:
            os.pwrite(file, data, offset)
        finally:
            os.close(file)

    def append(self, names, data):
        file = os.open(self.path(names), os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def read(self, names, offset, count):
        file = os.open(self.path(names), os.O_RDONLY)
        try:
            return os.pread(file, count, offset)
        finally:
            os.close(file)

    def truncate(self, names, size):
        os.truncate(self.path(names), size)

    def overwrite(self, names, data):
        file = os.open(self.path(names), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def punch(self, names, offset, count):
        subprocess.run(
            ["fallocate", "-p", "-o", str(offset), "-l", str(count), self.path(names)], check=True, stderr=subprocess.DEVNULL)

    def hold(self, slot, names):
        if slot in self.open:
            os.close(self.open.pop(slot))
        self.open[slot] = os.open(self.path(names), os.O_RDWR)

    def held(self, slot, offset, data, count):
        if slot not in self.open:
            return None
        os.pwrite(self.open[slot], data, offset)
        return os.pread(self.open[slot], count, 0), os.fstat(self.open[slot]).st_size

    def letgo(self, slot):
        if slot in self.open:
            os.close(self.open.pop(slot))

    def mkdir(self, names, mode):
        os.mkdir(self.path(names), mode)

    def rmdir(self, names):
        os.rmdir(self.path(names))

    def unlink(self, names):
        os.unlink(self.path(names))

    def rename(self, names, others):
        os.rename(self.path(names), self.path(others))

    def link(self, names, others):
        os.link(self.path(names), self.path(others), follow_symlinks=False)

    def symlink(self, target, names):
        os.symlink(target, self.path(names))

    def mkfifo(self, names, mode):
        os.mkfifo(self.path(names), mode)

    def chmod(self, names, mode):
        os.chmod(self.path(names), mode)

    def utime(self, names, time):
        os.utime(self.path(names), ns=(time, time), follow_symlinks=False)

    def setxattr(self, names, name, value):
        os.setxattr(self.path(names), name, value, follow_symlinks=False)

    def removexattr(self, names, name):
        os.removexattr(self.path(names), name, follow_symlinks=False)

    def list(self, names):
        return sorted(os.listdir(self.path(names)))

    def tree(self):
        """Everything there is; times of directories are the clock's, and so are those of what was just written."""
        found = {}
        inodes = {}
        for folder, directories, files in os.walk(self.root):
            for name in directories + files:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self.root)
                status = os.lstat(path)
                what = [stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid]
                what.append({n: os.getxattr(path, n, follow_symlinks=False) for n in os.listxattr(path, follow_symlinks=False) if n.startswith("user.")})
                if stat.S_ISREG(status.st_mode):
                    with open(path, "rb") as file:
                        what += [status.st_size, hash(file.read())]
                if stat.S_ISLNK(status.st_mode):
                    what.append(os.readlink(path))
                if not stat.S_ISDIR(status.st_mode):
                    what.append(status.st_nlink)
                    inodes.setdefault(status.st_ino, []).append(relative)
                if status.st_mtime < 1_000_000_000:
                    what.append(status.st_mtime_ns)
                found[relative] = what
        for names in inodes.values():
            # The first name of each inode stands for it.
            for name in names:
                found[name].append(min(names))
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mounted")
    parser.add_argument("local")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--kill")
    parser.add_argument("--kill-chance", type=float, default=0.003)
    parser.add_argument("--trouble", help="a command that is given a number: something else goes wrong below")
    parser.add_argument("--trouble-chance", type=float, default=0.003)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    sides = [Side(options.mounted), Side(options.local)]
    os.umask(0o022)

    def names():
        return [chance.choice(NAMES[:3]) for _ in range(chance.randrange(3))] + [chance.choice(NAMES)]

    def data():
        size = chance.choice([0, 1, 100, 127, 129, 4095, 4096, 4097, 70_000, 300_000])
        return chance.randbytes(size) if chance.random() < 0.8 else bytes(size)

    def offset():
        return chance.choice([0, 1, 100, 4096, 5000, 65_536, 200_000, 1 << 20])

    def step():
        kind = chance.randrange(100)
        if kind < 14:
            return "create", names(), data(), chance.choice([0o644, 0o600, 0o755])
        if kind < 26:
            return "write", names(), offset(), data()
        if kind < 30:
            return "append", names(), data()
        if kind < 42:
            return "read", names(), offset(), chance.choice([1, 100, 4096, 100_000])
        if kind < 46:
            return "truncate", names(), chance.choice([0, 1, 128, 5000, 100_000, 500_000])
        if kind < 49:
            return "overwrite", names(), data()
        if kind < 52:
            return "hold", chance.randrange(4), names()
        if kind < 57:
            return "held", chance.randrange(4), offset(), data(), chance.choice([10, 5000, 200_000])
        if kind < 58:
            return "letgo", chance.randrange(4)
        if kind < 66:
            return "mkdir", names(), chance.choice([0o755, 0o700, 0o2755])
        if kind < 69:
            return "rmdir", names()
        if kind < 74:
            return "unlink", names()
        if kind < 82:
            return "rename", names(), names()
        if kind < 86:
            return "link", names(), names()
        if kind < 88:
            return "symlink", chance.choice(["a", "nowhere", "x" * 200]), names()
        if kind < 89:
            return "mkfifo", names(), 0o644
        if kind < 92:
            return "chmod", names(), chance.choice([0o644, 0o600, 0o777, 0o4755])
        if kind < 94:
            return "utime", names(), chance.randrange(10**17)
        if kind < 96:
            return "setxattr", names(), chance.choice(["user.a", "user.b"]), chance.randbytes(chance.choice([0, 5, 2000]))
        if kind < 97:
            return "removexattr", names(), "user.a"
        return "list", names()[:-1]

    def compare(when):
        mounted, local = [side.tree() for side in sides]
        if mounted == local:
            return
        for name in sorted(set(mounted) | set(local)):
            if mounted.get(name) != local.get(name):
                print(f"{when}: {name!r}: {mounted.get(name)} in the drive, {local.get(name)} here", file=sys.stderr)
        sys.exit(1)

    for number in range(options.steps):
        operation = step()
        # A fifo would be waited for.
        if operation[0] in ("write", "append", "read", "overwrite", "hold"):
            path = sides[1].path(operation[2] if operation[0] == "hold" else operation[1])
            if os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode):
                continue
        mounted, local = [side.do(*operation) for side in sides]
        if mounted != local:
            def short(value):
                text = repr(value)
                return text if len(text) < 200 else text[:200] + f"… ({len(text)})"
            print(f"seed {options.seed}, step {number}, {short(operation)}:\n  {short(mounted)} in the drive\n  {short(local)} here", file=sys.stderr)
            sys.exit(1)
        if options.kill and chance.random() < options.kill_chance:
            for side in sides:
                for slot in list(side.open):
                    side.letgo(slot)
            subprocess.run(options.kill, shell=True, check=True)
            compare(f"after the kill at step {number}")
        if options.trouble and chance.random() < options.trouble_chance:
            subprocess.run(f"{options.trouble} {chance.randrange(1 << 20)}", shell=True, check=True)
        if number % 500 == 499:
            compare(f"at step {number}")
    compare("at the end")


main()
