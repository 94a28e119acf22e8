# SPDX-License-Identifier: Apache-2.0
# Requirement 001: build.sh, and Python with its library as a zip, from a folder of its own.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
mkdir "$T/python"
cd "$T/python" || exit 1
ln -s "$compat/build.sh" build.sh

do_block 001-build
same "build.sh" "$rc" 0
[ "$rc" -eq 0 ] || { printf '%s\n' "$out" && finish; }
here=$T/python
zip=$here/cpython/usr/local/lib/python$xx.zip
check "the program" test -f cpython/python.wasm
check "the library" test -f "$zip"
same "the program is a module" "$(head -c 4 cpython/python.wasm | od -An -tx1)" " 00 61 73 6d"

# The dependencies are a folder.
mkdir deps
echo 'name = "a dependency"' >deps/dependency.py
echo 'import sys, pprint
pprint.pprint(sys.path)
import json, dependency
print(dependency.name)' >typed
command_of 001-interpreter >command
out=$(sh -eu command <typed 2>&1)
same "the interpreter" "$?: $out" "0: ['',
 '$here/deps',
 '$zip',
 '$zip/lib/python$xx.zip',
 '$zip/lib/python$x',
 '$zip/lib/python$x/lib-dynload']
a dependency"

cat >script.py <<'END'
import sys
import dependency
print(sys.argv, dependency.name, sys.version_info[:2], sys.platform)
print(open("script.py").readline().strip())
sys.exit(7)
END
do_block 001-script
same "a script with arguments" "$rc: $out" "7: ['./script.py', 'arg1', 'arg2', 'etc'] a dependency (3, ${x#3.}) wasi
import sys"
same "nothing else was written" "$(ls | tr '\n' ' ')" "build build.sh command cpython deps script.py typed "

# What timecraft showed and krait does not: the machine.
echo 'import os; print(os.path.exists("/etc/passwd"), os.environ.get("HOME"))' >script.py
do_block 001-script
same "the machine stays hidden" "$rc: $out" "0: False None"
# Without --dir nothing of it is there, and krait says what is missing.
out=$(sed 's/ --dir \.//' "$T/command" >"$T/plain" && sh "$T/plain" 2>&1 </dev/null)
same "nothing granted" "$?" 1
has "it is said what to add" "$out" "add --dir"
finish
