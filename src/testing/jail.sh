# Becomes the shell "$2"... in the directory "$1", from where nothing of this machine can be reached: a file system of its
# own, which nobody may write to, with copies of the shell and its libraries, and no other process in sight. To be run in
# namespaces of its own, where it is root.
set -e
jail=$1
shell=$(command -v "$2")
shift 2
mount -t tmpfs -o mode=755 jail "$jail"
libraries=$(ldd "$shell" 2>/dev/null | sed -n 's|.*[[:space:]]\(/[^ ]*\) (.*|\1|p') || true
for file in "$shell" /etc/passwd $libraries; do
    mkdir -p "$jail${file%/*}"
    cp "$file" "$jail$file"
done
mkdir -p "$jail/dev"
: >"$jail/dev/null"
mount -o remount,bind,ro "$jail"
chroot=$(command -v chroot)
exec env -i HOME="$HOME" PATH=/none LC_ALL=C "$chroot" "$jail" "$shell" "$@"
