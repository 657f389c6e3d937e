"""An SSH server by libssh, without SFTP, one process for each connection.

libssh brings no server program, only the library; this is the smallest one around it that runs several commands at once.
"""

import ctypes
import logging
import os
import select
import signal
import socket
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_int, c_size_t, c_uint32, c_void_p

import options

# libssh/server.h, libssh/libssh.h
BIND_HOSTKEY = 3
BIND_PROCESS_CONFIG = 19
AUTH_METHOD_PUBLICKEY = 4
AUTH_SUCCESS, AUTH_DENIED = 0, 1
STATE_NONE, STATE_VALID = 0, 1
CLOSED = 0x01 | 0x04
LOG_PROTOCOL = 2
WAKE_MILLISECONDS = 1000

libssh = ctypes.CDLL("libssh.so.4")


def function(name, result, *arguments):
    found = getattr(libssh, name)
    found.restype, found.argtypes = result, arguments
    return found


set_log_level = function("ssh_set_log_level", c_int, c_int)
bind_new = function("ssh_bind_new", c_void_p)
bind_options_set = function("ssh_bind_options_set", c_int, c_void_p, c_int, c_void_p)
bind_accept_fd = function("ssh_bind_accept_fd", c_int, c_void_p, c_void_p, c_int)
session_new = function("ssh_new", c_void_p)
session_error = function("ssh_get_error", c_char_p, c_void_p)
session_status = function("ssh_get_status", c_int, c_void_p)
set_auth_methods = function("ssh_set_auth_methods", None, c_void_p, c_int)
handle_key_exchange = function("ssh_handle_key_exchange", c_int, c_void_p)
key_type_from_name = function("ssh_key_type_from_name", c_int, c_char_p)
import_public_key = function("ssh_pki_import_pubkey_base64", c_int, c_char_p, c_int, POINTER(c_void_p))
key_cmp = function("ssh_key_cmp", c_int, c_void_p, c_void_p, c_int)
event_new = function("ssh_event_new", c_void_p)
event_add_session = function("ssh_event_add_session", c_int, c_void_p, c_void_p)
event_remove_fd = function("ssh_event_remove_fd", c_int, c_void_p, c_int)
event_dopoll = function("ssh_event_dopoll", c_int, c_void_p, c_int)
channel_new = function("ssh_channel_new", c_void_p, c_void_p)
channel_write = function("ssh_channel_write", c_int, c_void_p, c_char_p, c_uint32)
channel_write_stderr = function("ssh_channel_write_stderr", c_int, c_void_p, c_char_p, c_uint32)
channel_window_size = function("ssh_channel_window_size", c_uint32, c_void_p)
channel_send_exit_status = function("ssh_channel_request_send_exit_status", c_int, c_void_p, c_int)
channel_send_exit_signal = function(
    "ssh_channel_request_send_exit_signal", c_int, c_void_p, c_char_p, c_int, c_char_p, c_char_p
)
channel_send_eof = function("ssh_channel_send_eof", c_int, c_void_p)
channel_close = function("ssh_channel_close", c_int, c_void_p)

EVENT = CFUNCTYPE(c_int, c_int, c_int, c_void_p)
AUTH_PUBKEY = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p, c_char, c_void_p)
OPEN_SESSION = CFUNCTYPE(c_void_p, c_void_p, c_void_p)
DATA = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_uint32, c_int, c_void_p)
GONE = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
SIGNAL = CFUNCTYPE(None, c_void_p, c_void_p, c_char_p, c_void_p)
EXEC = CFUNCTYPE(c_int, c_void_p, c_void_p, c_char_p, c_void_p)

event_add_fd = function("ssh_event_add_fd", c_int, c_void_p, c_int, ctypes.c_short, EVENT, c_void_p)


class ServerCallbacks(Structure):
    """struct ssh_server_callbacks_struct"""

    _fields_ = [
        ("size", c_size_t),
        ("userdata", c_void_p),
        ("auth_password", c_void_p),
        ("auth_none", c_void_p),
        ("auth_gssapi_mic", c_void_p),
        ("auth_pubkey", AUTH_PUBKEY),
        ("service_request", c_void_p),
        ("channel_open_session", OPEN_SESSION),
        ("gssapi_select_oid", c_void_p),
        ("gssapi_accept_sec_ctx", c_void_p),
        ("gssapi_verify_mic", c_void_p),
    ]


class ChannelCallbacks(Structure):
    """struct ssh_channel_callbacks_struct"""

    _fields_ = [
        ("size", c_size_t),
        ("userdata", c_void_p),
        ("data", DATA),
        ("eof", GONE),
        ("close", GONE),
        ("signal", SIGNAL),
        ("exit_status", c_void_p),
        ("exit_signal", c_void_p),
        ("pty_request", c_void_p),
        ("shell_request", c_void_p),
        ("auth_agent_req", c_void_p),
        ("x11_req", c_void_p),
        ("pty_window_change", c_void_p),
        ("exec_request", EXEC),
        ("env_request", c_void_p),
        ("subsystem_request", c_void_p),
        ("write_wontblock", c_void_p),
    ]


set_server_callbacks = function("ssh_set_server_callbacks", c_int, c_void_p, POINTER(ServerCallbacks))
set_channel_callbacks = function("ssh_set_channel_callbacks", c_int, c_void_p, POINTER(ChannelCallbacks))


