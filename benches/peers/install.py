"""Installs what is compared, in pinned versions, below one folder; what is there already is left alone."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGES = ["openssh-server", "openssh-client", "openssh-sftp-server", "libnss-wrapper", "python3-venv"]
FAST_MCP_SSH = "0.5.1"
#: ssh-mcp asks for it; Debian 12 has it.
NODE_MIN = (18, 19)


def everything(folder, names):
    """Of the peers of these names; `None` is all."""
    need_packages(PACKAGES)
    for install, peers in (
        (venv, {"asyncssh", "libssh2", "parallel-ssh"}),
        (node, {"ssh-mcp", "mcp-ssh-manager"}),
        (fast_mcp_ssh, {"fast-mcp-ssh"}),
        (russh, {"russh"}),
    ):
        if names is None or names & peers:
            install(folder)


def need_packages(names):
    script = 'source "$0/scripts/lib.sh"; need_build_tools; need_packages "$@"'
    subprocess.run(["bash", "-c", script, ROOT, *names], check=True)


def venv(folder):
    """From requirements.txt, which says the version of everything."""
    wanted, installed = HERE / "requirements.txt", folder / "venv/requirements.txt"
    if same(wanted, installed):
        return
    shutil.rmtree(folder / "venv", ignore_errors=True)
    run(["python3", "-m", "venv", folder / "venv"])
    run([folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])
    shutil.copy(wanted, installed)


def node(folder):
    """From package-lock.json."""
    wanted, installed = HERE / "package-lock.json", folder / "node/package-lock.json"
    if same(wanted, installed):
        return
    if not shutil.which("npm"):
        need_packages(["npm"])
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, version[1:].split(".")[:2])) < NODE_MIN:
        print(f"Node {version.strip()} is too old for ssh-mcp and mcp-ssh-manager, which are left out.")
        return
    shutil.rmtree(folder / "node", ignore_errors=True)
    (folder / "node").mkdir()
    shutil.copy(HERE / "package.json", folder / "node")
    # The lock file comes last: it says that all is there.
    shutil.copy(wanted, folder / "node/npm-shrinkwrap.json")
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder / "node")
    shutil.copy(wanted, installed)


def fast_mcp_ssh(folder):
    if not (folder / "cargo/bin/fast-mcp-ssh").exists():
        version = ["--version", FAST_MCP_SSH, "--locked"]
        run(["cargo", "install", "fast-mcp-ssh", *version, "--root", folder / "cargo"], build=folder)


def russh(folder):
    run(["cargo", "build", "--release", "--locked", "--manifest-path", HERE / "russh/Cargo.toml"], build=folder)


def scout_mcp():
    """Our own release build; the path of the binary."""
    run(["cargo", "build", "--release", "--locked", "--manifest-path", ROOT / "Cargo.toml"])
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/scout-mcp"


def run(command, cwd=None, build=None):
    env = os.environ | ({"CARGO_TARGET_DIR": str(build / "build")} if build else {})
    subprocess.run(command, check=True, cwd=cwd, env=env)


def same(one, other):
    return other.exists() and one.read_bytes() == other.read_bytes()
