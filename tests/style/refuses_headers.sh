# SPDX-License-Identifier: Apache-2.0
# tools/check-headers.py on planted declarations.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
new_tree
put host/api/good.c </dev/null

# header: a declaration in a file; the comment is stdin.
good_comment() {
    cat <<'EOF'
/**
 * Do it.
 *
 * @param count    how many
 * @param ret_sum  receives the sum
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EINVAL count is 0
 * Threads: any
 * Source:  host/api/good.c
 * Since:   0.1
 */
EOF
}
header() {
    {
        echo '/* SPDX-License-Identifier: Apache-2.0 */'
        echo '/* A header. */'
        cat
        echo 'KRAIT_API krait_status krait_do(unsigned count, int *ret_sum);'
    } | put include/krait/good.h
}
good_comment | header
accepts "a complete comment" check-headers.py
for label in Units Owner Errors Threads Source Since; do
    good_comment | grep -v "$label:" | header
    refuses "a comment without $label" check-headers.py "krait_do label '$label:' is missing"
done
good_comment | grep -v '@param count' | header
refuses "a parameter that is not described" check-headers.py "parameter 'count' is not described"
good_comment | grep -v '@return' | header
refuses "a result that is not described" check-headers.py "the result is not described"
good_comment | sed 's/EINVAL/EWHAT/' | header
refuses "a code that does not exist" check-headers.py "'KRAIT_EWHAT' is no code"
good_comment | sed 's/good\.c/gone.c/' | header
refuses "a source that does not exist" check-headers.py "'host/api/gone.c' does not exist"
header </dev/null
refuses "a declaration without a comment" check-headers.py "has no /** comment"
{
    good_comment
    echo 'krait_status krait_other(unsigned count, int *ret_sum);'
    good_comment
} | header
refuses "a declaration that is not exported" check-headers.py "krait_other is not marked KRAIT_API"
good_comment | header
printf 'typedef struct krait_bare {\n    int a;\n} krait_bare;\n' >>"$T/tree/include/krait/good.h"
refuses "a type without a comment" check-headers.py "krait_bare has no comment"
finish
