#!/usr/bin/env python3
"""Starts a mount as a service manager does, and prints what it is told, each thing once: service.py MOUNTPOINT COMMAND..."""
import os
import signal
import socket
import subprocess
import sys
import tempfile

mount_point, command = sys.argv[1], sys.argv[2:]
with tempfile.TemporaryDirectory() as directory:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(directory + "/notify")
    listener.settimeout(60)
    environment = dict(os.environ, NOTIFY_SOCKET=directory + "/notify", WATCHDOG_USEC="2000000")
    process = subprocess.Popen(command, env=environment)
    told = []
    while True:
        for line in listener.recv(4096).decode().splitlines():
            if "=1" in line and line not in told:
                told.append(line)
        if told == ["READY=1"]:
            assert os.path.ismount(mount_point)
        if told == ["READY=1", "WATCHDOG=1"] and process.poll() is None:
            with open(mount_point + "/service", "w") as file:
                file.write("written")
            process.send_signal(signal.SIGTERM)
        if "STOPPING=1" in told:
            break
    process.wait(timeout=120)
    assert process.returncode in (0, 143), process.returncode
    print(*told)
