# SPDX-License-Identifier: Apache-2.0
# Results that nothing wants any more go when there is something new, and no others.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

# old DAYS RESULT...: as if it had been used that long ago.
old() {
    days=$1
    shift
    for result; do
        touch -d "$days days ago" "$built/lock/${result##*/}"
    done
}
# another TARGET: its recipe is another one from now on, so that there is something to build.
another() {
    echo '# a word' >>"$R/$1/build.sh"
    build "$1"
}

build two
first_two=$out
first_one=$(echo "$built"/one-*)
another two
second_two=$out
check "young ones stay" test -d "$first_two"
old 40 "$first_two" "$first_one" "$second_two"
build two
check "nothing new: nothing goes" test -d "$first_two"
another three
three=$out
check_not "old: it goes" test -e "$first_two"
check_not "with its log" test -e "$built/log/${first_two##*/}.log"
check_not "and its key" test -e "$built/log/${first_two##*/}.key"
has "it says so" "$err" "nothing has used for 30 days: 1 result"
check "what has been used since stays" test -f "$second_two/copy"
check "and what that needs" test -f "$first_one/source"

# --where is a use as well
old 40 "$second_two" "$first_one"
build --where two
another three
check "asked for: it stays" test -d "$second_two"

# What the build itself needs is not old, whatever its time was.
old 40 "$first_one" "$second_two"
another two
same "built from an old one" "$rc" 0
check "which stays" test -d "$first_one"
check_not "what was made of it before does not" test -e "$second_two"
third_two=$out

# In use by a build at this moment
old 40 "$third_two"
exec 8>>"$built/lock/${third_two##*/}"
flock 8
old 40 "$third_two"
another three
check "somebody holds its lock: it stays" test -d "$third_two"
exec 8>&-

# Nothing of another's
mkdir "$built/mine-0123456789abcdef"
touch -d "40 days ago" "$built/lock/nothing-0123456789abcdef"
KRAIT_CACHE_DAYS=0 another three
check "0: for ever" test -d "$third_two"
KRAIT_CACHE_DAYS=41 another three
check "more days" test -d "$third_two"
KRAIT_CACHE_DAYS=39 another three
check_not "fewer days" test -e "$third_two"
check "a result without a lock stays" test -d "$built/mine-0123456789abcdef"
check "and so does what was built first" test -d "$first_one"
same "nothing half removed" "$(ls "$built/tmp")" ""

# Another checkout removes what is old, until this one says that it uses it: that comes before it looks what is there.
touch=$(command -v touch)
printf '#!/bin/sh\n[ ! -f "%s/rival" ] || rm -rf "$(cat "%s/rival")"\nexec "%s" "$@"\n' "$T" "$T" "$touch" >"$bin/touch"
chmod +x "$bin/touch"
build two
printf '%s\n' "$out" >"$T/rival"
build two
rm "$T/rival" "$bin/touch"
same "gone a moment before: status" "$rc" 0
check "gone a moment before: it is made again" test -f "$out/copy"

KRAIT_CACHE_DAYS=x another three
same "no number" "$rc" 1
has "is an error" "$err" "KRAIT_CACHE_DAYS is 'x'"
finish
