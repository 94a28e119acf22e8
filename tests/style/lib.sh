# SPDX-License-Identifier: Apache-2.0
# For the tests of the checkers: small trees with one fault each.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v python3 >/dev/null || skip "no python3"

# put FILE: writes stdin to a file of the tree.
put() {
    mkdir -p "$T/tree/$(dirname "$1")"
    cat >"$T/tree/$1"
}

# new_tree: an empty one with what every checker reads.
new_tree() {
    rm -rf "$T/tree"
    mkdir -p "$T/tree"
    put host/layers.txt <<'EOF'
base:
engine: base
vfs: base
api: base engine
EOF
    put include/krait/error.h <<'EOF'
/* SPDX-License-Identifier: Apache-2.0 */
/* Errors. */
#define KRAIT_API /* exported */
/** Codes. */
typedef enum krait_status {
    KRAIT_OK = 0,
    KRAIT_EINVAL = 1,
} krait_status;
EOF
}

# accepts WHAT CHECKER / refuses WHAT CHECKER PART: what the checker says of the tree.
accepts() {
    out=$(python3 "$KRAIT_SOURCE_DIR/tools/$2" "$T/tree" 2>&1)
    same "$1 is accepted ($out)" $? 0
}
refuses() {
    out=$(python3 "$KRAIT_SOURCE_DIR/tools/$2" "$T/tree" 2>&1)
    same "$1 is refused" $? 1
    has "$1 is named" "$out" "$3"
}
