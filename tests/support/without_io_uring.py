"""Runs a command with io_uring refused by the kernel, as container runtimes do: without_io_uring.py COMMAND...

With no command: exits with 0 when the kernel offers io_uring here, 1 when it refuses.
"""

import ctypes
import errno
import os
import struct
import sys

IO_URING_SETUP = 425  # the same number on every architecture
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
BPF_LD_W_ABS, BPF_JEQ, BPF_RET = 0x20, 0x15, 0x06
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000

libc = ctypes.CDLL(None, use_errno=True)


def io_uring_is_offered():
    # No entries and no parameters: refused as such (EPERM, ENOSYS) or for its arguments.
    libc.syscall(IO_URING_SETUP, 0, None)
    return ctypes.get_errno() not in (errno.EPERM, errno.EACCES, errno.ENOSYS)


def refuse_io_uring():
    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (BPF_LD_W_ABS, 0, 0, 0),  # the system call's number
            (BPF_JEQ, 0, 1, IO_URING_SETUP),
            (BPF_RET, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM),
            (BPF_RET, 0, 0, SECCOMP_RET_ALLOW),
        )
    )
    text = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(text)))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0):
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")


if len(sys.argv) == 1:
    sys.exit(0 if io_uring_is_offered() else 1)
refuse_io_uring()
os.execvp(sys.argv[1], sys.argv[1:])
