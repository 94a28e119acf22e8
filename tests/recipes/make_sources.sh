# SPDX-License-Identifier: Apache-2.0
# `krait build-python`: where the source comes from: the lock's candidates, any release with its
# checksum, a source tree; clean, dist-clean, reset.
. "$KRAIT_SOURCE_DIR/tests/recipes/make_lib.sh"
NO_OPT=1 && export NO_OPT

# Candidates: the first one that can be had.
archive 13 9
archive 13 5
{ line_up python 3.13.9 Python-3.13.9.tar && line_up python 3.13.5 Python-3.13.5.tar; } >"$R/sources.lock"
rm "$up/Python-3.13.9.tar"
make_python
same "the second candidate" "$rc $(sed -n 's/^  "version": "\(.*\)",*$/\1/p' "$T/build-output/python/v3.13.5/MANIFEST.json")" "0 3.13.5"
rm "$up/Python-3.13.5.tar"
rm -rf "$KRAIT_CACHE"
make_python --out "$T/none"
same "no source" $rc 1
has "says where it was tried" "$err" "file://$up/Python-3.13.9.tar: no such file"
has "for every candidate" "$err" "python 3.13.5: no file"
check_not "nothing was written" test -e "$T/none"
# Another one is not affected, and neither is what is built from it.
archive 13 7
program "$TEST_WASM" 3.13.7 42
mkdir -p "$src" && cp "$up/Python-3.13.7.tar" "$src/python3.13_3.13.7.orig.tar.xz"
make_python --python 3.13.7 --sha256 "$(sum "$up/Python-3.13.7.tar")" --out "$T/given"
same "a release by its sum" "$rc $out" "0 $T/given"
make_python --python 3.13.7 --sha256 "$(printf '%064d' 7)" --out "$T/wrong"
same "a wrong sum" $rc 1
has "says both" "$err" "expected sha256 $(printf '%064d' 7)"
check_not "nothing was written" test -e "$T/wrong"

# A source tree: packed the same from everywhere, not changed.
archive 14 2
program "$TEST_WASM" 3.14.2 42
mkdir -p "$T/tree one/Lib" "$T/two/Lib"
for tree in "$T/tree one" "$T/two"; do
    cp -R "$T/py/Include" "$tree/"
    echo 'x = 1' >"$tree/Lib/os.py"
done
chmod 755 "$T/two/Lib/os.py" && chmod 644 "$T/two/Lib/os.py"
touch -d '2001-01-01' "$T/two/Lib/os.py"
touch -d '2020-01-01' "$T/tree one/Include/patchlevel.h" "$T/two/Include/patchlevel.h"
before=$(cd "$T/tree one" && find . -type f -exec sha256sum {} + | sort)
forget
make_python --source "$T/tree one" --out "$T/local"
same "--source" "$rc $(ran)" "0 cpython "
has "its version" "$err" "Python 3.14.2 runs"
same "is not changed" "$(cd "$T/tree one" && find . -type f -exec sha256sum {} + | sort)" "$before"
forget
make_python --source "$T/two" --out "$T/local"
same "the same files elsewhere are the same source" "$rc $(ran)" "0 "
echo 'x = 2' >"$T/two/Lib/os.py"
make_python --source "$T/two" --out "$T/local"
same "a change is another one" "$rc $(ran)" "0 cpython "
echo >"$T/two/Makefile"
make_python --source "$T/two"
has "configured in place" "$err" "was configured in place (Makefile)"
make_python --source "$T/nowhere"
has "not there" "$err" "'$T/nowhere' is not a folder"
mkdir "$T/empty"
make_python --source "$T/empty"
has "no source tree" "$err" "there is no Include/patchlevel.h"
printf '#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION 9\n#define PY_MICRO_VERSION 1\n' >"$T/tree one/Include/patchlevel.h"
make_python --source "$T/tree one"
same "of a version without a recipe" "$rc" 125
has "lists the known" "$err" "there is no recipe for Python 3.9.1; known are 3.11"

# Only what the lock names is as it was downloaded.
: >"$src/half.part"
mkdir -p "$src/rejected"
make_python reset
same "reset" "$rc $(ls "$src")" "0 "
make_python clean
same "clean" "$rc $(ls "$KRAIT_CACHE" | grep -v "^module$")" "0 src"
make_python dist-clean
same "dist-clean" "$rc $(ls "$KRAIT_CACHE" | grep -v "^module$")" "0 "
make_python reset
has "nothing to reset" "$err" "there are no sources"
finish
