"""Kills a process as soon as it has written so many bytes more to a file and pauses, and says how many it were: kill_after_write.py PROCESS FILE BYTES"""
import os
import signal
import sys
import time

process, file, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
start = last = os.stat(file).st_size
while True:
    time.sleep(0.003)
    size = os.stat(file).st_size
    if size == last and size >= start + count:
        break
    last = size
os.kill(process, signal.SIGKILL)
print(size - start)
