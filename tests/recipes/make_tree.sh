# SPDX-License-Identifier: Apache-2.0
# `krait build-python`: the tree, the forms of the standard library, the run at the end.
. "$KRAIT_SOURCE_DIR/tests/recipes/make_lib.sh"

make_python
same "it builds" "$rc $out" "0 $T/build-output/python/v3.13.5"
same "with wasm-opt" "$(ran)" "cpython python-opt "
has "and runs what it built" "$err" "Python 3.13.5 runs"
same "--stdlib zip" "$(files "$out")" ".krait-key MANIFEST.json SHA256SUMS bin/python.wasm share/doc/cpython/LICENSE usr/local/lib/python3.13/lib-dynload/.empty usr/local/lib/python3.13/os.py usr/local/lib/python313.zip "
check "the sums hold" sh -c 'cd "$1" && sha256sum -c --quiet SHA256SUMS' sh "$out"
same "files have the time of the release" "$(stat -c %Y "$out/usr/local/lib/python3.13/os.py")" 1000
has "the manifest says how" "$(cat "$out/MANIFEST.json")" '"stdlib": "zip"'
same "byte code in the zip" "$(python3 -m zipfile -l "$out/usr/local/lib/python313.zip" | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" "os.pyc json/__init__.pyc "
first=$(sha256sum <"$out/SHA256SUMS")
forget
make_python
same "again: from the cache" "$rc $(ran)" "0 "
same "the same bytes" "$(sha256sum <"$out/SHA256SUMS")" "$first"

