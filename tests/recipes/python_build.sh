# SPDX-License-Identifier: Apache-2.0
# python_build.sh VERSION FLAVOR: a real CPython out of `krait build-python`, looked at from outside and
# from inside. What was built before comes from the cache; the first time takes minutes.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
unset NO_OPT DEBUG CC AR NM RANLIB RL PYTHON_VER INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX BUILD_PYTHON_DIR
version=$1
flavor=$2
x=$(printf %s "$version" | tr -d .)
cache=${KRAIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/krait}
[ -z "${KRAIT_TEST_WASM_CC:-}" ] || { CC=$KRAIT_TEST_WASM_CC && export CC; }

# build DIR OPTION...
build() {
    out=$T/$1
    shift
    "$KRAIT" build-python --python "$version" --flavor "$flavor" --out "$out" "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
    rc=$?
    [ $rc -eq 0 ] || tail -n 30 "$T/stderr"
}
# python OPTION...: the result, on krait, with its library; `env` has options of krait run.
python() {
    # shellcheck disable=SC2086 # words
    KRAIT_OPT_LEVEL=0 "$KRAIT" run ${env:-} $([ ! -d "$out/usr" ] || echo "--dir $out/usr::/usr:ro") \
        "$out/bin/python.wasm" "$@" 2>&1 </dev/null
}
env=

build first
# The build of the tests fetched it, if it could.
case $(cat "$T/stderr") in *"cannot get the source of"*) skip "a source cannot be had" ;; esac
same "it builds" "$rc $(cat "$T/stdout")" "0 $out"
[ $rc -eq 0 ] || finish
full=$(sed -n 's/^  "version": "\(.*\)",*$/\1/p' "$out/MANIFEST.json")
has "the release" "$full" "$version."
cd "$out" || exit 1
check "the sums" sha256sum -c --quiet SHA256SUMS
find . -type f ! -name SHA256SUMS ! -name .krait-key | sed 's:^\./::' | sort >"$T/there"
sed 's/^[0-9a-f]*  //' SHA256SUMS | sort >"$T/listed"
check "every file is in the list" cmp "$T/there" "$T/listed"
for path in "$cache" "$KRAIT_SOURCE_DIR" "$HOME/"; do
    [ ${#path} -ge 5 ] || continue
    same "no trace of $path" "$(grep -rlF -- "$path" . | head -n 3)" ""
done
for word in "\"wasm_opt\": {" "\"flags\": \"-O2 -g" "\"stdlib\": \"zip\"" "\"sqlite\"" "$(sha256sum bin/python.wasm | cut -d' ' -f1)"; do
    has "the manifest" "$(cat MANIFEST.json)" "$word"
done
for licence in cpython wasi-libc zlib bzip2 xz expat mpdecimal; do
    check "the licence of $licence" test -n "$(find "share/doc/$licence" -type f)"
done
d=
[ "$flavor" != debug ] || d=d
for file in "include/python$version$d/Python.h" "lib/wasm32-wasi/libpython$version$d.a" lib/wasm32-wasi/libz.a \
    "lib/wasm32-wasi/pkgconfig/python-$version$d-embed.pc" "usr/local/lib/python$x.zip" \
    "usr/local/lib/python$version/os.py" "usr/local/lib/python$version/lib-dynload/.empty"; do
    check "$file is there" test -f "$file"
done
python3 "$KRAIT_SOURCE_DIR/recipes/cpython/check_wasm.py" --list bin/python.wasm >"$T/imports"
grep -v '^#' "$KRAIT_SOURCE_DIR/tests/guest/imports.txt" | sort >"$T/allowed"
check "its imports" cmp "$T/imports" "$T/allowed"

same "-V" "$(python -V)" "Python $full"
same "sys.path" "$(python -c 'import sys; print(sys.path)')" \
    "['', '/usr/local/lib/python$x.zip', '/usr/local/lib/python$version', '/usr/local/lib/python$version/lib-dynload']"
same "modules" "$(python -c '
import array, asyncio, bz2, csv, dataclasses, datetime, decimal, hashlib, json, lzma, math, pickle, random, re
import sqlite3, statistics, struct, tempfile, unicodedata, unittest, urllib.parse, uuid, zipfile, zlib, zoneinfo
import xml.dom.minidom, xml.etree.ElementTree, xml.sax
data = bytes(range(256)) * 400
for m in zlib, bz2, lzma:
    assert m.decompress(m.compress(data)) == data
c = sqlite3.connect(":memory:")
c.execute("create virtual table t using fts5(x)")
c.execute("insert into t values (?)", ("the quick brown fox",))
assert c.execute("select count(*) from t where t match ?", ("quick",)).fetchone() == (1,)
c.close()
assert decimal.Decimal("1.1") + decimal.Decimal("2.2") == decimal.Decimal("3.3")
assert xml.dom.minidom.parseString("<a b=\"c\"/>").documentElement.getAttribute("b") == "c"
assert hashlib.sha3_256(b"").hexdigest()[:4] == "a7ff" and hashlib.blake2b(b"").hexdigest()[:4] == "786a"
assert hashlib.md5(b"").hexdigest() == "d41d8cd98f00b204e9800998ecf8427e"
assert pickle.loads(pickle.dumps({1: [2]})) == {1: [2]}
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
assert deep(400) == 400
print("all")')" "all"
same "an exit status" "$(python -c 'import sys; sys.exit(7)'; echo $?)" 7
if [ "$flavor" = debug ]; then
    same "Py_DEBUG" "$(python -c 'import sysconfig, sys; print(sysconfig.get_config_var("Py_DEBUG"), sys.abiflags)')" "1 d"
fi
env="-e PYTHONTRACEMALLOC=1"
same "tracemalloc" "$(python -c 'import tracemalloc; print(tracemalloc.is_tracing())')" True
env="-e PYTHONHOME=/usr/local/lib/python$x.zip -e PYTHONPATH=/usr/local/lib/python$x.zip"
same "moved by PYTHONHOME" "$(python -c 'import sys; print(sys.path)')" \
    "['', '/usr/local/lib/python$x.zip', '/usr/local/lib/python$x.zip/lib/python$x.zip', '/usr/local/lib/python$x.zip/lib/python$version', '/usr/local/lib/python$x.zip/lib/python$version/lib-dynload']"
env=
build tree --stdlib tree --compile-stdlib no
same "as a tree of sources" "$rc $(find "$out/usr" -name '*.pyc' | wc -l | tr -d ' ') $(python -B -c 'import json; print(json.__file__)')" \
    "0 0 /usr/local/lib/python$version/json/__init__.py"
if [ "$flavor" = portable ] && "$KRAIT" pack --help >/dev/null 2>&1; then
    build packed --stdlib packed
    same "with the library inside" "$rc $(ls "$out/usr" 2>/dev/null) $(python -c 'import json, sqlite3; print(json.__name__)')" "0  json"
fi
if [ "$version$flavor" = 3.13portable ]; then
    NO_OPT=1 && export NO_OPT
    build plain --stdlib none
    same "NO_OPT" "$rc $(grep -c '"wasm_opt": null' "$out/MANIFEST.json")" "0 1"
    check "wasm-opt makes it smaller" test "$(wc -c <"$T/first/bin/python.wasm")" -lt "$(wc -c <"$out/bin/python.wasm")"
fi
finish
