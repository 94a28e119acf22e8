/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait test` without a guest: what is made of the files and texts of CPython's
 * runner, and how that is compared with what is expected.
 */
#include "cli/suite.h"
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

static const char junit[] =
    "<testsuites tests=\"6\" errors=\"1\" failures=\"1\"><testsuite>"
    "<testcase name=\"test.test_x.A.test_ok\" time=\"0.5\" />"
    "<testcase name=\"test.test_x.A.test_no\"><system-out /><failure type=\"E\" "
    "message=\"E: 1 != 2&#10;more\">Traceback &lt;x&gt;</failure></testcase>"
    "<testcase name=\"test.test_x.B.test_skip\"><skipped>requires threading</skipped></testcase>"
    "<testcase name=\"test.test_x.B.test_part (i=1)\"><skipped>because</skipped></testcase>"
    "<testcase name=\"test.test_x.B.test_wanted\"><output message=\"m\">t</output></testcase>"
    "<testcase />"
    "</testsuite></testsuites>";

static const char printed[] =
    "== CPython 3.13.15 (main, x) [y]\n"
    "setUpClass (test.test_x.C) ... skipped 'no \"C\" here'\n"
    "test_sub (test.test_x.D.test_sub) ... test_other (test.test_x.D.test_other) ... ok\n"
    "======================================================================\n"
    "FAIL: test_no (test.test_x.A.test_no)\n"
    "----------------------------------------------------------------------\n"
    "Traceback (most recent call last):\n  File x\nE: 1 != 2\n"
    "======================================================================\n"
    "FAIL: test_sub (test.test_x.D.test_sub) (i=3)\n"
    "----------------------------------------------------------------------\n"
    "Traceback (most recent call last):\n  File x\nValueError: first\n\n"
    "During handling\n\nTraceback (most recent call last):\n  File y\nKeyError: 'last'\nmore\n\n"
    "----------------------------------------------------------------------\n"
    "Ran 6 tests in 0.1s\n"
    "Result: FAILURE\n";

static const suite_ending ended = {.status = 0, .timeout_seconds = 9};

static suite_module
read_run(const char *name, const char *xml, const char *text, const suite_ending *ending)
{
    suite_module module = {.name = strdup(name)};
    size_t nameless = 0;

    if (xml != NULL) {
        char *copy = strdup(xml);

        CHECK(suite_read_junit(&module, copy, &nameless));
        free(copy);
    }
    suite_read_log(&module, text, nameless, ending);
    return module;
}

static void
results(void)
{
    suite_module module = read_run("test_x", junit, printed, &ended);

    CHECK(module.outcome == SUITE_PASSED);
    CHECK_UINT(module.totals[SUITE_PASSED], 2);
    CHECK_UINT(module.totals[SUITE_FAILED], 2);
    CHECK_UINT(module.totals[SUITE_SKIPPED], 3);
    CHECK_STR(module.version, "3.13.15");
    REQUIRE(suite_module_find(&module, "A.test_no") != NULL);
    CHECK_STR(suite_module_find(&module, "A.test_no")->reason, "E: 1 != 2");
    REQUIRE(suite_module_find(&module, "D.test_sub") != NULL);
    CHECK(suite_module_find(&module, "D.test_sub")->outcome == SUITE_FAILED);
    CHECK_STR(suite_module_find(&module, "D.test_sub")->reason, "KeyError: 'last'");
    REQUIRE(suite_module_find(&module, "B.test_part") != NULL);
    CHECK_STR(suite_module_find(&module, "B.test_part")->reason, "because");
    REQUIRE(suite_module_find(&module, "C.setUpClass") != NULL);
    CHECK_STR(suite_module_find(&module, "C.setUpClass")->reason, "no \"C\" here");
    CHECK(suite_module_find(&module, "A.test_ok")->seconds == 0.5);
    suite_module_release(&module);
}

/* One module from its printed text alone. */
static void
check_whole(const char *text, const suite_ending *ending, suite_outcome outcome, const char *reason)
{
    suite_module module = read_run("test_x", NULL, text, ending);

    CHECK(module.outcome == outcome);
    CHECK_STR(module.reason != NULL ? module.reason : "", reason);
    suite_module_release(&module);
}

static void
wholes(void)
{
    const suite_ending late = {.status = 9, .timeout_seconds = 9, .timed_out = true};
    const suite_ending killed = {.status = 11};
    const suite_ending status = {.status = 134 << 8};

    check_whole("test_x skipped -- requires socket support\nResult: SUCCESS\n", &ended,
                SUITE_SKIPPED, "requires socket support");
    check_whole("Result: NO TESTS RAN\n", &ended, SUITE_SKIPPED, "no tests ran");
    check_whole("test test_x crashed -- Traceback (most recent call last):\n  File a\n"
                "ModuleNotFoundError: No module named 'm'\n\n0:00:00 [1/1] failed\n"
                "Result: FAILURE\n",
                &ended, SUITE_FAILED, "ModuleNotFoundError: No module named 'm'");
    check_whole("test_a (test.test_x.A.test_a) ... ", &late, SUITE_FAILED,
                "no end after 9 seconds, in or after A.test_a");
    check_whole("", &killed, SUITE_FAILED, "ended by signal 11");
    check_whole("krait: the program was stopped: unreachable\n", &status, SUITE_FAILED,
                "the program was stopped: unreachable");
    check_whole("", &status, SUITE_FAILED, "exit status 134 without a result");
    check_whole("setUpClass (test.test_x.A) ... skipped 'x'\nResult: FAILURE\n", &ended,
                SUITE_FAILED, "the runner reports a failure and names no test");
}

/* A package: one part is skipped, one cannot be imported. */
static void
parts(void)
{
    suite_module module = read_run(
        "test_x", "<testsuites><testcase name=\"test.test_x.test_b.B.test\"/></testsuites>",
        "test_x.test_a skipped -- why\n"
        "test test_x.test_c crashed -- Traceback (most recent call last):\nE: no\n"
        "0:00:01 x\nResult: FAILURE\n",
        &ended);

    CHECK(module.outcome == SUITE_PASSED);
    REQUIRE(module.count == 3);
    CHECK_STR(module.cases[0].name, "test_a");
    CHECK(module.cases[0].outcome == SUITE_SKIPPED);
    CHECK_STR(module.cases[1].name, "test_b.B.test");
    CHECK_STR(module.cases[2].name, "test_c");
    CHECK(module.cases[2].outcome == SUITE_FAILED);
    CHECK_STR(module.cases[2].reason, "E: no");
    suite_module_release(&module);
}

static void
patterns(void)
{
    CHECK(suite_matches("a*c", "abbc"));
    CHECK(suite_matches("*", ""));
    CHECK(suite_matches("*b*", "abc"));
    CHECK(suite_matches("a*b*c", "a-b-b-c"));
    CHECK(!suite_matches("a*c", "abcd"));
    CHECK(!suite_matches("", "a"));
    CHECK(!suite_matches("a", ""));
}

/* Reasons go into files that have to be UTF-8. */
static void
lines(void)
{
    char *line = suite_line("  a\tb\xff\xc3\xa4 \nnext", 18);

    CHECK_STR(line, "a?b?\xc3\xa4");
    free(line);
    line = suite_line("\xc3", 1);
    CHECK_STR(line, "?");
    free(line);
}

static const char good[] =
    "[needs]\nthreads = [\"*threading*\"]\nnothing = [\"because\", \"no *\"]\n"
    "[pass]\nmodules = []\n"
    "[module.test_x.skip]\n\"requires threading\" = [\"B.test_skip\"]\n"
    "because = [\"B.test_part\"]\n\"no *\" = [\"C.*\"]\n"
    "[module.test_x.fail.\"a reason\"]\nneeds = \"a bug fixed\"\n"
    "tests = [\"A.test_no\", \"D.test_sub\"]\n";

/* How many differences there are, and that they are said so. */
static void
check_differences(const char *expectations, size_t count, const char *said)
{
    suite_module module = read_run("test_x", junit, printed, &ended);
    suite_run run = {.modules = &module, .count = 1};
    suite_expectations expected;
    char text[1024] = "";
    FILE *to = fmemopen(text, sizeof(text), "w");

    REQUIRE(to != NULL);
    CHECK_INT(suite_expectations_parse(&expected, expectations, "text"), 0);
    CHECK_UINT(suite_differences(&run, &expected, true, to), count);
    fclose(to);
    if (!CHECK(strstr(text, said) != NULL))
        printf("    %s", text);
    suite_expectations_release(&expected);
    suite_module_release(&module);
}

/* `good` with one text in the place of another. */
static char *
changed(const char *from, const char *by)
{
    const char *at = strstr(good, from);
    char *text = NULL;

    if (at == NULL ||
        asprintf(&text, "%.*s%s%s", (int)(at - good), good, by, at + strlen(from)) < 0)
        abort();
    return text;
}

static void
check_changed(const char *from, const char *by, size_t count, const char *said)
{
    char *text = changed(from, by);

    check_differences(text, count, said);
    free(text);
}

static void
differences(void)
{
    check_differences(good, 0, "");
    check_changed("\"A.test_no\", ", "", 1, "A.test_no: failed (E: 1 != 2), expected passed");
    check_changed("\"B.test_skip\"", "", 1,
                  "B.test_skip: skipped (requires threading), expected passed");
    check_changed("\"B.test_part\"", "\"B.test_part\", \"A.test_ok\"", 1,
                  "A.test_ok: passed, expected skipped");
    check_changed("\"A.test_no\"", "\"A.test_no\", \"A.gone\"", 1,
                  "A.gone: is not there, expected failed");
    check_changed("\"C.*\"", "\"C.*\", \"E.*\"", 1, "E.*: is not there, expected skipped");
    check_changed("because = [\"B.test_part\"]", "other = [\"B.test_part\"]", 1,
                  "B.test_part: skipped (because), expected other");
    check_changed("\"*threading*\"", "\"nothing like it\"", 1, "a word on what it needs");
    check_changed("a bug fixed", "?", 2, "a word on what it needs");
    check_changed("modules = []", "modules = [\"test_y\"]", 1, "test_y: is not there");
    check_differences("[pass]\nmodules = []\n", 1, "it is not in the expectations");
    check_differences("[needs]\na = [\"w*\"]\n[module.test_x]\nskipped = \"w\"\n", 1,
                      "test_x: passed, expected skipped");
}

static void
refused(void)
{
    static const char *const bad[] = {
        "[pass]\nmodules = [\"test_a\", \"test_a\"]\n",
        "[pass]\nmodules = \"test_a\"\n",
        "[other]\na = \"b\"\n",
        "[module.test_a]\nbroken = \"x\"\n",
        "[module.test_a.skip]\nx = [\"A.b\"]\ny = [\"A.b\"]\n",
        "[module.test_a.fail.x]\nother = [\"A.b\"]\n",
        "nonsense",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        suite_expectations expected;

        CHECK(suite_expectations_parse(&expected, bad[i], "text") != 0);
        suite_expectations_release(&expected);
    }
}

/* What --update writes is met by the same run, and keeps what a person wrote. */
static void
update(void)
{
    suite_module module = read_run("test_x", junit, printed, &ended);
    suite_run run = {.modules = &module, .count = 1};
    suite_expectations before;
    suite_expectations after;
    char path[] = "/tmp/krait-update.XXXXXX";
    int fd = mkstemp(path);
    size_t needs;

    REQUIRE(fd >= 0);
    close(fd);
    CHECK_INT(suite_expectations_parse(&before, good, "text"), 0);
    REQUIRE(suite_update(&run, &before, path) == 0);
    REQUIRE(suite_expectations_load(&after, path) == 0);
    CHECK_UINT(suite_differences(&run, &after, true, stdout), 0);
    CHECK_STR(suite_needs(&after, "test_x", "A.test_no", ""), "a bug fixed");
    CHECK_STR(suite_expectations_find(&after, "test_x", "D.test_sub")->reason, "a reason");
    suite_expectations_release(&after);

    /* From nothing: the failures need a word. */
    suite_expectations_release(&before);
    needs = 5; /* two failures, three reasons of skips */
    REQUIRE(suite_update(&run, &before, path) == 0);
    REQUIRE(suite_expectations_load(&after, path) == 0);
    CHECK_UINT(suite_differences(&run, &after, true, stdout), needs);
    suite_expectations_release(&after);
    suite_module_release(&module);
    unlink(path);
}

/* Shares count module by module, and never more than the other run's. */
static void
shares(void)
{
    static const char other_text[] =
        "{\"format\": 1, \"on\": \"native\", \"python\": \"3.13.1\", "
        "\"extra\": [{}], \"modules\": ["
        "{\"name\": \"test_x\", \"outcome\": \"passed\", \"passed\": "
        "4, \"failed\": 0, \"skipped\": 1,"
        " \"tests\": [{\"name\": \"B.test_part\", \"reason\": \"x\"}]},"
        "{\"name\": \"test_s\", \"outcome\": \"passed\", \"passed\": "
        "10, \"failed\": 0, \"skipped\": 0}"
        "]}";
    suite_module modules[2] = {
        read_run("test_s", NULL, "test_s skipped -- requires socket\nResult: SUCCESS\n", &ended),
        read_run("test_x", junit, printed, &ended)};
    suite_run run = {.modules = modules, .count = 2};
    suite_expectations expected;
    suite_other other;
    char path[] = "/tmp/krait-other.XXXXXX";
    int fd = mkstemp(path);
    suite_share share;

    REQUIRE(fd >= 0);
    CHECK(write(fd, other_text, sizeof(other_text) - 1) == sizeof(other_text) - 1);
    close(fd);
    REQUIRE(suite_other_load(&other, path) == 0);
    CHECK_STR(other.on, "native");
    share = suite_share_of(&run, &other, NULL, SUITE_WITHOUT_NOTHING);
    CHECK_UINT(share.reached, 2);
    CHECK_UINT(share.passed, 14);
    CHECK_INT(suite_expectations_parse(&expected,
                                       "[needs]\nsockets = [\"*socket*\"]\n"
                                       "threads = [\"*threading*\", \"because\"]\n"
                                       "[module.test_s]\nskipped = \"requires socket\"\n",
                                       "text"),
              0);
    share = suite_share_of(&run, &other, &expected, SUITE_WITHOUT_MODULES);
    CHECK_UINT(share.reached, 2);
    CHECK_UINT(share.passed, 4);
    /* B.test_skip passes there and needs threads; B.test_part does not pass there, either. */
    share = suite_share_of(&run, &other, &expected, SUITE_WITHOUT_TESTS);
    CHECK_UINT(share.reached, 2);
    CHECK_UINT(share.passed, 3);
    suite_expectations_release(&expected);
    suite_other_release(&other);
    CHECK(truncate(path, 40) == 0);
    CHECK(suite_other_load(&other, path) != 0);
    suite_other_release(&other);
    suite_module_release(&modules[0]);
    suite_module_release(&modules[1]);
    unlink(path);
}

CHECK_MAIN(CHECK_CASE(results), CHECK_CASE(wholes), CHECK_CASE(parts), CHECK_CASE(patterns),
           CHECK_CASE(lines), CHECK_CASE(differences), CHECK_CASE(refused), CHECK_CASE(update),
           CHECK_CASE(shares))