make_python --compile-stdlib no --out zip-sources
same "sources in the zip" "$rc $(python3 -m zipfile -l "$out/usr/local/lib/python313.zip" | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" "0 os.py json/__init__.py "
make_python --stdlib tree --out "$T/tree"
same "--stdlib tree" "$rc $(files "$T/tree/usr")" "0 local/lib/python3.13/__pycache__/os.pyc local/lib/python3.13/json/__init__.py local/lib/python3.13/json/__pycache__/__init__.pyc local/lib/python3.13/lib-dynload/.empty local/lib/python3.13/os.py "
make_python --stdlib tree --tests --out "$T/tree"
same "--tests" "$rc $(files "$T/tree/usr" | tr ' ' '\n' | grep test)" "0 local/lib/python3.13/test/__init__.py"
make_python --tests
same "--tests without a tree" "$rc $err" "125 krait: --tests goes with --stdlib tree
krait: \`krait build-python --help\` lists the options"
COMPILE_STDLIB=0 INCLUDE_STDLIB=0 && export COMPILE_STDLIB INCLUDE_STDLIB
make_python --out "$T/tree"
same "INCLUDE_STDLIB=0 COMPILE_STDLIB=0" "$rc $(files "$T/tree/usr")" "0 local/lib/python3.13/json/__init__.py local/lib/python3.13/lib-dynload/.empty local/lib/python3.13/os.py "
unset COMPILE_STDLIB INCLUDE_STDLIB
make_python --stdlib none --out "$T/none"
same "--stdlib none" "$rc $(files "$T/none")" "0 .krait-key MANIFEST.json SHA256SUMS bin/python.wasm share/doc/cpython/LICENSE "
forget
make_python --prefix /opt/wasi-python --out "$T/opt"
same "--prefix" "$rc $(files "$T/opt/opt")" "0 wasi-python/lib/python3.13/lib-dynload/.empty wasi-python/lib/python3.13/os.py wasi-python/lib/python313.zip "
same "--prefix is another build" "$(ran)" "cpython python-opt "
forget
NO_OPT=true DEBUG=true make_python --out "$T/debug"
same "NO_OPT, DEBUG" "$rc $(ran)" "0 cpython "
BUILD_PYTHON_DIR=$T/python make_python
check "BUILD_PYTHON_DIR" "$T/python/bin/python3" -c ''

# Names that a shell, or an option, would take for something else.
odd="$T/a \$(touch done) \`touch done\` \"b"
mkdir "$odd"
make_python --out "$odd/"
same "an empty folder, with a slash, of an odd name" "$rc $out" "0 $odd"
check "it is there" test -f "$odd/bin/python.wasm"
mkdir -p "$odd/lib/__pycache__" && touch "$odd/lib/x.py" "$odd/lib/__pycache__/x.cpython-313.pyc"
(cd "$T" && . "$KRAIT_SOURCE_DIR/recipes/make-tree.sh" && place_byte_code "$odd/lib")
same "byte code in the place of sources" "$(files "$odd/lib")" "x.pyc "
check_not "its name is only a name" test -e "$T/done"
same "nothing lies beside it" "$(ls -d "$odd".* 2>/dev/null)" ""
make_python --out /
same "the root" $rc 125
check_not "a folder that cannot be listed is not taken for an empty one" sh -c '. "$1/recipes/make-tree.sh"
    out=$2
    ls() { return 2; }
    replaceable' sh "$KRAIT_SOURCE_DIR" "$T"

mkdir "$T/mine" && echo precious >"$T/mine/file"
make_python --out "$T/mine"
same "a folder of somebody else's" $rc 1
has "says so" "$err" "was not made by krait build-python"
same "is left alone" "$(files "$T/mine")" "file "

same "packed needs a program that can be packed" "$(make_python --stdlib packed --out "$T/packed"; echo $rc; ls -d "$T"/packed* 2>/dev/null)" 1
# The run at the end decides.
cp "$TEST_WASM" "$T/good.wasm"
program "$TEST_WASM" 3.13.5 41
echo '# another' >>"$R/cpython/build.sh"
rm -rf "$T/bad"
make_python --out "$T/bad"
same "a wrong answer fails the build" $rc 1
has "says which" "$err" "python.wasm -c failed"
same "and hands over nothing" "$(ls -d "$T"/bad* 2>/dev/null)" ""
program "$TEST_WASM" 3.13.4 42
echo '# another' >>"$R/cpython/build.sh"
make_python --out "$T/bad"
same "a wrong version, too" $rc 1
has "says what it said" "$err" "said 'Python 3.13.4"
cp "$T/good.wasm" "$TEST_WASM"
echo '# another' >>"$R/cpython/build.sh"
(cd "$T" && PATH=/usr/bin:/bin KRAIT_PROGRAM=/nonexistent sh -c '[ ! -x "$1/build/bin/krait" ] && ! command -v krait >/dev/null && exec "$1/recipes/make-python"; exit 3' sh "$KRAIT_SOURCE_DIR") >/dev/null 2>"$T/err"
case $? in
3) ;;
*) has "without krait there is no proof" "$(cat "$T/err")" "there is no krait to run the result with" ;;
esac

make_python --dist --out "$T/for-others"
same "--dist" $rc 0
archive=$T/krait-python-3.13.5-portable.tar.gz
check "its checksum" sh -c 'cd "$1" && sha256sum -c --quiet krait-python-3.13.5-portable.tar.gz.sha256' sh "$T"
mkdir "$T/u" && tar -xf "$archive" -C "$T/u"
check "the sums inside" sh -c 'cd "$1" && sha256sum -c --quiet SHA256SUMS' sh "$T/u/krait-python-3.13.5-portable"
has "NOTICE has the licences" "$(cat "$T/u"/*/NOTICE)" "cpython: LICENSE"
check "the SBOM" python3 -c 'import json, sys
bom = json.load(open(sys.argv[1]))
assert bom["bomFormat"] == "CycloneDX" and [c["name"] for c in bom["components"]] == ["cpython"], bom
assert bom["components"][0]["version"] == "3.13.5" and bom["metadata"]["component"]["hashes"]' "$T/u/krait-python-3.13.5-portable/sbom.cdx.json"
before=$(sha256sum <"$archive")
make_python --dist --out "$T/for-others"
same "the same archive again" "$(sha256sum <"$archive")" "$before"
forget
make_python --verify
same "--verify builds once more" "$rc $(ran)" "0 cpython python-opt "
has "and compares" "$err" "both builds have the same"
echo 'date +%N >"$OUT/share/doc/cpython/now"' >>"$R/cpython/build.sh"
make_python --verify
same "--verify finds a difference" $rc 1
has "says where" "$err" "share/doc/cpython/now"
forget
make_python --clean
same "--clean builds anew" "$(ran)" "cpython python-opt "
case $err in *"what a compiler prints"*) failed "compilers are not shown" ;; *) passed ;; esac
make_python --clean --verbose
same "--verbose" $rc 0
has "shows compilers" "$err" "what a compiler prints"
has "the log has it as well" "$(cat "$KRAIT_CACHE"/build/log/cpython-*.log)" "what a compiler prints"
finish
