# SPDX-License-Identifier: Apache-2.0
# krait inspect: everything that it can say, as text and as JSON, of modules and translations,
# and what it says of files that are neither.
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"

wat all <<'WAT'
(module $own_name
  (import "env" "log" (func $log (param i32 f64) (result i64)))
  (import "env" "memory" (memory 1 4))
  (import "env" "base" (global $base (mut i32)))
  (import "e\1b[31mvil\"\\" "\u{e4}" (func))
  (table 3 7 externref)
  (global $g i32 (i32.const 4))
  (func $start)
  (func $two (result i32 i32) (i32.const 1) (i32.extend8_s (i32.const 2)))
  (func (drop (i32.trunc_sat_f32_s (f32.const 1))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
  (export "two" (func $two)) (export "g" (global $g)) (export "m" (memory 0))
  (data (i32.const 0) "0123456789")
  (start $start))
WAT
wat2wasm --enable-all --debug-names all.wat -o all.wasm || failed "names"
run inspect all.wasm
same "status" "$rc" 0
for line in "kind         module" "size         $(wc -c <all.wasm)" \
    "sha256       $(sha256sum all.wasm | cut -d' ' -f1)" \
    "features     mutable-globals sign-ext nontrapping-fptoint bulk-memory reference-types multivalue" \
    "functions    3" "data_bytes   10" "globals      1" "start        2" \
    "  memory 1..4 pages" "  table 3..7 of externref" \
    "  env.log: func (i32, f64) -> i64" "  env.memory: memory 1..4 pages" \
    "  env.base: global mut i32" '  e\1b[31mvil"\5c.\c3\a4: func ()' \
    "  two: func () -> (i32, i32)" "  g: global i32" "module_name  own_name" "  name: "; do
    has "text" "$out" "$line"
done
same "no control characters" "$(printf '%s' "$out" | tr -d '\n' | tr -dc '\000-\037' | wc -c)" 0
"$KRAIT" inspect --json all.wasm >all.json
check "JSON" python3 - <<'E2'
import json
m = json.load(open("all.json", encoding="utf-8"))
assert m["file"] == "all.wasm" and m["kind"] == "module" and m["module_name"] == "own_name"
assert m["imports"][0] == {"module": "env", "name": "log", "kind": "func", "type": "func (i32, f64) -> i64"}
assert m["imports"][3]["module"] == 'e\x1b[31mvil"\\' and m["imports"][3]["name"] == "\u00e4"
assert m["exports"][1] == {"name": "g", "kind": "global", "index": 1, "type": "global i32"}
assert m["memories"] == ["memory 1..4 pages"] and m["tables"] == ["table 3..7 of externref"]
assert [c["name"] for c in m["custom"]] == ["name"] and m["custom"][0]["size"] > 0
assert m["start"] == 2 and "multivalue" in m["features"]
E2

# Sections of tools: who made it; damaged, it is left out.
python3 - <<'E2'
def section(name, content):
    body = bytes([len(name)]) + name + content
    return b"\0" + bytes([len(body)]) + body
whole = b"\2\x08language\1\3C11\0\x0cprocessed-by\1\5clang\0042.21"
open("made.wasm", "wb").write(b"\0asm\1\0\0\0" + section(b"producers", whole[:-2] + b"22"))
open("cut.wasm", "wb").write(b"\0asm\1\0\0\0" + section(b"producers", whole[:20]) + section(b"name", b"\0\x7f"))
E2
run inspect made.wasm
has "producers" "$out" "  language: C11 "
run inspect cut.wasm
same "a damaged custom section is no error" "$rc" 0
run inspect --json cut.wasm
check "its JSON is whole" sh -c "printf '%s' '$out' | python3 -m json.tool"

# Translations.
"$KRAIT" compile made.wasm -o made.krt -O 1 --meter || failed "compile"
run inspect made.krt
same "a translation" "$rc" 0
for line in "kind         translation" "made_from    $(sha256sum made.wasm | cut -d' ' -f1)" \
    "processor    any" "options      -O1 meter" "runs_here    yes" "translator   " "compiler     " \
    "flags        -std=gnu11"; do
    has "translation" "$out" "$line"
done
has "its place is not in it" "$(grep -c "$T" made.krt)" 0
"$KRAIT" inspect --json made.krt | python3 -m json.tool >/dev/null || failed "JSON of a translation"
if grep -q ' avx2 ' /proc/cpuinfo; then
    printf '#!/bin/sh\nexec "%s" -mavx2 "$@"\n' "$KRAIT_TEST_CC" >avx_cc
    chmod +x avx_cc
    "$KRAIT" compile made.wasm -o avx.krt --cc ./avx_cc || failed "compile with avx2"
    run inspect avx.krt
    has "instruction sets, whoever asked for them" "$out" "avx2"
fi
cp made.krt bad.krt
printf X | dd of=bad.krt bs=1 seek=2000 conv=notrunc 2>/dev/null
run inspect bad.krt
same "a damaged one" "$rc" 126
has "is named" "$out" "'bad.krt' is damaged"

# A seal that somebody forged, with keys of their own: they command no terminal, and break no JSON.
python3 - <<'E2'
import struct
KEYS = 0x9d39247e33776d41, 0x2af7398005aaa5c7, 0x44db015024623547, 0x9c15f73e62a76ae3
MASK = (1 << 64) - 1
def fold(a, b):
    return (a * b ^ a * b >> 64) & MASK
def hash64(seed, data):  # host/base/hash.c
    lanes, total = [seed + key & MASK for key in KEYS], seed ^ len(data)
    for at in range(0, len(data) // 64 * 64 + 1, 64):
        words = struct.unpack("<8Q", data[at:at + 64].ljust(64, b"\0"))
        lanes = [fold(words[2 * i] ^ KEYS[i], words[2 * i + 1] ^ lanes[i]) for i in range(4)]
    for i in range(4):
        total = fold(total ^ KEYS[i], lanes[i] + i & MASK)
    return total
data = open("made.krt", "rb").read()
seal = bytearray(data[-224:])
text_size, object_size = struct.unpack_from("<I", seal, 20)[0], struct.unpack_from("<Q", seal, 40)[0]
text = data[object_size:object_size + text_size]
def hashed(text):
    return struct.pack("<Q", hash64(hash64(1, text), bytes(seal[:216])))
assert hashed(text) == seal[216:], "the format of the seal"
text += b'a\x1b[2J: b\nx":1,"y: z\nmade: \x1b[2J\n'
struct.pack_into("<I", seal, 20, len(text))
open("forged.krt", "wb").write(data[:object_size] + text + seal[:216] + hashed(text))
E2
run inspect forged.krt
has "a forged one" "$rc: $out" 'made         \1b[2J'
same "no control characters of its keys" "$(printf '%s' "$out" | tr -d '\n' | tr -dc '\000-\037' | wc -c)" 0
"$KRAIT" inspect --json forged.krt >forged.json
check "its JSON" python3 -c 'import json; assert "y" not in json.load(open("forged.json"))'

# What is no module.
head -c 40 all.wasm >short.wasm
run inspect short.wasm
same "a module that was cut" "$rc" 126
has "offset and section" "$out" "'short.wasm': offset 0x"
: >empty
run inspect empty
same "an empty file" "$rc" 126
run inspect missing
same "a missing file" "$rc" 127
run inspect .
same "a folder" "$rc" 126
run inspect /dev/null
same "a device" "$rc" 126
run inspect "$(command -v env)"
same "another program" "$rc" 126
run inspect
same "no file" "$rc" 125
run inspect --frobnicate all.wasm
same "an unknown option" "$rc" 125
run inspect missing all.wasm
same "one of two is missing" "$rc" 127
has "the other is shown" "$out" "kind         module"

# Any byte of a module changed: an answer, never a crash; and JSON stays JSON.
check "changed bytes" python3 - "$KRAIT" <<'E2'
import json, subprocess, sys
whole = open("all.wasm", "rb").read()
for at in range(0, len(whole), 3):
    data = bytearray(whole)
    data[at] ^= 0x81
    open("changed.wasm", "wb").write(data)
    run = subprocess.run([sys.argv[1], "inspect", "--json", "changed.wasm"], capture_output=True)
    assert run.returncode in (0, 126), (at, run)
    if run.returncode == 0:
        json.loads(run.stdout)
    else:
        assert run.stderr.startswith(b"krait: 'changed.wasm': offset 0x"), run.stderr
E2
finish
