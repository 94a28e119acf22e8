# SPDX-License-Identifier: Apache-2.0
# Requirement 002: wl-make.sh, its layout, the prompt and a library in another place.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
sdk
unset CC
# 002-build: the second line is the command.
today 002-build >command
out=$(sh -eu command 2>"$T/err" </dev/null)
same "wl-make.sh" "$?" 0
[ -d "$out" ] || { cat "$T/err" && finish; }
tree=$out
version=${tree##*/v}
same "where" "$tree" "$T/build-output/python/v$version"
# Every name of the drawing, joined to a path by its depth.
today 002-layout | python3 -c '
import sys
names = []
for line in sys.stdin.read().replace("\u00a0", " ").splitlines()[1:]:
    at = max(line.find("├"), line.find("└"))
    names[at // 4:] = [line[at + 4:]]
    print("/".join(names))' | sed "s/^v$x/v$version/" >"$T/layout"
same "the drawing was read" "$(wc -l <"$T/layout" | tr -d ' ')" 9
while IFS= read -r path; do
    check "$path" test -e "build-output/python/$path"
done <"$T/layout"

cd "$tree" || exit 1
# The prompt: 002-prompt is a whole session, of which only the first line differs between builds.
command_of 002-prompt >"$T/command"
same "the command" "$(cat "$T/command")" "krait run bin/python.wasm --mapdir /::."
shown 002-prompt | sed -n 's/^>>> //p' >"$T/typed"
"$KRAIT" run bin/python.wasm --mapdir /::. -- -c pass # translates
python3 "$KRAIT_SOURCE_DIR/tests/requirements/prompt.py" sh "$T/command" <"$T/typed" >"$T/session" 2>&1
same "a session ends" "$?" 0
same "what it says first" "$(sed -n '1s/^Python \([0-9.]*\) (.*) \[Clang .*\] on wasi$/\1/p' "$T/session")" "$version"
# CPython 3.13 has a prompt for terminals that can be set, and says that it takes the plain one.
sed -i "/^warning: can't use pyrepl: No module named 'termios'\$/d" "$T/session"
same "a session" "$(sed -e 1d -e 's/ *$//' "$T/session")" "$(shown 002-prompt | sed -e 1d -e 's/ *$//')"

do_block 002-relocated
same "the library in another place" "$rc: $out" "0: $(shown 002-relocated)"
# The same with the folder's full name, after the module, and as krait's own option.
for map in "--mapdir=/mypath::$tree/usr/local/lib" "--mapdir mypath::./usr/local/../local/lib" "--dir usr/local/lib::/mypath"; do
    out=$(sh -c "krait run $map -e PYTHONPATH=/mypath/python$xx.zip -e PYTHONHOME=/mypath/python$xx.zip -- bin/python.wasm -c 'import sys; import pprint; pprint.pprint(sys.path)'" 2>&1)
    same "$map" "$?: $out" "0: $(shown 002-relocated)"
done
# From another working directory, with blanks in the path of the host.
mkdir "$T/a b" && ln -s "$tree" "$T/a b/py thon"
cd "$T/a b" || exit 1
out=$(krait run --mapdir "/::py thon" "py thon/bin/python.wasm" -- -c 'import sys; print(sys.path[1], sys.argv)' one 'two  2' 2>&1)
same "a path with blanks" "$?: $out" "0: /usr/local/lib/python$xx.zip ['-c', 'one', 'two  2']"
out=$(krait run --mapdir /::py\ thon:ro "py thon/bin/python.wasm" -- -c 'open("/new", "w")' 2>&1)
same "read-only" "$?" 1
has "read-only, as it is said" "$out" "Read-only file system"

# A version that nobody pinned: what there is, is said.
out=$(wl-make.sh python/v3.11.1 2>&1)
same "a version without a checksum" "$?" 2
has "it is said what there is" "$out" "$x"
finish
