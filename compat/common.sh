# SPDX-License-Identifier: Apache-2.0
#
# What the front ends in this folder share: messages, the krait program, a build, and files that
# are put in place. POSIX sh, to be sourced; the caller sets compat (this folder) and usage_text.
#
# Exit status of all of them: 1 something failed, 2 wrong use, 130 and 143 stopped by a signal.
set -u
umask 022

name=${0##*/}
child=
scratch=

say() { printf '%s: %s\n' "$name" "$*" >&2; }
die() {
    say "$@"
    exit 1
}
wrong() {
    say "$@"
    printf '%s\n' "$usage_text" >&2
    exit 2
}

# help_asked WORD: prints the usage and ends when WORD asks for it.
help_asked() {
    case $1 in
    -h | --help)
        printf '%s\n' "$usage_text"
        exit 0
        ;;
    esac
}

# --- stopping -------------------------------------------------------------------------

# The build runs in the background, so that a signal is answered at once; it ends its own children.
stopped() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill -s TERM "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    say "stopped; the same command goes on where it ended"
    exit "$1"
}
cleanup() { [ -z "$scratch" ] || rm -rf -- "$scratch"; }
trap cleanup EXIT
trap 'stopped 130' INT
trap 'stopped 143' TERM
trap 'stopped 129' HUP

make_scratch() {
    [ -n "$scratch" ] || scratch=$(mktemp -d "${TMPDIR:-/tmp}/krait-compat.XXXXXX") ||
        die "cannot create a temporary folder"
}

# --- building -------------------------------------------------------------------------

# find_krait: sets krait: the one in KRAIT, of the checkout, of the installation, on PATH.
find_krait() {
    for krait in "${KRAIT:-}" "$compat/../krait" "$compat/../../../bin/krait" "$(command -v krait)"; do
        [ -z "$krait" ] || [ ! -x "$krait" ] || [ -d "$krait" ] || return 0
    done
    die "there is no krait program: neither in a checkout around '$compat' nor on PATH; KRAIT names one"
}

# take_wadup_root: WADUP_ROOT names a checkout: its krait, unless KRAIT names one.
take_wadup_root() {
    [ -n "${WADUP_ROOT:-}" ] || return 0
    [ -f "$WADUP_ROOT/krait" ] && [ -x "$WADUP_ROOT/krait" ] ||
        die "WADUP_ROOT is '$WADUP_ROOT', where no krait is: unset it, or name a checkout of krait"
    KRAIT=${KRAIT:-$WADUP_ROOT/krait}
}

# make_module OUT OPTION...: krait module, in the background as the above. Prints the path.
make_module() {
    find_krait
    if [ -n "${WASI_SDK_PATH:-}" ] && [ ! -d "$WASI_SDK_PATH" ]; then
        die "WASI_SDK_PATH is '$WASI_SDK_PATH', which does not exist: unset it to use the clang of this machine"
    fi
    mkdir -p -- "$(dirname -- "$1")" || die "cannot create the folder of '$1'"
    made=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd -P)/$(basename -- "$1") || exit 1
    shift
    "$krait" module -o "$made" "$@" </dev/null &
    child=$!
    wait "$child"
    rc=$?
    child=
    [ $rc -eq 0 ] || exit 1
    printf '%s\n' "$made"
}

# build_python OPTION...: krait build-python. Sets tree to what it made, version to 3.13.15 and
# x to 3.13; empty when it is somebody else's. It has run the result once: without that it fails.
build_python() {
    find_krait
    make_scratch
    "$krait" build-python "$@" >"$scratch/tree" </dev/null &
    child=$!
    wait "$child"
    rc=$?
    child=
    # Its own number for wrong use.
    [ $rc -ne 125 ] || rc=2
    [ $rc -eq 0 ] || exit $rc
    tree=$(tail -n 1 "$scratch/tree")
    version=$(sed -n 's/^  "version": "\([^"]*\)",*$/\1/p' "$tree/MANIFEST.json" | tail -n 1)
    x=${version%.*}
}

# --- results --------------------------------------------------------------------------

# put FILE TO: a copy that is there as a whole or not at all.
put() {
    mkdir -p -- "$(dirname -- "$2")" && cp -p -- "$1" "$2.new.$$" && mv -f -- "$2.new.$$" "$2" && return 0
    rm -f -- "$2.new.$$"
    die "cannot write '$2'"
}

# put_folder FOLDER TO: what is in it is laid over what is there.
put_folder() {
    mkdir -p -- "$2" && cp -R -p -- "$1/." "$2/" || die "cannot write '$2'"
}