@EVENT
def wake(_fd, _revents, _data):
    """Output of a command ends the poll; it is passed on outside of libssh's callbacks."""
    return 0


class Channel:
    """A session channel and the command in it."""

    def __init__(self, connection):
        self.connection = connection
        self.child = None
        self.outputs = {}
        self.pointer = channel_new(connection.session)
        # They have to live as long as the channel.
        self.callbacks = ChannelCallbacks(
            size=ctypes.sizeof(ChannelCallbacks),
            data=DATA(self.on_data),
            eof=GONE(self.on_eof),
            close=GONE(self.on_close),
            signal=SIGNAL(self.on_signal),
            exec_request=EXEC(self.on_exec),
        )
        set_channel_callbacks(self.pointer, ctypes.byref(self.callbacks))

    def on_exec(self, _session, _channel, command, _data):
        self.child = options.shell(command.decode(), OPTIONS.home)
        self.outputs = {self.child.stdout: channel_write, self.child.stderr: channel_write_stderr}
        for output in self.outputs:
            event_add_fd(self.connection.event, output.fileno(), select.POLLIN, wake, None)
        return 0

    def on_data(self, _session, _channel, data, length, _is_stderr, _data):
        # Clients that do not wait for answers also speak to a subsystem that is refused, or to a command that is gone.
        if self.child:
            try:
                self.child.stdin.write(ctypes.string_at(data, length))
            except (OSError, ValueError):
                pass
        return length

    def on_eof(self, _session, _channel, _data):
        if self.child:
            self.child.stdin.close()

    def on_signal(self, _session, _channel, name, _data):
        if self.child:
            options.end(self.child, getattr(signal, "SIG" + name.decode()))

    def on_close(self, _session, _channel, _data):
        self.forget()

    def pump(self):
        """Passes on what the command says, as far as the window goes, and its end."""
        if not self.child:
            return
        for output, write in list(self.outputs.items()):
            while (room := channel_window_size(self.pointer)) and select.select([output], [], [], 0)[0]:
                data = os.read(output.fileno(), min(room, 32768))
                if not data:
                    event_remove_fd(self.connection.event, output.fileno())
                    del self.outputs[output]
                    break
                write(self.pointer, data, len(data))
        if not self.outputs:
            self.tell_end(self.child.wait())
            self.forget()

    def tell_end(self, code):
        channel_send_eof(self.pointer)
        if code < 0:
            name = signal.Signals(-code).name.removeprefix("SIG").encode()
            channel_send_exit_signal(self.pointer, name, 0, b"", b"")
        else:
            channel_send_exit_status(self.pointer, code)
        channel_close(self.pointer)

    def forget(self):
        if self.child:
            for output in self.outputs:
                event_remove_fd(self.connection.event, output.fileno())
            options.end(self.child)
            self.child.wait()
            self.child = None


class Connection:
    def __init__(self, accepted):
        self.channels = []
        self.event = event_new()
        self.session = session_new()
        if bind_accept_fd(bind(), self.session, accepted.detach()) != 0:
            sys.exit("cannot accept")
        self.callbacks = ServerCallbacks(
            size=ctypes.sizeof(ServerCallbacks),
            auth_pubkey=AUTH_PUBKEY(self.on_public_key),
            channel_open_session=OPEN_SESSION(self.on_open),
        )

    def serve(self):
        set_auth_methods(self.session, AUTH_METHOD_PUBLICKEY)
        set_server_callbacks(self.session, ctypes.byref(self.callbacks))
        if handle_key_exchange(self.session) != 0:
            sys.exit(f"no session: {session_error(self.session)}")
        event_add_session(self.event, self.session)
        while not session_status(self.session) & CLOSED:
            event_dopoll(self.event, WAKE_MILLISECONDS)
            for channel in self.channels:
                channel.pump()
        for channel in self.channels:
            channel.forget()

    def on_public_key(self, _session, _user, key, state, _data):
        # The state is a signed number in C's `char`.
        is_signed_or_asked = state[0] in (STATE_NONE, STATE_VALID)
        return AUTH_SUCCESS if is_signed_or_asked and is_authorized(key) else AUTH_DENIED

    def on_open(self, _session, _data):
        channel = Channel(self)
        self.channels.append(channel)
        return channel.pointer


def is_authorized(key):
    with open(OPTIONS.authorized_keys, encoding="ascii") as file:
        for line in file:
            name, text = line.encode().split()[:2]
            known = c_void_p()
            if import_public_key(text, key_type_from_name(name), ctypes.byref(known)) == 0 and not key_cmp(key, known, 0):
                return True
    return False


def bind():
    made = bind_new()
    # Nothing of the machine's own configuration.
    bind_options_set(made, BIND_PROCESS_CONFIG, ctypes.byref(ctypes.c_bool(False)))
    for path in OPTIONS.host_key:
        if bind_options_set(made, BIND_HOSTKEY, ctypes.create_string_buffer(path.encode())) != 0:
            sys.exit(f"libssh does not take {path}")
    return made


OPTIONS = options.parse()
logging.basicConfig(level=logging.INFO, format="%(message)s")
set_log_level(LOG_PROTOCOL)
# Ended connections leave no zombies.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with socket.create_server((OPTIONS.address, OPTIONS.port), backlog=64) as listener:
    logging.info("listening")
    while True:
        connected, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            Connection(connected).serve()
            os._exit(0)
        connected.close()
