# SPDX-License-Identifier: Apache-2.0
# Every shell script of ours is read without complaint by the strictest shell at hand.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$KRAIT_SOURCE_DIR" || exit 1
shell=sh
command -v dash >/dev/null && shell=dash
find krait .ci tools recipes compat tests bench guest examples -type f 2>/dev/null >"$T/all"
while IFS= read -r file; do
    case $file in
    *.sh) ;;
    *.py | *.c | *.h | *.txt | *.md) continue ;;
    *) head -n 1 "$file" 2>/dev/null | grep -q '^#!.*/sh$' || continue ;;
    esac
    check "$file is POSIX sh" "$shell" -n "$file"
done <"$T/all"
finish
