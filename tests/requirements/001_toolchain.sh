# SPDX-License-Identifier: Apache-2.0
# Requirement 001: build.sh with a compiler that the caller names in CC, AR, NM and RL.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
toolchain
unset CC
# 001-toolchain names the programs of one LLVM by their paths.
block 001-toolchain | sed "s,/usr/lib/llvm-15/bin/,$tools/,g" >"$T/exports"
same "all four" "$(sed 's/^export \([A-Z]*\)=.*/\1/' "$T/exports" | tr '\n' ' ')" "CC AR NM RL "
echo 'build.sh' >>"$T/exports"
out=$(sh -eu "$T/exports" 2>&1 </dev/null)
same "build.sh" "$?" 0
check "its result" test -f cpython/python.wasm
has "the manifest names the compiler" "$(cat build/python/MANIFEST.json)" "$("$tools/clang" --version | sed -n '1s/.*\(clang version [0-9.]*\).*/\1/p')"
for variable in CC AR NM RL; do
    out=$(sed "s,^export $variable=.*,export $variable=/nowhere/tool," "$T/exports" >"$T/wrong" && sh -eu "$T/wrong" 2>&1 </dev/null)
    same "$variable that is not there" "$?" 1
    has "$variable is named" "$out" "/nowhere/tool"
done
finish
