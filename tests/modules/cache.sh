# SPDX-License-Identifier: Apache-2.0
# The cache of `krait run`: one translation for each module and set of options, made once,
# also by several processes at once; damaged ones are made again; places that cannot be used.
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"
exits() { echo "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func \$x (param i32)))
    (memory (export \"memory\") 1) (func (export \"_start\") (call \$x (i32.const $1))))"; }
exits 7 | wat seven
exits 8 | wat eight

run run seven.wasm
same "a module" "$rc: $out" "7: "
same "is in the cache" "$(cached | wc -l)" 1
entry=$(cached)
inode=$(stat -c %i "$entry")
same "which is private" "$(stat -c %a cache/module)" 700
cp seven.wasm copy.bin
run run copy.bin
same "the same under another name" "$rc: $out" "7: "
same "is not made twice" "$(stat -c %i "$(cached)")" "$inode"
cp eight.wasm seven.wasm
run run seven.wasm
same "another module under the same name" "$rc: $out" "8: "
cp copy.bin seven.wasm
run run --fuel 1000 seven.wasm
same "one that counts" "$rc: $out" "7: "
same "three translations" "$(cached | wc -l)" 3
run compile seven.wasm -o seven.krt
check "the cache has what compile makes" cmp seven.krt "$entry"

# Whatever is there instead of a translation, the module runs.
damage() {
    what=$1
    run run seven.wasm
    same "$what" "$rc" 7
    check "$what: it was made again" cmp seven.krt "$entry"
}
: >"$entry"
damage "an empty file"
head -c 5000 seven.krt >"$entry"
damage "half a file"
echo "not a translation" >"$entry"
damage "a text"
rm "$entry"
ln -s /etc/passwd "$entry"
damage "a link"
"$KRAIT" compile eight.wasm -o "$entry"
damage "the translation of another module"
for at in 0 18 40 700 3000; do
    cp seven.krt "$entry"
    printf '\377' | dd of="$entry" bs=1 seek=$at conv=notrunc 2>/dev/null
    cmp -s seven.krt "$entry" && continue
    run run seven.wasm
    same "a byte at $at changed" "$rc" 7
done
cp seven.krt "$entry"
chmod 666 "$entry"
damage "a file that others can write"
rm -rf cache

# Any umask will do.
(umask 002; "$KRAIT" run eight.wasm)
before=$(stat -c %i cache/module/*.krt | sort)
(umask 000; "$KRAIT" run eight.wasm)
same "any umask will do" "$(stat -c %i cache/module/*.krt | sort)" "$before"

# Several at once.
# held_cc N: the compiler cc.N, which waits for the file go before it compiles.
held_cc() {
    printf '#!/bin/sh\n[ "$1" = --version ] || while [ -d "%s" ] && [ ! -e "%s/go" ]; do sleep 0.1; done
exec "%s" "$@"\n' "$T" "$T" "$KRAIT_TEST_CC" >"cc.$1"
    chmod +x "cc.$1"
}
held() { ps -eo args | grep -v -e grep -e --version | grep -o "$T/cc[.][0-9]" | sort -u; }
waiting() { cat out.* | grep "waiting$"; }
# until_there LINES COMMAND: until it prints as many; a minute at most.
until_there() {
    tries=0
    while [ "$($2 | wc -l)" -lt "$1" ] && [ $tries -lt 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
rm -rf cache
held_cc 0
for i in 1 2 3; do
    (
        KRAIT_CC=$T/cc.0 "$KRAIT" run eight.wasm >"out.$i" 2>&1
        echo $? >"rc.$i"
    ) &
done
until_there 2 waiting
: >go
wait
same "three at once" "$(cat rc.1 rc.2 rc.3 | tr '\n' ' ')" "8 8 8 "
same "make one translation" "$(cached | wc -l)" 1
same "and two have waited" "$(cat out.* | grep -c "another process translates it; waiting")" 2
same "no lock is left" "$(find cache -name '*.lock')" ""

# A compiler that is not there or fails leaves nothing.
rm -rf cache
out=$(KRAIT_CC=/nonexistent/cc "$KRAIT" run seven.wasm 2>&1)
same "no compiler" "$?" 125
has "is said" "$out" "/nonexistent/cc"
printf '#!/bin/sh\n[ "$1" = --version ] && exit 0\nexit 3\n' >bad_cc
chmod +x bad_cc
out=$(KRAIT_CC=$T/bad_cc "$KRAIT" run seven.wasm 2>&1)
same "a compiler that fails" "$?" 125
same "nothing is left" "$(find cache -type f)" ""

# The cache has a size: what was not used for long goes when something new comes.
rm -rf cache
exits 9 | wat nine
exits 10 | wat ten
exits 11 | wat eleven
exits 12 | wat twelve
small() { out=$(KRAIT_CACHE_LIMIT=$1 "$KRAIT" run "$2" 2>&1); rc=$?; }
# Of two that are old the older one; the other one was used meanwhile.
small 0 seven.wasm
seven=$(cached)
small 0 eight.wasm
eight=$(cached | grep -v "$seven")
touch -d '23 hours ago' "$seven"
touch -d '22 hours ago' "$eight"
small 0 seven.wasm
same "a use is noted" "$rc: $(find cache -name "${seven##*/}" -mmin +60)" "7: "
bytes=$(($(stat -c %b "$seven") * 512))
small $((bytes * 5 / 2)) nine.wasm
same "a new one" "$rc: $out" "9: "
check "what was not used for long is gone" test ! -e "$eight"
same "and nothing else" "$(test -e "$seven" && cached | wc -l)" 2
small $((bytes * 5 / 2)) eight.wasm
same "it is made again" "$rc: $out" "8: "
same "what was used within an hour stays" "$(cached | wc -l)" 3
find cache -name '*.krt' -exec touch -d '50 minutes ago' {} +
small 1 eleven.wasm
same "just within an hour" "$rc: $(cached | wc -l)" "11: 4"
find cache -name '*.krt' -exec touch -d '50 minutes ago' {} +
small 0 eleven.wasm
find cache -name '*.krt' -mmin +45 -exec touch -d '62 minutes ago' {} +
small 1 twelve.wasm
same "more than an hour, but for what was used again" "$rc: $(cached | wc -l)" "12: 2"
# Only what is the cache's: by name and kind.
find cache -name '*.krt' -exec touch -d '3 days ago' {} +
key=$(printf %064d 0)
echo text >cache/module/notes.txt
echo text >"cache/module/x$key.krt"
mkdir "cache/module/$key.krt"
ln -s ../../seven.wasm "cache/module/$(printf %064d 1).krt"
find cache ! -type l -exec touch -d '3 days ago' {} +
small 1 ten.wasm
same "all old ones go" "$rc: $out: $(find cache -name '*.krt' -type f | wc -l)" "10: : 2"
same "what is not the cache's stays" "$(ls cache/module | grep -c -e notes -e "x$key" -e "^$key" -e '^0*1[.]krt')" 4
small nonsense seven.wasm
same "a limit that is no size" "$rc" 7
has "is said" "$out" "KRAIT_CACHE_LIMIT is 'nonsense'"

# Several programs at once: what one of them has removed is not removed again in other entries' place.
rm -rf cache
mkdir -p cache/module
chmod 700 cache cache/module
entries=4000
head -c $((entries * 4096)) /dev/zero | tr '\0' x |
    split -b 4096 -d -a 4 --additional-suffix=.krt - "cache/module/$(printf %060d 0)"
find cache -name '*.krt' -exec touch -d '2 days ago' {} +
old() { find cache/module -name '0*.krt' -mmin +60 | wc -l; }
bytes=$(($(find cache/module -name '0*.krt' -printf '%b\n' | head -n 1) * 512))
# They remove until it is seven eighths of this: half of the entries, and what is new.
limit=$((entries * bytes / 7 * 4))
rm go
for i in 1 2 3 4 5 6; do
    exits "2$i" | wat "many$i"
    held_cc $i
    (
        KRAIT_CC=$T/cc.$i KRAIT_CACHE_LIMIT=$limit "$KRAIT" run "many$i.wasm" >"out.$i" 2>&1
        echo $? >"rc.$i"
    ) &
done
until_there 6 held
: >go
wait
same "six at once" "$(cat rc.1 rc.2 rc.3 rc.4 rc.5 rc.6 | tr '\n' ' '): $(cat out.*)" "21 22 23 24 25 26 : "
left=$(old)
check "leave what one of them would ($left of $entries)" \
    test $((left > entries * 4 / 10 && left <= entries / 2)) -eq 1

# Places.
rm -rf cache
mkdir xdg home
out=$(KRAIT_CACHE='' XDG_CACHE_HOME=$T/xdg "$KRAIT" run seven.wasm 2>&1)
same "XDG_CACHE_HOME" "$?: $out: $(find xdg -name '*.krt' | wc -l)" "7: : 1"
out=$(KRAIT_CACHE='' HOME=$T/home "$KRAIT" run seven.wasm 2>&1)
same "HOME" "$?: $out: $(find home/.cache/krait/module -name '*.krt' | wc -l)" "7: : 1"
without() {
    same "$1: it runs" "$rc" 7
    has "$1: it is said" "$out" "translating 'seven.wasm' for this run only"
    same "$1: nothing is left" "$(ls -A "$TMPDIR")" ""
}
out=$(KRAIT_CACHE='' HOME='' "$KRAIT" run seven.wasm 2>&1)
rc=$?
without "no place at all"
: >file
out=$(KRAIT_CACHE=$T/file "$KRAIT" run seven.wasm 2>&1)
rc=$?
without "a file for a folder"
out=$(KRAIT_CACHE=/proc/krait "$KRAIT" run seven.wasm 2>&1)
rc=$?
without "a folder that cannot be made"
mkdir -p open/module
chmod 777 open/module
out=$(KRAIT_CACHE=$T/open "$KRAIT" run seven.wasm 2>&1)
rc=$?
without "a folder that others can write to"
# Others could have another folder found there.
mkdir wide
chmod 777 wide
out=$(KRAIT_CACHE=$T/wide/ "$KRAIT" run seven.wasm 2>&1)
rc=$?
without "a folder below one that others can write to"
chmod 1777 wide
out=$(KRAIT_CACHE=$T/wide "$KRAIT" run seven.wasm 2>&1)
same "below one like /tmp" "$?: $out" "7: "
if [ "$(id -u)" -eq 0 ] && mkdir -p foreign/krait && chown 65534 foreign/krait; then
    out=$(XDG_CACHE_HOME=$T/foreign KRAIT_CACHE='' "$KRAIT" run seven.wasm 2>&1)
    rc=$?
    without "a folder below another user's"
fi
if [ "$(id -u)" -ne 0 ]; then
    mkdir -p closed/module
    chmod 500 closed/module
    out=$(KRAIT_CACHE=$T/closed "$KRAIT" run seven.wasm 2>&1)
    rc=$?
    without "a folder without write permission"
fi
finish
