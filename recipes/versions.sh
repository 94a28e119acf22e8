# SPDX-License-Identifier: Apache-2.0
#
# Which CPython a build is of. POSIX sh, to be sourced; the caller provides die(), and sets $own
# (this folder), $lock and $run.
#
# A line of versions (3.13) is a folder of recipes/libpython; its sources are the lines of the lock
# there, those of 3.13 stand in sources.lock itself. versions_select makes a lock for the run in
# which one of them takes the place of the others, and exports KRAIT_PYTHON_LINE, by which
# store.sh knows whose files go into the keys.

versions_default=3.13

# The lines that can be built, oldest first.
versions_lines() {
    for versions_f in "$own"/libpython/*/facts; do
        versions_d=${versions_f%/facts}
        printf '%s\n' "${versions_d##*/}"
    done | sort -t . -k 1,1n -k 2,2n
}

# versions_lock LINE: the candidates of a line, best first.
versions_lock() {
    if [ "$1" = $versions_default ]; then versions_l=$lock; else versions_l=$own/libpython/$1/sources.lock; fi
    awk '$1 == "python"' "$versions_l"
}

# Everything that --python takes without more, for messages.
versions_known() {
    for versions_v in $(versions_lines); do
        printf '%s (%s)\n' "$versions_v" "$(versions_lock "$versions_v" | awk '{ printf "%s%s", s, $2; s = ", " }')"
    done | awk '{ printf "%s%s", s, $0; s = ", " }'
}

# versions_select VERSION SHA256 ARCHIVE: VERSION is 3.14 or 3.14.7; with a sum any release of a
# known line; with an archive that file, which is in the cache already. The last two may be empty.
versions_select() {
    versions_wanted=$1
    case $1 in
    *[!0-9.]* | .* | *. | *..* | '' | *.*.*.*) die "'$1' is no version of Python; known are $(versions_known)" ;;
    *.*.*) KRAIT_PYTHON_LINE=${1%.*} ;;
    *.*) KRAIT_PYTHON_LINE=$1 ;;
    *) die "'$1' is no version of Python; known are $(versions_known)" ;;
    esac
    versions_lines | grep -qxF "$KRAIT_PYTHON_LINE" ||
        die "there is no recipe for Python $1; known are $(versions_known)"
    export KRAIT_PYTHON_LINE
    versions_lock "$KRAIT_PYTHON_LINE" >"$run/versions"
    if [ -n "$2" ]; then
        case $1 in *.*.*) ;; *) die "--sha256 wants the whole version, as in --python $1.0" ;; esac
        case $2 in *[!0-9a-f]*) die "--sha256 wants 64 digits 0-9, a-f, not '$2'" ;; esac
        [ ${#2} -eq 64 ] || die "--sha256 wants 64 digits, not ${#2}"
        versions_line "$1" "$2" "$3" >"$run/versions"
    elif [ "$1" != "$KRAIT_PYTHON_LINE" ]; then
        awk -v v="$1" '$2 == v' "$run/versions" >"$run/version"
        [ -s "$run/version" ] || die "the checksum of Python $1 is not known: give --sha256, or take one of $(versions_known)"
        mv "$run/version" "$run/versions"
    elif [ "$1" = $versions_default ]; then
        return 0
    fi
    { awk '$1 != "python"' "$lock" && cat "$run/versions"; } >"$run/lock" || die "cannot write '$run/lock'"
    lock=$run/lock
}

# versions_line VERSION SUM ARCHIVE: a line for a release that is not in the lock: upstream's
# archive, which a Debian pool may have under its own name; or a file that is there.
versions_line() {
    if [ -n "$3" ]; then
        printf 'python %s %s - file:///%s - - -\n' "$1" "$2" "$3"
        return
    fi
    versions_x=${1%.*}
    printf 'python %s %s - https://www.python.org/ftp/python/%s/Python-%s.tar.xz %s - p/python%s/python%s_%s.orig.tar.xz\n' \
        "$1" "$2" "$1" "$1" "$2" "$versions_x" "$versions_x" "$1"
}
