# SPDX-License-Identifier: Apache-2.0
# A compiler that is missing, too old or not complete is named with its Debian package.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

# A PATH with nothing but what the scripts themselves call.
only=$T/only
mkdir "$only"
for tool in sh awk basename cat chmod cmp cp cut date df dirname find flock grep head ls make mkdir \
    mktemp mv nproc printf ps rm sed seq setsid sha256sum sleep sort stat sync tail tar touch tr \
    uname wc xz bzip2 gzip patch cmake; do
    path=$(command -v $tool) || skip "no $tool"
    ln -s "$path" "$only/$tool"
done
PATH=$only
unset CC

build two
same "no clang at all" $rc 1
has "what is needed" "$err" "clang 19 or newer"
has "the packages" "$err" "clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32"
has "the other way" "$err" "WASI_SDK_PATH"

cp "$bin/fakecc" "$only/clang-21"
sed -i "s:$bin:$only:g" "$only/clang-21"
echo 21.0.0 >"$T/version"
build two
has "no linker" "$err" "clang-21: missing lld-21 llvm-21"
for tool in wasm-ld llvm-ar llvm-nm llvm-ranlib; do cp "$bin/$tool" "$only/"; done
rm "$T/builtins.a"
build two
has "no builtins" "$err" "clang-21: missing libclang-rt-21-dev-wasm32"
echo builtins >"$T/builtins.a"
build two
same "complete" $rc 0

# The newest complete one is taken.
sed 's:cat "[^"]*version":echo 25.0.0:;s:builtins.a:nothing.a:' "$only/clang-21" >"$only/clang-25"
chmod +x "$only/clang-25"
build two
same "an incomplete newer one does not matter" $rc 0
mv "$only/clang-25" "$only/clang"
rm "$only/clang-21"
sed -i 's:echo 25.0.0:echo 14.0.6:g' "$only/clang"
build two
same "too old" $rc 1
has "says so" "$err" "'clang' is version 14"
WASI_SDK_PATH=$T/no-sdk
export WASI_SDK_PATH
build two
same "a wasi-sdk that is not there" $rc 1
has "is named" "$err" "$T/no-sdk/bin/clang"
mkdir -p "$T/sdk/bin"
sed 's:echo 14.0.6:echo 23.0.0:g;s:nothing.a:builtins.a:' "$only/clang" >"$T/sdk/bin/clang"
chmod +x "$T/sdk/bin/clang"
WASI_SDK_PATH=$T/sdk
build two
same "a wasi-sdk" $rc 0
unset WASI_SDK_PATH
rm "$only/patch"
CC=$T/sdk/bin/clang
export CC
build two
same "a program is missing" $rc 1
has "its package is named" "$err" "Debian package: patch"
finish
