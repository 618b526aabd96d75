#!/usr/bin/env python3
"""A user's line between a program and servers on this machine, for kernels that cannot delay packets themselves (netem).

A second network namespace has a proxy at the same addresses as the servers; a program that is started in there reaches them as
over a line of 50 Mbit/s each way, 50 ms from every one of them. The line is shared, chunk by chunk, the connections in turn, so
that it is as fair as routers with good queues are. A new connection costs a round trip more, as TCP's does; that TCP begins slowly
is left out.

    Examples/Benchmarks/slow_network.py         checks itself and says what it measures (only as root)
"""

import asyncio
import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

RATE = 50e6 / 8
ROUND_TRIP = 0.05
DELAY = ROUND_TRIP / 2
CHUNK = 16 << 10
#: What a connection has on its way: what the line carries in a round trip.
WINDOW = round(RATE * ROUND_TRIP / CHUNK)
#: A timer may be late by so much without the line losing its rate; what was free for longer had nothing to carry.
SLACK = 0.01

NEW_NETWORK = 0x40000000


def new_network():
    """A network namespace for this thread, its loopback interface up; false where that is not allowed."""
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK) != 0:
        return False
    with socket.socket() as any_socket:  # SIOCSIFFLAGS, IFF_UP
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
    return True


def enter(descriptor):
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class SlowNetwork:
    """A namespace from which these ports of 127.0.0.1 are far away, and nothing else is there.

    A socket stays in the namespace in which it was made. So the listening ones are made in there, and the proxy, which they are
    handed to, connects from here. It writes what was asked and answered into the file that is named by WIRE_LOG, a line each.
    """

    def __init__(self, ports):
        """Raises PermissionError where there is to be no other namespace."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if not new_network():
            raise PermissionError("only root gets a network namespace")
        try:
            self.descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            listeners = {port: socket.create_server(("127.0.0.1", port), backlog=256) for port in ports}
        finally:
            enter(here)
            os.close(here)
        self.process = subprocess.Popen(
            [sys.executable, __file__, *(f"{port}:{s.fileno()}" for port, s in listeners.items())],
            pass_fds=[s.fileno() for s in listeners.values()])
        for listener in listeners.values():
            listener.close()

    def enter(self):
        """For a process that has just been forked, or a thread of its own."""
        enter(self.descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        os.close(self.descriptor)


# The proxy: everything below runs in a process of its own.


class Line:
    """One direction of it."""

    def __init__(self):
        self.free, self.turn = 0.0, asyncio.Lock()

    async def carry(self, count):
        """Returns the time at which the last of these bytes has left. Whoever waits longest comes next."""
        async with self.turn:
            now = time.monotonic()
            self.free = (self.free if now < self.free + SLACK else now) + count / RATE
            await asyncio.sleep(self.free - now)
            return max(self.free, now)


class Exchanges:
    """Writes down each request of a connection, when its answer began and ended, and how long that was."""

    def __init__(self, file, connection):
        self.file, self.now, self.connection = file, None, connection

    def sent(self, data):
        if not self.file or not re.match(rb"(GET|PUT|POST|HEAD) ", data):
            return
        self.end()
        head = data.split(b"\r\n\r\n")[0].decode(errors="replace")
        fields = dict(re.findall(r"(?m)^(Range|Fragment): (.*?)\r?$", head))
        method = re.search(r'"method":"(\w+)"', data.decode(errors="replace"))
        self.now = {
            **self.connection, "asked": time.monotonic(), "request": head.split(" HTTP/")[0],
            "what": method[1] if method else f"{fields.get('Fragment', '')[:8]} {fields.get('Range', '')}",
            "first": None, "last": None, "bytes": 0}

    def received(self, data):
        if self.now:
            self.now["first"] = self.now["first"] or time.monotonic()
            self.now["last"] = time.monotonic()
            self.now["bytes"] += len(data)

    def end(self):
        if self.now:
            self.file.write(json.dumps(self.now) + "\n")
        self.now = None


async def pipe(source, target, line, opened=0.0, seen=lambda _: None, delivered=lambda _: None):
    """Carries bytes until the source ends, and its end; what the target does not take any more has been on its way all the same."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue(WINDOW)

    async def deliver():
        target_is_open = True
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - time.monotonic())
            if not data:
                return
            try:
                if target_is_open:
                    await loop.sock_sendall(target, data)
                    delivered(data)
            except OSError:
                target_is_open = False

    async def receive():
        try:
            return await loop.sock_recv(source, CHUNK)
        except OSError:
            return b""

    delivering = asyncio.create_task(deliver())
    try:
        data = b"more"
        while data:
            data = await receive()
            seen(data)
            left = max(await line.carry(len(data)), opened)
            await waiting.put((left + DELAY, data))
        await delivering
    finally:
        delivering.cancel()


