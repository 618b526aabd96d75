"""Rows of mounted file systems: a drive beside libfuse's bare passthrough_ll and gocryptfs, on the same disk in the same run.

"Warm" is what the mount has on this machine, read after it was mounted anew, so that the kernel has nothing of it; "cold" is what has
to come from the local network, read by a mount whose cache is empty. A film is played by a mount that is far from all servers.
"""

import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from slow_network import SlowNetwork

GIB = 1 << 30
BLOCK = 1 << 20
PASSTHROUGH = "/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c"


class FileSystem:
    """One that is mounted, by a process of its own."""

    def __init__(self, bench, name):
        self.bench, self.name = bench, name
        self.place, self.process = bench.box / f"{name}-mount", None
        self.place.mkdir(exist_ok=True)

    def wait(self):
        for _ in range(600):
            if os.path.ismount(self.place):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"{self.name} was not mounted")

    def unmount(self):
        subprocess.run(["umount", self.place], check=True)
        self.process.wait()

    def anew(self):
        self.unmount()
        self.mount()

    def usage(self):
        """CPU seconds and resident MiB of the process that serves it."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return cpu, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / BLOCK


class Passthrough(FileSystem):
    def __init__(self, bench):
        super().__init__(bench, "passthrough_ll")
        self.program, self.source = bench.box / "passthrough_ll", bench.box / "passthrough-source"
        self.source.mkdir()
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, check=True, text=True).stdout.split()
        subprocess.run(["gcc", "-O2", "-w", PASSTHROUGH, "-o", self.program, *flags], check=True)

    def mount(self):
        # With extended attributes, as the others: `ls -l` asks for them. It keeps every inode open; what it says of its threads on standard error is of no interest.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.process = subprocess.Popen(
            [self.program, "-f", "-o", f"source={self.source},xattr", self.place], stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard)))
        self.wait()


class Gocryptfs(FileSystem):
    def __init__(self, bench):
        super().__init__(bench, "gocryptfs")
        self.source = bench.box / "gocryptfs-source"
        self.source.mkdir()
        self.common = ["gocryptfs", "-q", "-passfile", bench.secret]
        subprocess.run([*self.common, "-init", "-scryptn", "10", self.source], check=True, stdout=subprocess.DEVNULL)

    def mount(self):
        self.process = subprocess.Popen([*self.common, "-fg", self.source, self.place])
        self.wait()


class Drive(FileSystem):
    """Commits only when it is asked to. What it says to others goes by `network`, if there is one."""

    def __init__(self, bench, drive="main", network=None):
        super().__init__(bench, "cessdrive")
        self.drive, self.network, self.cache = drive, network, bench.box / "mount-cache"

    def mount(self):
        self.process = self.bench.popen(
            "mount", "--foreground", "--drive", self.drive, "--commit-interval", "10h", "--commit-size", "100G",
            "--cache-dir", self.cache, "--cache-free-space", "100M", self.place,
            preexec_fn=self.network.enter if self.network else None)
        self.wait()

    def flush(self):
        self.bench.run("flush", self.place)

    def unmount(self):
        subprocess.run(["umount", self.place], check=True)
        self.process.wait()

    def empty(self):
        """Mounts it with nothing in its cache."""
        self.unmount()
        shutil.rmtree(self.cache)
        self.mount()


def rate(count, seconds):
    return f"{count / seconds / 1e6:.0f} MB/s"


def timed(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start


def write_file(path, size):
    data = os.urandom(BLOCK)
    with open(path, "wb", buffering=0) as file:
        for _ in range(size // BLOCK):
            file.write(data)
            data = data[4096:] + data[:4096]
        os.fsync(file.fileno())


def read_file(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(BLOCK):
            pass


def random_reads(path, jobs, seconds):
    """4 KiB at random, past the kernel's pages; how many a second."""
    output = subprocess.run(
        ["fio", "--name=reads", f"--filename={path}", "--rw=randread", "--bs=4k", "--direct=1", "--ioengine=psync",
         f"--numjobs={jobs}", f"--runtime={seconds}", "--time_based", "--readonly", "--group_reporting",
         "--output-format=json"], capture_output=True, check=True, text=True).stdout
    return json.loads(output[output.index("{"):])["jobs"][0]["read"]["iops"]


