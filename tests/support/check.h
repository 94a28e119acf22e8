/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole test framework: checks that report and go on (CHECK...), checks that end
 * the case (REQUIRE...), and a main() over a table of cases. Header only and plain C11,
 * so that tests of the host and programs compiled to WebAssembly share it.
 *
 *     static void
 *     grows(void)
 *     {
 *         REQUIRE(krait__vec_push(&v, 1) == KRAIT_OK);
 *         CHECK_INT(v.count, 1);
 *     }
 *     CHECK_MAIN(CHECK_CASE(grows), CHECK_CASE(shrinks))
 *
 * With arguments the program runs only the cases that they name. It exits 0 when all
 * passed, 1 when one failed, 2 for an unknown name, and 77 when nothing failed and a
 * case said CHECK_SKIP: the build decides whether that is allowed.
 */
#ifndef KRAIT_TESTS_SUPPORT_CHECK_H
#define KRAIT_TESTS_SUPPORT_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_case {
    const char *name;
    void (*run)(void);
};

/* What the running case has found so far. */
struct check_state {
    unsigned checks;
    unsigned failures;
    bool skipped;
};

static struct check_state check_now;

/* The text of an error that calls report to: shown with every check that fails. */
static const char *check_reason;

static inline bool
check_report(bool ok, const char *file, int line, const char *text)
{
    check_now.checks++;
    if (!ok) {
        check_now.failures++;
        printf("%s:%d: failed: %s\n", file, line, text);
        if (check_reason != NULL && check_reason[0] != '\0')
            printf("    the last error: %s\n", check_reason);
        fflush(stdout);
    }
    return ok;
}

static inline bool
check_int(intmax_t found, intmax_t wanted, const char *file, int line, const char *text)
{
    if (check_report(found == wanted, file, line, text))
        return true;
    printf("    found  %jd (0x%jx)\n    wanted %jd (0x%jx)\n", found, (uintmax_t)found, wanted,
           (uintmax_t)wanted);
    return false;
}

static inline bool
check_uint(uintmax_t found, uintmax_t wanted, const char *file, int line, const char *text)
{
    if (check_report(found == wanted, file, line, text))
        return true;
    printf("    found  %ju (0x%jx)\n    wanted %ju (0x%jx)\n", found, found, wanted, wanted);
    return false;
}

static inline bool
check_str(const char *found, const char *wanted, const char *file, int line, const char *text)
{
    bool same = found == wanted || (found && wanted && strcmp(found, wanted) == 0);
    if (check_report(same, file, line, text))
        return true;
    printf("    found  \"%s\"\n    wanted \"%s\"\n", found ? found : "(null)",
           wanted ? wanted : "(null)");
    return false;
}

static inline bool
check_contains(const char *text, const char *part, const char *file, int line, const char *expr)
{
    if (check_report(text && part && strstr(text, part), file, line, expr))
        return true;
    printf("    found  \"%s\"\n    wanted a text with \"%s\"\n", text ? text : "(null)",
           part ? part : "(null)");
    return false;
}

static inline bool
check_mem(const void *found, const void *wanted, size_t size, const char *file, int line,
          const char *text)
{
    if (check_report(size == 0 || memcmp(found, wanted, size) == 0, file, line, text))
        return true;
    const unsigned char *a = found, *b = wanted;
    for (size_t i = 0; i < size; i++) {
        if (a[i] != b[i]) {
            printf("    first difference at byte %zu: found 0x%02x, wanted 0x%02x\n", i, a[i],
                   b[i]);
            break;
        }
    }
    return false;
}

static inline bool
check_skip(const char *file, int line, const char *why)
{
    check_now.skipped = true;
    printf("%s:%d: skipped: %s\n", file, line, why);
    return true;
}

/* Report and go on. The value is true when the check held. */
#define CHECK(cond)             check_report(!!(cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(found, want)  check_int((found), (want), __FILE__, __LINE__, #found " == " #want)
#define CHECK_UINT(found, want) check_uint((found), (want), __FILE__, __LINE__, #found " == " #want)
#define CHECK_STR(found, want)  check_str((found), (want), __FILE__, __LINE__, #found " is " #want)
#define CHECK_HAS(text, part)                                                                      \
    check_contains((text), (part), __FILE__, __LINE__, #text " contains " #part)
#define CHECK_MEM(found, want, size)                                                               \
    check_mem((found), (want), (size), __FILE__, __LINE__, #found " is " #want)

/* Report, and leave the case (a function without result) when it did not hold. */
#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!CHECK(cond))                                                                          \
            return;                                                                                \
    } while (0)

/* Leave the case: it cannot run here, and the text says why. */
#define REQUIRE_INT(found, want)                                                                   \
    do {                                                                                           \
        if (!CHECK_INT(found, want))                                                               \
            return;                                                                                \
    } while (0)
#define CHECK_SKIP(why)                                                                            \
    do {                                                                                           \
        check_skip(__FILE__, __LINE__, (why));                                                     \
        return;                                                                                    \
    } while (0)

#define CHECK_CASE(function) {#function, function}

static inline int
check_run(const struct check_case *cases, size_t count, const char *only)
{
    unsigned failed = 0, skipped = 0, ran = 0;
    for (size_t i = 0; i < count; i++) {
        if (only && strcmp(only, cases[i].name) != 0)
            continue;
        check_now = (struct check_state){0, 0, false};
        check_reason = NULL;
        ran++;
        cases[i].run();
        /* A case that checks nothing proves nothing. */
        if (check_now.checks == 0 && !check_now.skipped)
            (void)check_report(false, __FILE__, __LINE__, "the case made at least one check");
        failed += check_now.failures != 0;
        skipped += check_now.failures == 0 && check_now.skipped;
        printf("%s %s\n", check_now.failures ? "FAIL" : (check_now.skipped ? "skip" : "ok  "),
               cases[i].name);
        fflush(stdout);
    }
    if (ran == 0) {
        printf("no case is called '%s'\n", only ? only : "");
        return 2;
    }
    return failed ? 1 : (skipped ? 77 : 0);
}

static inline int
check_main(const struct check_case *cases, size_t count, int argc, char **argv)
{
    if (argc < 2)
        return check_run(cases, count, NULL);
    int worst = 0;
    for (int i = 1; i < argc; i++) {
        int rc = check_run(cases, count, argv[i]);
        if (rc == 1 || rc == 2 || worst == 0)
            worst = rc;
    }
    return worst;
}

#define CHECK_MAIN(...)                                                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct check_case check_cases[] = {__VA_ARGS__};                              \
        return check_main(check_cases, sizeof check_cases / sizeof check_cases[0], argc, argv);    \
    }

#endif
