# SPDX-License-Identifier: Apache-2.0
# check.h must say no: a program whose checks fail reports each and exits 1, one that
# skips exits 77, one that checks nothing fails, and an unknown case is refused.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"

cat >"$T/t.c" <<'EOF'
#include "support/check.h"
static void wrong(void) { CHECK_INT(1, 2); CHECK_STR("a", "b"); CHECK_HAS("abc", "x"); }
static void leaves(void) { REQUIRE(0 == 1); CHECK(!"not reached"); }
static void away(void) { CHECK_SKIP("no such thing"); }
static void empty(void) {}
static void tells(void) { check_reason = "no spoon"; CHECK(!"told"); }
static void fails(void) { CHECK(!"silent"); }
static void good(void) { CHECK(1); }
CHECK_MAIN(CHECK_CASE(wrong), CHECK_CASE(leaves), CHECK_CASE(away), CHECK_CASE(empty),
           CHECK_CASE(tells), CHECK_CASE(fails), CHECK_CASE(good))
EOF
check "the program compiles" "$KRAIT_TEST_CC" -std=c11 -I "$KRAIT_SOURCE_DIR/tests" "$T/t.c" -o "$T/t"

run() { out=$("$T/t" "$@"); rc=$?; }
run wrong
same "a failed check exits 1" "$rc" 1
has "an integer is shown" "$out" "found  1 (0x1)"
has "a text is shown" "$out" 'wanted "b"'
has "a missing part is shown" "$out" 'wanted a text with "x"'
run leaves
same "REQUIRE exits 1" "$rc" 1
case $out in *reached*) failed "REQUIRE leaves the case" ;; *) passed ;; esac
run tells
has "an error that was reported is shown" "$out" "the last error: no spoon"
run tells fails
same "but not with other cases" "$(echo "$out" | grep -c spoon)" 1
run away
same "a skip exits 77" "$rc" 77
has "a skip says why" "$out" "no such thing"
run empty
same "a case without a check fails" "$rc" 1
run good
same "a good case exits 0" "$rc" 0
run good away
same "a skip beside a good case exits 77" "$rc" 77
run away wrong
same "a failure outweighs a skip" "$rc" 1
run nothing
same "an unknown case exits 2" "$rc" 2
run
same "all together fail" "$rc" 1
finish
