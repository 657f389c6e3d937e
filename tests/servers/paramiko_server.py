"""An SSH server by paramiko, without SFTP."""

import logging
import socket
import threading

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import options


class Account(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        # Read anew, as sshd does: keys may be authorized while the server runs.
        with open(OPTIONS.authorized_keys, encoding="ascii") as file:
            allowed = {line.split()[1] for line in file if not line.startswith(("#", "cert-authority"))}
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() in allowed else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        if kind == "session":
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=run, args=(channel, command.decode()), daemon=True).start()
        return True


def run(channel, command):
    child = options.shell(command, OPTIONS.home)
    threading.Thread(target=copy_input, args=(channel, child), daemon=True).start()
    errors = threading.Thread(target=copy, args=(child.stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    copy(child.stdout, channel.sendall)
    errors.join()
    code = child.wait()
    if code < 0:
        # paramiko has no way to tell of a signal; shells tell it so.
        code = 128 - code
    channel.send_exit_status(code)
    channel.close()


def copy(source, send):
    try:
        while data := source.read(32768):
            send(data)
    except OSError:
        pass


def copy_input(channel, child):
    try:
        while data := channel.recv(32768):
            child.stdin.write(data)
        child.stdin.close()
    except OSError:
        pass
    # An end of input is also what remains of a channel that is closed.
    if channel.closed:
        options.end(child)


def handle(connection):
    transport = paramiko.Transport(connection)
    for key in KEYS:
        transport.add_server_key(key)
    try:
        transport.start_server(server=Account())
    except (paramiko.SSHException, EOFError) as error:
        logging.info("no session: %s", error)


def load(path):
    """paramiko itself misreads a key that has neither a comment nor padding."""
    with open(path, "rb") as file:
        key = serialization.load_ssh_private_key(file.read(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, rsa.RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    return paramiko.Ed25519Key(filename=path)


OPTIONS = options.parse()
KEYS = [load(path) for path in OPTIONS.host_key]
logging.basicConfig(level=logging.DEBUG, format="%(message)s")
with socket.create_server((OPTIONS.address, OPTIONS.port), backlog=64) as listener:
    logging.info("listening")
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=handle, args=(accepted,), daemon=True).start()
