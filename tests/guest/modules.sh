# SPDX-License-Identifier: Apache-2.0
# Imports everything that is shipped, in the sandbox; see modules.py.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
args=$(sed -n 's/^ *"version": "\([0-9.]*\)".*/python=\1/p' "$KRAIT_RUNTIME_TREE/MANIFEST.json" | tail -n 1)
for name in zlib sqlite expat mpdecimal; do
    args="$args $(awk -v n=$name '$1 == n { print n "=" $2; exit }' "$KRAIT_SOURCE_DIR/recipes/sources.lock")"
done
# shellcheck disable=SC2086 # words
check "modules" "$KRAIT" run "$KRAIT_SOURCE_DIR/tests/guest/modules.py" $args
finish