async def connection(client, port, up, down, exchanges):
    opened = time.monotonic() + ROUND_TRIP
    server = socket.socket()
    for end in (client, server):
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pipes = []
    try:
        await asyncio.get_running_loop().sock_connect(server, ("127.0.0.1", port))
        pipes = [
            asyncio.create_task(pipe(client, server, up, opened, seen=exchanges.sent)),
            asyncio.create_task(pipe(server, client, down, delivered=exchanges.received))]
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
    except OSError:
        pass  # a server that does not run refuses: the client sees its connection end
    finally:
        for task in pipes:
            task.cancel()
        exchanges.end()
        client.close()
        server.close()


async def serve(listeners, log):
    up, down = Line(), Line()
    tasks, count = set(), 0

    async def accept(port, listener):
        nonlocal count
        listener.setblocking(False)
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            count += 1
            exchanges = Exchanges(log, {"port": port, "connection": count, "opened": time.monotonic()})
            task = asyncio.create_task(connection(client, port, up, down, exchanges))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    await asyncio.gather(*(accept(*one) for one in listeners.items()))


# What it is like, measured from outside.


def check():
    """A server that answers a count, sixteen bytes, with that many bytes, having taken as many where it is negative."""
    size = 12 << 20

    def answer(peer):
        with peer:
            while request := peer.recv(16, socket.MSG_WAITALL):
                count = int(request)
                peer.recv(max(0, -count), socket.MSG_WAITALL)
                peer.sendall(bytes(max(1, count)))

    def listen(server):
        while True:
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    threading.Thread(target=listen, args=(server,), daemon=True).start()

    def ask(peer, count):
        start = time.monotonic()
        peer.sendall(b"%16d" % count + bytes(max(0, -count)))
        left = max(1, count)
        while left > 0:
            left -= len(peer.recv(min(left, 1 << 20)))
        return time.monotonic() - start

    def connected(count):
        start = time.monotonic()
        peer = socket.create_connection(("127.0.0.1", port))
        ask(peer, count)
        return peer, time.monotonic() - start

    def together(counts, pause=0):
        peers = [connected(1)[0] for _ in counts]
        times = [None] * len(peers)
        threads = [
            threading.Thread(target=lambda n=n: times.__setitem__(n, ask(peers[n], counts[n]))) for n in range(len(peers))]
        start = time.monotonic()
        for thread in threads:
            thread.start()
            time.sleep(pause)
        for thread in threads:
            thread.join()
        return time.monotonic() - start, times

    def measure():
        network.enter()
        connected(1)  # Python has started then
        peer, new = connected(1)
        kept = sorted(ask(peer, 1) for _ in range(20))
        print(f"a byte: {new * 1000:.1f} ms by a new connection, then {kept[10] * 1000:.1f} ms ({kept[-1] * 1000:.1f} at worst)")
        print(f"one connection, down: {size * 8e-6 / ask(peer, size):.1f} Mbit/s, up: {size * 8e-6 / ask(peer, -size):.1f} Mbit/s")
        wall, times = together([size // 4] * 4)
        print(f"four of them, down: {size * 8e-6 / wall:.1f} Mbit/s, done after {min(times):.2f} to {max(times):.2f} s")
        wall, times = together([size, 65536], pause=0.5)
        print(f"64 KiB beside another connection: {times[1] * 1000:.0f} ms, alone: {ask(peer, 65536) * 1000:.0f} ms")

    with SlowNetwork([port]) as network:
        thread = threading.Thread(target=measure)
        thread.start()
        thread.join()


def main(*listeners):
    pairs = (map(int, one.split(":")) for one in listeners)
    log = os.environ.get("WIRE_LOG")
    file = open(log, "w", buffering=1) if log else None
    asyncio.run(serve({port: socket.socket(fileno=fd) for port, fd in pairs}, file))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 1 else check())
