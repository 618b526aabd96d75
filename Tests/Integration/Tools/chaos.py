#!/usr/bin/env python3
"""Stores files while everything is killed at random, and then looks for each one that was acknowledged.

    chaos.py NET SECONDS [SEED]

The program is `cessdrive` on the path; HOME and XDG_RUNTIME_DIR are the sandbox's; NET is the directory of a local network
that is running; the current directory has a passphrase in `pass`, and the drive's keys are unlocked. Prints the seed, so that a
run can be made again. Ends with 1 if an acknowledged file cannot be read, here or after a recovery in an empty home.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

SIZES = (0, 1, 5_000, 300_000, 3_000_000, 40_000_000)
# Killed, interrupted (before it has begun or later), or for want of a network: what was to be stored may be there or not.
UNDECIDED = (-signal.SIGKILL, -signal.SIGINT, 130, 5)


def cessdrive(*arguments, home=None):
    environment = dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home) if home else None
    return subprocess.run(["cessdrive", *arguments], capture_output=True, env=environment)


def put(name):
    return subprocess.Popen(["cessdrive", "put", "source", name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Chaos:
    def __init__(self, net, chance):
        self.net, self.chance = net, chance
        # Name → what it may hold: the acknowledged content, and whatever was undecided since.
        self.files = {}
        self.mistakes = []
        self.counts = {"puts": 0, "kills": 0}

    def kill(self, part):
        try:
            with open(f"{self.net}/{part}/ready.json") as ready:
                os.kill(json.load(ready)["process"], signal.SIGKILL)
            self.counts["kills"] += 1
        except (OSError, ValueError):
            pass  # it is down already

    def round(self):
        chance = self.chance
        data = chance.randbytes(chance.choice(SIZES))
        with open("source", "wb") as file:
            file.write(data)
        name = f"/file{chance.randint(1, 25)}"
        process = put(name)
        self.counts["puts"] += 1
        act, delay = chance.random(), chance.uniform(0, 2.5)
        if act < 0.5:
            time.sleep(delay)
            process.kill()
            self.counts["kills"] += 1
        elif act < 0.6:
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
        elif act < 0.72:
            time.sleep(delay)
            for node in chance.sample(range(1, 13), 3):
                self.kill(f"nodes/{node}")
            if chance.random() < 0.5:
                self.kill("chain")
            cessdrive("localnet", "start")
        elif act < 0.8:
            self.settle(name + "-too", put(name + "-too"), data)
        self.settle(name, process, data)

    def settle(self, name, process, data):
        error = process.communicate()[1].decode(errors="replace")
        if process.returncode == 0:
            self.files[name] = {digest(data)}
        elif process.returncode in UNDECIDED:
            if name in self.files:
                self.files[name].add(digest(data))
        else:
            self.mistakes.append(f"put {name} ended with {process.returncode}: {error}")

    def check(self, *options, home=None):
        for name, contents in self.files.items():
            read = cessdrive("cat", name, *options, home=home)
            if read.returncode != 0 or digest(read.stdout) not in contents:
                self.mistakes.append(f"lost {name}: {read.returncode} {read.stderr.decode(errors='replace')}")


def main():
    net, seconds = sys.argv[1], float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chaos = Chaos(net, random.Random(seed))
    end = time.monotonic() + seconds
    while time.monotonic() < end and not chaos.mistakes:
        chaos.round()
    cessdrive("localnet", "start")
    final = cessdrive("put", "pass", "/final")
    if final.returncode != 0:
        chaos.mistakes.append(f"the last put ended with {final.returncode}: {final.stderr.decode(errors='replace')}")
    chaos.check()

    home = os.path.abspath("chaos-home")
    os.makedirs(home, mode=0o700, exist_ok=True)
    with open("chaos-phrase", "wb") as file:
        file.write(cessdrive("key", "export", "--phrase", "--no-input", "--passphrase-file", "pass").stdout)
    with open(os.environ["XDG_RUNTIME_DIR"] + "/cessdrive/localnet.json") as record:
        network = json.load(record)
    recovered = cessdrive(
        "recover", "--network", network["rpc"], "--genesis", network["genesis"], "--passphrase-file",
        os.path.abspath("pass"), "--phrase-file", "chaos-phrase", "--no-input", home=home)
    if recovered.returncode != 0:
        chaos.mistakes.append(f"recover ended with {recovered.returncode}: {recovered.stderr.decode()}")
    else:
        chaos.check("--passphrase-file", os.path.abspath("pass"), home=home)
    print(", ".join(f"{count} {what}" for what, count in chaos.counts.items()), f"{len(chaos.files)} files acknowledged")
    print("\n".join(chaos.mistakes))
    sys.exit(1 if chaos.mistakes else 0)


main()
