/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of check.h on values that satisfy them. What a failing check does is in
 * check_reports.sh, which builds a program that fails.
 */
#include "support/check.h"

static void
accepts_true_things(void)
{
    const unsigned char bytes[] = {1, 2, 3};
    CHECK(1 + 1 == 2);
    CHECK_INT(INT64_MIN, INT64_MIN);
    CHECK_UINT(UINT64_MAX, UINT64_MAX);
    CHECK_STR("a", "a");
    CHECK_STR(NULL, NULL);
    CHECK_HAS("cannot open 'x'", "'x'");
    CHECK_MEM(bytes, "\1\2\3", sizeof bytes);
    CHECK_UINT(check_now.checks, 7);
}

static void
require_goes_on_when_true(void)
{
    REQUIRE(check_now.checks == 0);
    CHECK_UINT(check_now.checks, 1);
}

CHECK_MAIN(CHECK_CASE(accepts_true_things), CHECK_CASE(require_goes_on_when_true))
