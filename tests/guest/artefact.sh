# SPDX-License-Identifier: Apache-2.0
# The tree that recipes/build made: whole, as its manifest says, without traces of the machine.
# Argument: the recipe, cpython-native or cpython (portable).
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
imports=$KRAIT_SOURCE_DIR/tests/guest/imports.txt
[ "$1" != cpython-native ] || imports=$KRAIT_SOURCE_DIR/tests/guest/imports-native.txt
tree=$("$KRAIT_SOURCE_DIR/recipes/build" --where "$1" 2>"$T/err") || {
    cat "$T/err"
    skip "recipes/build has not built these sources with this compiler"
}
cd "$tree" || exit 1

check "the sums" sha256sum -c --quiet SHA256SUMS
find . -type f ! -name SHA256SUMS ! -name .krait-key | sed 's:^\./::' | sort >"$T/there"
sed 's/^[0-9a-f]*  //' SHA256SUMS | sort >"$T/listed"
check "every file is in the list" cmp "$T/there" "$T/listed"
check "python.wasm" python3 "$KRAIT_SOURCE_DIR/recipes/cpython/check_wasm.py" bin/python.wasm "$imports"

# Nothing of the machine: neither the cache nor the checkout nor the home folder.
for path in "$(dirname "$(dirname "$tree")")" "$KRAIT_SOURCE_DIR" "$HOME/"; do
    [ ${#path} -ge 5 ] || continue
    same "no trace of $path" "$(grep -rlF -- "$path" . | head -n 3)" ""
done
same "no time of the build in the byte code" "$(find usr/local/lib -name '*.pyc' | while read -r f; do
    [ "$(od -An -tu4 -j4 -N4 "$f" | tr -d ' ')" = 1 ] || echo "$f"; done | head -n 3)" ""

manifest=$(cat MANIFEST.json)
for word in '"sources"' '"sqlite"' '"wasi-libc"' '"configure"' '"link_flags"' '"recipes"' \
    "$(sha256sum bin/python.wasm | cut -d' ' -f1)"; do
    has "the manifest" "$manifest" "$word"
done
for licence in cpython wasi-libc zlib bzip2 xz expat mpdecimal; do
    check "the licence of $licence" test -n "$(find "share/doc/$licence" -type f)"
done
version=$(sed -n 's/^ *"version": "\([0-9.]*\)".*/\1/p' MANIFEST.json | tail -n 1)
check "the version is one of the lock's" grep -q "^python  *$version " "$KRAIT_SOURCE_DIR/recipes/sources.lock"
finish
