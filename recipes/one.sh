#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds one recipe into the cache; recipes/build starts it in a session of its own.
#   one.sh NAME JOBS     with the environment that recipes/build prepared
# The result appears under its name only when it is whole. Exit status: that of the recipe.
set -u
umask 022

say() { printf 'krait: %s\n' "$*" >&2; }
recipes=$KRAIT_RECIPES root=$KRAIT_ROOT cache=$KRAIT_CACHE run=$KRAIT_RUN lock=$KRAIT_LOCK
. "$(dirname -- "$0")/store.sh"

NAME=$1
JOBS=$2
result=$(result_dir "$NAME")
key=${result##*/}
log=$store_dir/log/$key.log
tmp=

finish() {
    trap '' INT TERM HUP
    [ -z "$tmp" ] || rm -rf "$tmp"
    printf '%s\n' "$1" >"$run/rc.$NAME"
    exit "$1"
}
trap 'finish 130' INT
trap 'finish 143' TERM
trap 'finish 129' HUP

exec 9>>"$store_dir/lock/$key" || finish 1
if ! flock -n 9; then
    printf '%s: another build makes it; waiting\n' "$NAME" >&2
    flock 9 || finish 1
fi
[ ! -d "$result" ] || finish 0

rm -rf "$store_dir/tmp/$key".*
tmp=$store_dir/tmp/$key.$$
mkdir "$tmp" "$tmp/work" "$tmp/out" || finish 1

# A recipe sees the same environment on every machine.
RECIPE=$recipes/$NAME
WORK=$tmp/work
OUT=$tmp/out
export NAME JOBS RECIPE WORK OUT
unset CFLAGS CPPFLAGS CXXFLAGS LDFLAGS LIBS CPATH C_INCLUDE_PATH LIBRARY_PATH MAKEFLAGS MFLAGS \
    MAKELEVEL GREP_OPTIONS CONFIG_SITE DESTDIR PYTHONPATH PYTHONHOME PKG_CONFIG_PATH CDPATH ENV
for need in $(recipe_field "$NAME" needs); do
    var=$(printf '%s' "$need" | tr a-z- A-Z_)
    eval "DEP_$var=\$(result_dir \$need); export DEP_$var"
done
for src in $(recipe_field "$NAME" sources); do
    var=$(printf '%s' "$src" | tr a-z- A-Z_)
    read -r _ version sum file <"$run/source.$src" || finish 1
    eval "SRC_$var=\$file VERSION_$var=\$version SUM_$var=\$sum
        export SRC_$var VERSION_$var SUM_$var"
done
# Which archives it was made from; goes with the result.
for src in $(recipe_field "$NAME" sources); do
    sed 's:[^ ]*/::' "$run/source.$src" >>"$OUT/SOURCES" || finish 1
done
LC_ALL=C TZ=UTC PKG_CONFIG=false PKG_CONFIG_LIBDIR=/nonexistent HOME=$WORK
export LC_ALL TZ PKG_CONFIG PKG_CONFIG_LIBDIR HOME

cp "$run/keytext.$NAME" "$store_dir/log/$key.key"
cd "$WORK" || finish 1
# Not the lock: something that a build leaves running must not hold it.
if [ -z "${KRAIT_VERBOSE:-}" ]; then
    sh -eu -c '. "$1/lib.sh"; . "$2/build.sh"' sh "$recipes" "$RECIPE" >"$log" 2>&1 9>&- </dev/null
    rc=$?
else
    {
        sh -eu -c '. "$1/lib.sh"; . "$2/build.sh"' sh "$recipes" "$RECIPE" 2>&1 9>&- </dev/null
        echo $? >"$tmp/rc"
    } | tee "$log" >&2
    rc=$(cat "$tmp/rc")
fi
cd /
# Not in a pipe: a subshell has no children yet.
times >"$tmp/times"
[ $rc -ne 0 ] || sed -n '2s/^/processor time of the recipe, user and system: /p' "$tmp/times" >>"$log"
if [ $rc -eq 0 ] && ! key_text "$NAME" | cmp -s - "$run/keytext.$NAME"; then
    echo "files that $NAME is made from were changed while it was built: run again" >>"$log"
    rc=1
fi
if [ $rc -eq 0 ]; then
    # What a power cut leaves under the final name must be whole, too.
    sync -f "$OUT" 2>/dev/null
    mv -- "$OUT" "$result" 2>>"$log" || rc=1
fi
finish $rc
