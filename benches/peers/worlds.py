"""The hosts that peers are measured with: real sshd, and servers that do not fork.

Every host has its own loopback address. A world is a home directory with an SSH configuration, known_hosts and a key,
and `site.json`, which tells drivers the same.
"""

import contextlib
import glob
import json
import os
import pwd
import re
import socket
import subprocess
import time
from pathlib import Path

from process import PeerFailed, identities, kill

#: One for the first answer, then 1, 10 and 100 that nobody has met.
HOSTS, MANY = 112, 100
#: As many daemons as keep 100 logins at once below the stock MaxStartups (10:30:100) of each: hosts are machines of
#: their own, with limits of their own.
DAEMONS = 12
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


#: How much of the last line of a file is looked for in an answer.
PROOF_BYTES = 16


def text(size):
    """So many bytes of lines, the last of which says so."""
    end = b"\nthe end of %d bytes\n" % size
    line = b"All work and no play makes a file that everybody reads and nobody looks at.\n"
    return (line * (size // len(line) + 1))[: size - len(end)] + end


class World:
    def __init__(self, folder):
        self.home = Path(folder)
        for name in (".ssh", "control"):
            (self.home / name).mkdir(parents=True, mode=0o700)
        self.site = self.home / "site.json"
        self.children = []

    def env(self):
        """Nothing of whoever runs this reaches a peer but the path of programs."""
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def proof(self, path):
        """What stands in a right answer, and how long that is at least."""
        content = self.files[path]
        return content.splitlines()[-1][-PROOF_BYTES:], len(content)

    def describe(self, user, key, known_hosts, hosts, small, large):
        """Writes what peers are told; `small` and `large` are paths and contents."""
        self.hosts, self.files = hosts, dict([small, large])
        (self.small, small), (self.large, large) = small, large
        (self.home / ".ssh/known_hosts").write_text(known_hosts)
        self.user, self.key = user, str(key)
        shared = f"User {user}\n    IdentityFile {key}\n    IdentitiesOnly yes\n"
        (self.home / ".ssh/config").write_text(
            "".join(
                f"Host {host['name']}\n    HostName {host['ip']}\n    Port {host['port']}\n    {shared}"
                # `ssh` itself asks the account's home directory, not HOME.
                f"    UserKnownHostsFile {self.home}/.ssh/known_hosts\n"
                for host in self.hosts
            )
        )
        site = {
            "user": user,
            "key": self.key,
            "known_hosts": str(self.home / ".ssh/known_hosts"),
            "hosts": self.hosts,
            "execs": self.execs,
            "small": self.small,
            "large": self.large,
            "bytes": {"small": len(small), "large": len(large)},
        }
        self.site.write_text(json.dumps(site))

    def start(self, command, env, log):
        with open(log, "ab") as output:
            child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.children.append(child)

    def end(self):
        families = [identities(child.pid) for child in self.children]
        for child, family in zip(self.children, families):
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(2)
            kill(family)
            child.wait()


class Sshd(World):
    """OpenSSH with stock limits, a user whose shell is /bin/sh and whose start-up files are empty."""

    name = "sshd"
    #: Commands at once on one host by those who do not see to that themselves. Half of sshd's MaxSessions: those that
    #: have ended count until it has noticed.
    execs = 5
    title = "OpenSSH's sshd, stock limits"

    def __init__(self, folder, _binary):
        super().__init__(folder)
        files = [(str(self.home / name), text(size)) for name, size in (("small", 1_400), ("large", 1_000_000))]
        for path, content in files:
            Path(path).write_bytes(content)
        key, self.host_key = self.keygen(".ssh/key"), self.keygen("host_key")
        (self.home / "authorized_keys").write_bytes(key.with_suffix(".pub").read_bytes())
        self.ports = unused_ports(DAEMONS)
        hosts = [
            {"name": f"host{n}", "ip": f"127.78.0.{n + 1}", "port": self.ports[n % DAEMONS]} for n in range(HOSTS)
        ]
        presented = " ".join(self.host_key.with_suffix(".pub").read_text().split()[:2])
        known_hosts = "".join(f"[{host['ip']}]:{host['port']} {presented}\n" for host in hosts)
        self.describe("scout", key, known_hosts, hosts, *files)

    def open(self):
        account = self.account()
        for port in self.ports:
            self.serve(port, account)
        for port in self.ports:
            wait_for("127.0.0.1", port)

    def keygen(self, name):
        path = self.home / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
        return path

    def serve(self, port, account):
        config = self.home / f"sshd_config-{port}"
        config.write_text(
            f"ListenAddress 0.0.0.0\nPort {port}\nHostKey {self.host_key}\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {self.home}/authorized_keys\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nPrintMotd no\nSubsystem sftp {SFTP_SERVER}\n"
        )
        # Debian's service makes it; without systemd nobody does.
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.start(["/usr/sbin/sshd", "-D", "-e", "-f", config], account, self.home / "sshd.log")

    def account(self):
        """nss_wrapper answers sshd's questions about accounts: `scout` has the number of whoever runs this."""
        who = pwd.getpwuid(os.getuid())
        (self.home / "passwd").write_text(
            f"scout:x:{who.pw_uid}:{who.pw_gid}::{self.home}:/bin/sh\n"
            "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"
        )
        (self.home / "group").write_text(f"scout:x:{who.pw_gid}:\nnogroup:x:65534:\n")
        return {
            "PATH": os.environ["PATH"],
            "LD_PRELOAD": glob.glob("/usr/lib/*/libnss_wrapper.so")[0],
            "NSS_WRAPPER_PASSWD": str(self.home / "passwd"),
            "NSS_WRAPPER_GROUP": str(self.home / "group"),
        }


def unused_ports(count):
    sockets = [socket.create_server(("0.0.0.0", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def wait_for(ip, port):
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((ip, port)) as stream:
            stream.recv(8)
            return
        time.sleep(0.02)
    raise PeerFailed(f"nothing listens on {ip}, port {port}")


class Fleet(World):
    """Servers that do not fork, in one process: `scout-mcp bench fleet`."""

    name = "fleet"
    #: As many as anybody wants: it is the client that is measured.
    execs = 100
    SESSIONS_MAX = 200
    title = "Simulated hosts, which fork nothing"

    def __init__(self, folder, binary):
        super().__init__(folder)
        self.folder = self.home / "fleet"
        self.folder.mkdir()
        self.command = [binary, "bench", "fleet", "--hosts", str(HOSTS), "--folder", self.folder]
        self.command += ["--max-sessions", str(self.SESSIONS_MAX), "--max-startups", "none"]

    def open(self):
        self.start(self.command, self.env(), self.home / "fleet.log")
        config = self.folder / "ssh_config"
        port = int(re.search(r"Port (\d+)", self.wait_for_text(config))[1])
        hosts = [{"name": f"host{n:04}", "ip": f"127.80.0.{n}", "port": port} for n in range(1, HOSTS + 1)]
        wait_for(hosts[0]["ip"], port)
        # What the files hold is the fleet's affair.
        cat = ["ssh", "-F", config, hosts[0]["name"], "cat"]
        contents = [(path, subprocess.check_output([*cat, path])) for path in ("/srv/small", "/srv/large")]
        known_hosts = (self.folder / "known_hosts").read_text()
        self.describe("scout", self.folder / "key", known_hosts, hosts, *contents)

    def wait_for_text(self, path):
        for _ in range(200):
            with contextlib.suppress(FileNotFoundError):
                if text := path.read_text():
                    return text
            time.sleep(0.02)
        raise PeerFailed(f"no fleet: {(self.home / 'fleet.log').read_text()[-500:]}")


WORLDS = {world.name: world for world in (Sshd, Fleet)}
