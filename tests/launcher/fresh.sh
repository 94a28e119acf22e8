# SPDX-License-Identifier: Apache-2.0
# A build happens once; then the program is started at once, with what the user gave.
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"

krait run a.py
same "the first run builds and starts the program" "$rc" 0
has "its arguments arrive" "$out" "arg=[a.py]"
has "cmake was configured" "$(calls)" "cmake -S $co -B $co/build"
has "and asked for the program and its runtime" "$(calls)" "--target krait krait-runtime"

forget
krait run 'two words' '' 'new
line' '*' '$HOME' "it's" '\n' -x
same "a fresh build starts no cmake" "$(calls)" ""
same "nothing is said" "$err" ""
same "arguments arrive untouched" "$(sed 1d "$T/out")" "argc=9
arg=[run]
arg=[two words]
arg=[]
arg=[new
line]
arg=[*]
arg=[\$HOME]
arg=[it's]
arg=[\\n]
arg=[-x]"

mkdir "$T/else where"
out=$(cd "$T/else where" && PATH=$bin "$co/krait" run x)
has "the caller's folder stays" "$out" "cwd=$T/else where"
out=$(printf 'line one\nline two' | PATH=$bin "$co/krait" stdin)
has "stdin is the program's" "$out" "line one
line two"
krait exit 42
same "its exit status comes back" "$rc" 42

ln -s "$co/krait" "$T/link"
ln -s link "$T/link2"
out=$(PATH=$bin "$T/link2" run via-link)
has "through two symbolic links" "$out" "arg=[via-link]"
ln -s "$co" "$T/dir"
out=$(PATH=$bin "$T/dir/krait" run via-dir)
has "through a linked folder" "$out" "arg=[via-dir]"
out=$(cd "$co" && PATH=$bin sh krait run plain)
has "as 'sh krait'" "$out" "arg=[plain]"
out=$(PATH="$co:$bin" krait run path 2>&1; cat "$T/out")
has "found on PATH" "$out" "arg=[path]"
same "none of them called cmake" "$(calls)" ""

for file in CMakeLists.txt cmake/file.c include/krait/file.c host/base/file.c aot/file.c \
    pack/file.c process/file.c cli/file.c guest/file.c recipes/file.c; do
    forget
    touch "$co/$file"
    krait run
    has "an edited $file leads to a build" "$(calls)" "cmake --build"
    forget
    krait run
    same "which is fresh then" "$(calls)" ""
done
rm "$co/aot/file.c"
krait run
has "so does a deleted file" "$(calls)" "cmake --build"
forget
rm "$co/build/bin/krait"
krait run
has "and a program that is gone" "$(calls)" "cmake --build"

# The Python for other engines is made for the command that needs it.
forget
krait pack app
has "pack leads to a build" "$(calls)" "--target krait krait-runtime krait-portable"
has "and starts then" "$out" "arg=[app]"
forget
krait pack app
same "which is fresh then" "$(calls)" ""
touch "$co/guest/file.c"
krait run
forget
krait pack app
has "one that is older than the program is made again" "$(calls)" "krait-portable"
forget
krait module script.py
has "module leads to a build of another one, too" "$(calls)" "krait-portable krait-module-runtime"
forget
krait module script.py
same "which is fresh then" "$(calls)" ""
krait pack app
same "and the one for pack still is" "$(calls)" ""

# A file that is edited while the build runs is not in it.
touch "$co/cli/file.c"
echo 'sleep 0.1; touch "$EDITED"' >"$T/hook"
EDITED=$co/host/base/file.c && export EDITED
krait run
rm "$T/hook"
forget
krait run
has "an edit during the build leads to another" "$(calls)" "cmake --build"

forget
KRAIT_BUILD="$T/other build" && export KRAIT_BUILD
krait run x
has "KRAIT_BUILD is used" "$(calls)" "-B $T/other build"
forget
(cd "$T" && KRAIT_BUILD="other build" PATH=$bin "$co/krait" run x) >"$T/out" 2>&1
has "a relative one is the caller's" "$(cat "$T/out")" "arg=[x]"
same "and is the same folder" "$(calls)" ""
cp -R "$co" "$T/copy"
(PATH=$bin "$T/copy/krait" run x) >"$T/out" 2>&1
has "a build folder of another checkout is built anew" "$(calls)" "cmake -S $T/copy"
unset KRAIT_BUILD
forget
(PATH=$bin "$T/copy/krait" run moved) >"$T/out" 2>&1
has "a checkout that was moved with its build starts" "$(cat "$T/out")" "arg=[moved]"

WASI_SDK_PATH=$T/sdk && export WASI_SDK_PATH
mkdir -p "$T/sdk/bin"
touch "$T/sdk/builtins.a"
ln -s "$bin/clang-19" "$T/sdk/bin/clang"
ln -s "$bin/clang-19" "$bin/cc"
krait run
has "another WASI_SDK_PATH leads to a build" "$(calls)" "cmake --build"
forget
krait run
same "which is fresh then" "$(calls)" ""
finish
