# SPDX-License-Identifier: Apache-2.0
# Requirement 003: scripts/build_wasi.sh stages a python.wasm from each of its three origins, and
# what it stages runs. --mode python-wasi is part of the test for requirement 004.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
sdk
unset CC
ln -s "$compat/scripts" scripts
code='import sys, json, os; print(sys.version_info[:2], sys.prefix, os.path.basename(json.__file__))'

# 003-cpython-tools: the pinned sources stand for /path/to/cpython, --clean would build them once more.
same "the tool's options" "$(block 003-cpython-tools | grep -o -e '--[a-z-]*' | tr '\n' ' ')" "--wasi-sdk --clean --verbose "
block 003-stage | sed -n 's/cpython-tools$/& --wasi-sdk/p' >command
printf '%s %s\n' "$(cat command)" "$SDK" >command
out=$(sh -eu command 2>"$T/err" </dev/null)
same "--mode cpython-tools" "$?: $out" "0: $T/out/wasi/python.wasm"
[ -f out/wasi/python.wasm ] || { cat "$T/err" && finish; }
# 003-layout: each of its lines is there.
today 003-layout | sed "s/3\.x/$x/" >layout
while IFS= read -r path; do
    check "$path" test -e "out/wasi/$path"
done <layout
same "it runs with usr mapped" "$(cd out/wasi && krait run --dir usr::/usr python.wasm -c "$code" 2>&1)" "(3, ${x#3.}) /usr/local __init__.py"
sed -n 's/^    krait/krait/p' out/wasi/README.txt >command
same "README.txt says how" "$(cd out/wasi && sh ../../command)" 42

# 003-stage, the third line: the same as if it came from elsewhere, with and without what it says
# about itself.
mkdir theirs
cp -R out/wasi/python.wasm out/wasi/usr theirs/
block 003-stage | sed -n 's,python.wasm$,theirs/& --out theirs-out,p' >command
out=$(sh -eu command 2>"$T/err" </dev/null)
same "--mode wasmlabs" "$?: $out" "0: $T/theirs-out/python.wasm"
check "the same program" cmp theirs/python.wasm theirs-out/python.wasm
check "its library" test -d "theirs-out/usr/local/lib/python$x"
has "its checksum is shown" "$(cat "$T/err")" "$(sha256sum <theirs/python.wasm | cut -c1-64)"
sum=$(sha256sum <theirs/python.wasm | cut -c1-64)
check "a right checksum" sh -c "$(cat command) --sha256 $sum"
out=$(sh -c "$(cat command) --sha256 $(printf '%064d' 1)" 2>&1)
same "a wrong checksum" "$?" 1
has "is one" "$out" "wrong checksum"
head -c 1000000 out/wasi/python.wasm >theirs/python.wasm
out=$(sh -c "$(cat command) --out cut" 2>&1)
same "a truncated program" "$?" 1
check_not "is not staged" test -e cut/python.wasm
finish
