"""The options that all servers of this folder share, and the commands they run.

A server listens on one address, lets in whoever is in its authorized_keys file, and runs commands in one home
directory as the user it runs as. It says `listening` on standard error when it does, and logs key exchanges there.
"""

import argparse
import os
import signal
import subprocess


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--authorized-keys", required=True)
    parser.add_argument("--host-key", action="append", required=True, help="a private key; `-cert.pub` beside it is used")
    parser.add_argument("--password", help="lets in who knows it, in a dialogue (asyncssh only)")
    return parser.parse_args()


def shell(command, home):
    """Starts a command as sshd would: in the home directory, in a process group of its own."""
    environment = {"HOME": home, "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "USER": "scout", "SHELL": "/bin/sh"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=home,
        env=environment,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        bufsize=0,
        start_new_session=True,
    )


def end(child, number=signal.SIGKILL):
    """Sends a signal to everything a command has started."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass
