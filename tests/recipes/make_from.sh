# SPDX-License-Identifier: Apache-2.0
# `krait build-python --from`: a program that was built elsewhere is checked, run and laid out.
. "$KRAIT_SOURCE_DIR/tests/recipes/make_lib.sh"
said=$T/theirs/python.wasm
mkdir -p "$T/theirs/usr/local/lib/python3.12"
program "$said" 3.12.0 42
echo 'import json' >"$T/theirs/usr/local/lib/python3.12/os.py"

make_python --from "$said" --out "$T/one"
same "a file" "$rc $out $(files "$T/one")" "0 $T/one .krait-key MANIFEST.json SHA256SUMS bin/python.wasm "
has "its sum is said" "$err" "no checksum was given for '$said'; it has sha256 $(sum "$said")"
has "it ran" "$err" "Python 3.12.0 runs"
check "the sums hold" sh -c 'cd "$1" && sha256sum -c --quiet SHA256SUMS' sh "$T/one"
make_python --from "$said" --sha256 "$(sum "$said")" --out "$T/one"
same "with its sum" "$rc" 0
has "in the manifest" "$(cat "$T/one/MANIFEST.json")" "\"checksum\": \"$(sum "$said")\""
make_python --from "$said" --sha256 "$(printf '%064d' 0)" --out "$T/two"
same "a wrong sum" "$rc" 1
has "says both" "$err" "found    sha256 $(sum "$said")"
check_not "nothing was staged" test -e "$T/two"
printf '%s  python.wasm\n' "$(printf '%064d' 1)" >"$said.sha256"
make_python --from "$said" --out "$T/two"
has "a wrong .sha256 beside it" "$err" "wrong checksum"
rm "$said.sha256"

make_python --from "$T/theirs" --out "$T/folder"
same "a folder" "$rc $(files "$T/folder")" "0 .krait-key MANIFEST.json SHA256SUMS bin/python.wasm usr/local/lib/python3.12/os.py "
for form in tar.gz tar.xz zip; do
    case $form in
    zip) (cd "$T" && python3 -m zipfile -c "$T/a.zip" theirs) && command -v unzip >/dev/null || continue ;;
    *) tar -caf "$T/a.$form" -C "$T" theirs ;;
    esac
    make_python --from "$T/a.$form" --out "$T/unpacked"
    same "$form" "$rc $(files "$T/unpacked")" "0 .krait-key MANIFEST.json SHA256SUMS bin/python.wasm usr/local/lib/python3.12/os.py "
done
make_python --from "$T/folder" --out "$T/again"
same "a tree of ours" "$rc" 0
echo x >>"$T/folder/usr/local/lib/python3.12/os.py"
make_python --from "$T/folder" --out "$T/again"
same "an altered one" "$rc" 1
has "says which file" "$err" "usr/local/lib/python3.12/os.py"

# refused WHAT TEXT FILE
refused() {
    rm -rf "$T/no"
    make_python --from "$3" --out "$T/no"
    same "$1: status" "$rc" 1
    has "$1: text" "$err" "$2"
    check_not "$1: nothing was staged" test -e "$T/no"
    same "$1: nothing half" "$(ls -d "$T"/no.* 2>/dev/null)" ""
}
refused "not there" "'$T/nothing' does not exist" "$T/nothing"
echo hello >"$T/text.wasm"
refused "no module" "holds no WebAssembly module" "$T/text.wasm"
head -c 100 "$said" >"$T/cut.wasm"
refused "a cut one" "holds no WebAssembly module" "$T/cut.wasm"
mkdir "$T/nothing-in-it"
refused "no program" "there is no python*.wasm" "$T/nothing-in-it"
echo '(module (import "env" "call" (func)) (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (func (export "_start")))' >"$T/env.wat"
wat2wasm "$T/env.wat" -o "$T/env.wasm"
refused "foreign imports" "krait:   env call" "$T/env.wasm"
program "$T/wrong.wasm" 3.12.0 41
refused "a wrong answer" "python.wasm -c failed" "$T/wrong.wasm"
echo '(module (func (export "_start") unreachable))' >"$T/trap.wat"
wat2wasm "$T/trap.wat" -o "$T/trap.wasm"
make_python --from "$T/wrong.wasm" --stdlib none --out "$T/v-only"
same "--stdlib none: -V is enough" $rc 0
has "says so" "$err" "without a library no more was tried"
refused "one that traps" "python.wasm -V failed" "$T/trap.wasm"
cp -R "$T/theirs" "$T/links" && ln -s /etc/passwd "$T/links/usr/passwd"
refused "a link that leads out" "the link 'usr/passwd'" "$T/links"
mv "$T/links/usr/passwd" "$T/links/usr/gone" && ln -sf /nonexistent/there/or/not "$T/links/usr/gone"
refused "a link that leads out, to nothing yet" "the link 'usr/gone'" "$T/links"
rm "$T/links/usr/gone" && ln -s /etc/passwd "$T/links/usr/two
lines"
refused "a name of two lines" "is no name" "$T/links"
rm "$T/links/usr/two
lines" && ln -s local "$T/links/usr/inside" && mkdir "$T/real" && ln -s real "$T/way"
make_python --from "$T/links" --out "$T/way/out"
same "a link that stays inside, to a place behind a link" $rc 0
(cd "$T" && cp "$said" ./-one.wasm && tar --force-local -cf a:b.tar theirs && tar -cf ./-c.tar theirs)
for name in -one.wasm a:b.tar -c.tar; do
    make_python "--from=$name" --out "$T/odd"
    same "an odd name: $name" $rc 0
done
python3 -W ignore -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.write(sys.argv[2], "bin/python.wasm")
    z.write(sys.argv[2], "bin/python.wasm")' "$T/twice.zip" "$said"
command -v unzip >/dev/null && {
    make_python --from "$T/twice.zip" --out "$T/odd"
    same "a zip with a name twice" $rc 0
}
cp -R "$T/theirs" "$T/pipe" && mkfifo "$T/pipe/usr/pipe"
refused "a pipe" "'usr/pipe'" "$T/pipe"
echo broken >"$T/broken.tar.gz"
refused "a broken archive" "cannot unpack '$T/broken.tar.gz'" "$T/broken.tar.gz"
finish
