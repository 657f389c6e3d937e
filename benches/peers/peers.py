"""Who is compared, in which version, and how each is told to do the same thing."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from library import Library
from server import Server

HERE = Path(__file__).parent
COMMAND, READ, LARGE, BROADCAST = EVERYTHING = "command", "read", "large", "broadcast"
#: Where a driver or a server keeps what `install.py` put there.
VENV, NODE, CARGO, RUSSH = "venv/bin/python", "node/node_modules", "cargo/bin", "build/release/russh-driver"


@dataclass(frozen=True)
class Peer:
    name: str
    #: Package and version, as in the files with which `install.py` pins them.
    version: str
    #: "server" (MCP), or "library": what is told by a driver
    kind: str
    #: What must be there to run it, relative to the folder of installations.
    needs: str
    start: Callable
    #: What it can do: commands, reads of files without one, large reads, one call for many hosts.
    whats: tuple = (COMMAND, READ, LARGE)
    #: Most operations at once that it is asked for on one host.
    at_once: int = 100

    def is_installed(self, folder):
        return (folder / self.needs).exists()


def python_driver(name):
    def start(world, folder, log):
        return Library([str(folder / VENV), "-B", str(HERE / f"drivers/{name}_driver.py")], world, log)

    return start


def russh(world, folder, log):
    return Library([str(folder / RUSSH)], world, log)


def openssh(world, _folder, log):
    return Library([sys.executable, "-B", str(HERE / "drivers/openssh_driver.py")], world, log)


def scout(binary, **settings):
    def start(world, _folder, log):
        env = {"SCOUT_RATE_LIMIT_PER_MINUTE": "0", "SCOUT_LOG_LEVEL": "error"} | settings
        return Server([str(binary), "serve"], env, SCOUT_CALLS, world, log)

    return start


def original(command):
    """The Python server, whose pool is to hold all hosts: it throws out the oldest at 100."""
    env = {
        "SCOUT_TRANSPORT": "stdio",
        "SCOUT_LOG_LEVEL": "ERROR",
        "SCOUT_MAX_POOL_SIZE": "200",
        "SCOUT_IDLE_TIMEOUT": "600",
    }

    def start(world, _folder, log):
        return Server(command, env, SCOUT_CALLS, world, log)

    return start


SCOUT_CALLS = {
    COMMAND: lambda host, path: ("scout", {"target": f"{host['name']}:/", "query": f"cat {path}"}),
    READ: lambda host, path: ("scout", {"target": f"{host['name']}:{path}"}),
    LARGE: lambda host, path: ("scout", {"target": f"{host['name']}:{path}"}),
    BROADCAST: lambda hosts, path: (
        "scout",
        {"targets": [f"{host['name']}:/" for host in hosts], "query": f"cat {path}"},
    ),
}


def fast_mcp_ssh(world, folder, log):
    """Without its audit log, which would be a write for each call."""
    config = world.home / "fast-mcp-ssh.toml"
    config.write_text(
        '[defaults]\naudit_log = false\n[defaults.guards]\n'
        + "".join(
            f'[host.{host["name"]}]\naddr = "{host["ip"]}"\nport = {host["port"]}\nuser = "{world.user}"\n'
            f'auth = "key"\nkey = "{world.key}"\n'
            for host in world.hosts
        )
    )
    calls = {
        COMMAND: lambda host, path: ("exec", {"host": host["name"], "cmd": f"cat {path}"}),
        READ: lambda host, path: ("dn", {"host": host["name"], "remote": path}),
    }
    command = [str(folder / CARGO / "fast-mcp-ssh"), "--config", str(config)]
    return Server(command, {"RUST_LOG": "error"}, calls, world, log)


def ssh_mcp(world, folder, log):
    config = world.home / ".config/ssh-mcp/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.write_text(
        f'[defaults]\ndefaultProfile = "{world.hosts[0]["name"]}"\napprovalMode = "auto"\n'
        + "".join(
            f'[[profiles]]\nname = "{host["name"]}"\nhost = "{host["ip"]}"\nport = {host["port"]}\n'
            f'user = "{world.user}"\nauth = "key"\nkeyRef = "{world.key}"\nrole = "admin"\napprovalPolicy = "auto"\n'
            for host in world.hosts
        )
    )
    config.chmod(0o600)
    calls = {
        COMMAND: lambda host, path: ("read-command", {"command": f"cat {path}", "profile": host["name"]}),
        READ: lambda host, path: ("sftp-download", {"remotePath": path, "profile": host["name"]}),
        LARGE: lambda host, path: ("sftp-download", {"remotePath": path, "profile": host["name"]}),
    }
    return Server(node(folder, "ssh-mcp/build/index.js"), {}, calls, world, log)


def mcp_ssh_manager(world, folder, log):
    """Its call for a group of hosts is left out: it cuts what they print, and nobody can tell whether it is right."""
    config = world.home / "mcp-ssh-manager.toml"
    config.write_text(
        "".join(
            f'[ssh_servers.{host["name"]}]\nhost = "{host["ip"]}"\nport = {host["port"]}\nuser = "{world.user}"\n'
            f'key_path = "{world.key}"\n'
            for host in world.hosts
        )
    )
    calls = {COMMAND: lambda host, path: ("ssh_execute", {"server": host["name"], "command": f"cat {path}"})}
    command = node(folder, "mcp-ssh-manager/src/index.js")
    return Server(command, {"SSH_CONFIG_PATH": str(config)}, calls, world, log)


def node(folder, script):
    return [shutil.which("node") or "node", str(folder / NODE / script)]


def ssh_version():
    return subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr.split(",")[0] + ", ControlMaster"


def all_peers(binary, commit, original_command):
    """Those that can be compared; the order of the tables."""
    found = [
        Peer("scout-mcp", commit, "server", str(binary), scout(binary), EVERYTHING),
        Peer("scout-mcp-execs", commit, "server", str(binary), scout(binary, SCOUT_KEPT_SHELLS="false"), (COMMAND,)),
        Peer("fast-mcp-ssh", "0.5.1", "server", f"{CARGO}/fast-mcp-ssh", fast_mcp_ssh, (COMMAND, READ)),
        Peer("ssh-mcp", "2.11.0", "server", f"{NODE}/ssh-mcp", ssh_mcp),
        Peer("mcp-ssh-manager", "3.8.5", "server", f"{NODE}/mcp-ssh-manager", mcp_ssh_manager, (COMMAND,)),
        Peer("russh", "0.65.1, russh-sftp 3.0.1", "library", RUSSH, russh),
        Peer("libssh2", "ssh2-python 1.2.0.post1", "library", VENV, python_driver("libssh2"), at_once=1),
        Peer("asyncssh", "2.24.1", "library", VENV, python_driver("asyncssh")),
        Peer(
            "parallel-ssh", "2.16.0.post1", "library", VENV, python_driver("parallel_ssh"), (COMMAND,), at_once=1
        ),
        Peer("openssh", ssh_version(), "library", "/usr/bin/ssh", openssh, (COMMAND, LARGE)),
    ]
    if original_command:
        found.insert(2, Peer("scout_mcp", "given", "server", "/", original(original_command), EVERYTHING))
    return found