def median(samples):
    return statistics.median(samples)


def file_rows(bench, system, size, label):
    """A large file; of the drive it stays there as `big-0`."""
    written, used = [], []
    for number in range(bench.runs):
        before = system.usage()[0]
        written.append(timed(lambda: write_file(system.place / f"big-{number}", size)))
        used.append(system.usage()[0] - before)
        if number:
            (system.place / f"big-{number}").unlink()
    seconds = median(written)
    bench.add(f"{system.name}: write {label} and fsync", seconds, median(used), system.usage()[1], rate(size, seconds))
    read = []
    for _ in range(bench.runs):
        system.anew()
        read.append(timed(lambda: read_file(system.place / "big-0")))
    bench.add(f"{system.name}: read {label}, warm", median(read), *system.usage(), rate(size, median(read)))
    system.anew()
    for jobs in (1, 4):
        count = random_reads(system.place / "big-0", jobs, 5)
        bench.add(f"{system.name}: 4 KiB at random, {jobs} at once, warm", 1 / count, note=f"{count:.0f} a second")


def tree_rows(bench, system, tree, files):
    copied, first, again, read = [], [], [], []
    for number in range(bench.runs):
        target = system.place / f"tree-{number}"
        system.anew()
        copied.append(timed(lambda: subprocess.run(["cp", "-r", tree, target], check=True)))
        system.anew()
        listing = ["ls", "-lR", target]
        for samples in (first, again):
            samples.append(timed(lambda: subprocess.run(listing, check=True, stdout=subprocess.DEVNULL)))
        system.anew()
        read.append(timed(lambda: read_tree(target)))
    for name, samples in (("cp -r of a tree of {} files", copied), ("ls -lR of it, first", first),
                          ("ls -lR of it, again", again), ("read all of it, warm", read)):
        bench.add(f"{system.name}: {name.format(files)}", median(samples))


def read_tree(root):
    for directory, _, names in os.walk(root):
        for name in names:
            read_file(os.path.join(directory, name))


def cold_rows(bench, drive, size, label):
    drive.flush()
    read = []
    for _ in range(bench.runs):
        drive.empty()
        read.append(timed(lambda: read_file(drive.place / "big-0")))
    bench.add(f"cessdrive: read {label}, cold", median(read), *drive.usage(), rate(size, median(read)))
    for jobs in (1, 4):
        drive.empty()
        count = random_reads(drive.place / "big-0", jobs, 5)
        bench.add(f"cessdrive: 4 KiB at random, {jobs} at once, cold", 1 / count, note=f"{count:.0f} a second")


FILM_RATE = 20e6 / 8


class Player:
    """Plays a film as players do: it reads four seconds ahead, and begins to show it when it has half a second."""

    PIECE, FIRST_PIECE = 128 << 10, 64 << 10
    AHEAD, ENOUGH = 4 * FILM_RATE, FILM_RATE / 2

    def __init__(self, path):
        self.file = os.open(path, os.O_RDONLY)
        self.waits = []

    def play(self, offset, seconds):
        """Goes to an offset, and on from there for so long, standing still included.

        Returns the seconds until its first bytes were there, and until it began to show them; those of each time that it stood still
        are in `waits`.
        """
        start = time.monotonic()
        place = offset + len(os.pread(self.file, self.FIRST_PIECE, offset))
        first = time.monotonic() - start
        # What is there and what was shown, in bytes from the offset; the latter as of `now`, once it has begun.
        there, shown, began = place - offset, 0.0, None
        now = time.monotonic()
        while now < start + seconds:
            if there - shown > self.AHEAD:
                time.sleep((there - shown - self.AHEAD) / FILM_RATE)
            count = len(os.pread(self.file, self.PIECE, place))
            before, now = now, time.monotonic()
            if began is not None:
                shown += (now - before) * FILM_RATE
                if shown > there:
                    self.waits.append((shown - there) / FILM_RATE)
                    shown = there
            place, there = place + count, there + count
            if began is None and there >= self.ENOUGH:
                began = now - start
        return first, seconds if began is None else began


