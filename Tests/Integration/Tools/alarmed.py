"""Works in a folder while a timer sends a signal every half millisecond, as programs do that show how far they are, and fails where a
call does: alarmed.py FOLDER. The C library's calls, for those of Python try again after EINTR."""
import ctypes
import os
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
folder = os.fsencode(sys.argv[1])
count = 0


def call(name, *arguments):
    global count
    count += 1
    result = getattr(libc, name)(*arguments)
    if result < 0:
        error = ctypes.get_errno()
        sys.exit(f"{name}{arguments}: {os.strerror(error)} at call {count}")
    return result


signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.siginterrupt(signal.SIGALRM, True)
names = sorted(os.listdir(folder))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
buffer = ctypes.create_string_buffer(65536)
for number, name in enumerate(names):
    path = os.path.join(folder, name)
    # What the mount has not looked up yet: each of these is answered later.
    made, moved = folder + b"/made%d" % number, folder + b"/moved%d" % number
    call("mkdir", made, 0o700)
    call("rename", made, moved)
    call("rmdir", moved)
    file = call("open", path, os.O_RDWR)
    call("read", file, buffer, len(buffer))
    call("close", file)
    call("link", path, made)
    call("unlink", made)
signal.setitimer(signal.ITIMER_REAL, 0)
print(count, "calls")
