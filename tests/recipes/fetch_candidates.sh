# SPDX-License-Identifier: Apache-2.0
# A source with several candidates: the first that can be had, and then the same one again.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
make_file new.tar 2000
make_file old.tar 1000
{ line_up p 2 new.tar; line_up p 1 old.tar; } >"$lock"
version() { printf '%s' "$out" | cut -d' ' -f2; }

run_fetch p
same "the first" "$(version)" 2
same "is recorded" "$(cut -d' ' -f2 "$src/p.chosen")" 2

rm -rf "$KRAIT_CACHE"
mv "$up/new.tar" "$T/"
run_fetch p
same "the second when the first cannot be had" "$rc $(version)" "0 1"
mv "$T/new.tar" "$up/"
run_fetch p
same "no change of mind while the lock is the same" "$(version)" 1
run_fetch --choice p
same "--choice" "$out" 1

# A new pin on top.
make_file newer.tar 3000
{ line_up p 3 newer.tar; cat "$lock"; } >"$lock.2"
mv "$lock.2" "$lock"
run_fetch p
same "a new line is looked at" "$(version)" 3

# Offline, with only the last one there.
rm -rf "$KRAIT_CACHE"
mkdir -p "$src"
cp "$up/old.tar" "$src/"
run_fetch --offline p
same "offline takes what is there" "$(version)" 1
check_not "and does not record it" test -e "$src/p.chosen"
run_fetch p
same "so that the network is asked later" "$(version)" 3

# The recorded one is gone everywhere: choose anew.
rm "$src/newer.tar" "$up/newer.tar"
run_fetch p
same "the recorded one is gone" "$rc $(version)" "0 2"

# A wrong file of the first candidate is an error, not a reason to take the second.
rm -rf "$KRAIT_CACHE"
make_file newer.tar 3000
printf 'x' >>"$up/newer.tar"
run_fetch p
same "a wrong first candidate" "$rc $out" "1 "

# Nothing at all: every candidate is named.
rm -rf "$KRAIT_CACHE" "$up"
run_fetch p
same "none" $rc 1
for v in 1 2 3; do has "candidate $v" "$err" "p $v: no file"; done
finish