def film_rows(bench, quick):
    """From the beginning, then from places of which none has been near what was read before.

    The kernel makes requests of 128 KiB of the player's. Some of the places are left at once, as by somebody who looks for one:
    what was to come of them is then still on its way.
    """
    size, label, places = (GIB // 4, "256 MiB", 6) if quick else (GIB, "1 GiB", 19)
    rows = [f"cessdrive: film of {label}, 50 ms away: {row}" for row in (
        "first byte", "seek", "seek after a second", "until it plays")]
    status = json.loads(bench.run("localnet", "status", "--json")[3])
    servers = [status["rpc"], *(node["url"] for node in status["nodes"])]
    try:
        network = SlowNetwork([urlsplit(url).port for url in servers])
    except PermissionError:
        for row in rows:
            bench.not_run(row)
        return
    chance = random.Random(20)
    starts = [number * (size // places) + chance.randrange(4 * BLOCK) for number in range(1, places)]
    chance.shuffle(starts)
    stays, glances = starts[:len(starts) * 2 // 3], starts[len(starts) * 2 // 3:]
    with network:
        source = bench.box / "film"
        with open(source, "wb") as file:
            for _ in range(size // BLOCK):
                file.write(os.urandom(BLOCK))
        bench.run("put", source, "/film")
        source.unlink()
        drive = Drive(bench, network=network)
        shutil.rmtree(drive.cache, ignore_errors=True)
        drive.mount()
        try:
            player = Player(drive.place / "film")
            played = [player.play(start, 8) for start in [0, *stays]]
            waits = list(player.waits)
            # The first one comes after a long stay.
            sought = [player.play(start, 1)[0] for start in glances][1:]
            os.close(player.file)
        finally:
            # Also where it has failed: a mount that is left keeps the directory from going.
            subprocess.run(["umount", "-l", drive.place], check=False)
            drive.process.wait()
    first, began = zip(*played)
    bench.add(rows[0], first[0])
    for row, samples in ((rows[1], first[1:]), (rows[2], sought)):
        bench.add(row, median(samples), note=f"first byte; worst of {len(samples)}: {max(samples):.2f} s")
    bench.add(rows[3], median(began), note=f"at 20 of 50 Mbit/s; then it stood still {len(waits)} times, {sum(waits):.2f} s "
              f"of {8 * len(played)} s")


def million_rows(bench, drive):
    """The drive of a million files that other rows have made."""
    system = Drive(bench, drive)

    def mount_and_list():
        system.mount()
        os.listdir(system.place / "tree")

    new, warm = [], []
    for _ in range(bench.runs):
        new.append(timed(mount_and_list))
        system.unmount()
        warm.append(timed(mount_and_list))
        system.unmount()
        shutil.rmtree(system.cache)
    bench.add("cessdrive: mount of a million files to the first ls, cold", median(new))
    bench.add("cessdrive: mount of a million files to the first ls, warm", median(warm))
    system.mount()
    walk = ["find", system.place, "-size", "+1G"]
    bench.add("cessdrive: find through a million files", timed(lambda: subprocess.run(walk, check=True)), *system.usage())
    system.unmount()


def mount_rows(bench, quick, write_tree):
    size, label = (GIB // 8, "128 MiB") if quick else (GIB, "1 GiB")
    files, total = (1_000, 20_000_000) if quick else (10_000, 200_000_000)
    tree = bench.box / "mount-tree"
    write_tree(tree, files, total, seed=77)
    for system in (Passthrough(bench), Gocryptfs(bench), Drive(bench)):
        system.mount()
        try:
            file_rows(bench, system, size, label)
            tree_rows(bench, system, tree, files)
            if system.name == "cessdrive":
                cold_rows(bench, system, size, label)
        finally:
            # Also where a row has failed: a mount that is left keeps the directory from going.
            subprocess.run(["umount", "-l", system.place], check=False)
        system.process.wait()
        if system.name != "cessdrive":
            shutil.rmtree(system.source)
    shutil.rmtree(tree)
