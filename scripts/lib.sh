# shellcheck shell=bash
# Shared by the scripts beside it: where things are, and which Debian packages are needed.
# Everything said here goes to stderr: stdout belongs to the program that is run.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the scripts that source this one
target=${CARGO_TARGET_DIR:-$root/target}

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$@"
    exit 1
}

# need_packages NAME...: installs what is missing, or says how to.
need_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian: make sure that you have the equivalents of: $*"
        return
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0

    local -a names sudo=()
    read -ra names <<<"$missing"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "Missing Debian packages. As root, run: apt-get install -y --no-install-recommends $missing"
        sudo=(sudo)
    fi
    say "Installing Debian packages: $missing"
    # The package lists of a fresh machine are empty; stale ones are still worth a try.
    "${sudo[@]}" apt-get update -qq >&2 || say "apt-get update failed; trying with the package lists that are there"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${names[@]}" >&2 ||
        die "Could not install them. As root, try: apt-get update && apt-get install -y --no-install-recommends $missing"
}

# missing_packages NAME...: those that are not installed, on one line.
missing_packages() {
    local name
    local -a missing=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || missing+=("$name")
    done
    printf '%s' "${missing[*]-}"
}

# What a build needs: libsodium's headers, pkg-config to find them, a C compiler for aws-lc, and Rust.
need_build_tools() {
    local -a packages=(libsodium-dev pkg-config)
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    need_packages "${packages[@]}"
    command -v cargo >/dev/null || die "cargo is not in PATH: install Rust first, see https://rustup.rs"
}

# copy_of_tree FOLDER PATCH...: the tree as it is, with these patches. The copy belongs to no repository.
copy_of_tree() {
    local copy=$1 patch
    mkdir -p "$copy"
    # Files that have been removed are still listed.
    (cd "$root" && git ls-files -z --cached --others --exclude-standard |
        tar --create --null --files-from=- --ignore-failed-read 2>/dev/null) | tar --extract --directory="$copy"
    for patch in "${@:2}"; do
        (cd "$copy" && GIT_CEILING_DIRECTORIES=$(dirname "$copy") git apply "$patch")
    done
}

# What libFuzzer needs besides, which is built from its source.
need_fuzzing_tools() {
    need_build_tools
    command -v c++ >/dev/null || need_packages g++ libc6-dev
}
