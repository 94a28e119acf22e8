# SPDX-License-Identifier: Apache-2.0
# libkrait has no writable globals.
[ -f "$1" ] || { echo "skipped: no library"; exit 77; }
case $(nm "$1" 2>/dev/null) in *__asan* | *__tsan*) echo "skipped: sanitizers add data of their own"; exit 77 ;; esac
exec "$KRAIT_SOURCE_DIR/tools/check-globals" "$1"
