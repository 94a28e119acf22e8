/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in JSON, to the last bit.
 *
 * Most have so few digits that one multiplication or division of exact doubles is right
 * (W. D. Clinger, "How to read floating point numbers accurately", 1990); all others are strtod()'s.
 */
#include "json.h"

#include <stdlib.h>

/* Digits that strtod() is shown without allocation. */
#define DIGITS_MAX 400

typedef struct number_scan {
    uint64_t digits; /* the first 19 of them as a number */
    unsigned count;  /* of digits in it, leading zeros left out */
    int exponent;    /* of ten, for `digits` */
    bool is_cut;     /* digits are missing in it */
    bool is_negative;
    bool is_real;
} number_scan;

static bool
is_digit(const proc_json *json, const uint8_t *at)
{
    return at < json->end && *at >= '0' && *at <= '9';
}

static void
add_digit(number_scan *scan, uint8_t digit, bool is_fraction)
{
    if (scan->count == 19) {
        scan->is_cut = true;
        scan->exponent += is_fraction ? 0 : 1;
        return;
    }
    scan->digits = scan->digits * 10 + (uint64_t)(digit - '0');
    scan->count += scan->digits != 0;
    scan->exponent -= is_fraction ? 1 : 0;
}

/* What follows "e"; beyond a million it is a million, which is infinite or zero all the same. */
static const uint8_t *
scan_exponent(const proc_json *json, const uint8_t *at, number_scan *scan)
{
    bool is_negative = false;
    int value = 0;

    if (at < json->end && (*at == '+' || *at == '-'))
        is_negative = *at++ == '-';
    if (!is_digit(json, at))
        return NULL;
    for (; is_digit(json, at); at++)
        value = value < 100000 ? value * 10 + (*at - '0') : 1000000;
    scan->exponent += is_negative ? -value : value;
    return at;
}

/* The end of the number, or NULL. */
static const uint8_t *
scan_number(const proc_json *json, number_scan *scan)
{
    const uint8_t *at = json->at;

    if (at < json->end && *at == '-') {
        scan->is_negative = true;
        at++;
    }
    if (!is_digit(json, at) || (*at == '0' && is_digit(json, at + 1)))
        return NULL;
    for (; is_digit(json, at); at++)
        add_digit(scan, *at, false);
    if (at < json->end && *at == '.') {
        scan->is_real = true;
        at++;
        if (!is_digit(json, at))
            return NULL;
        for (; is_digit(json, at); at++)
            add_digit(scan, *at, true);
    }
    if (at < json->end && (*at | 32) == 'e') {
        scan->is_real = true;
        at = scan_exponent(json, at + 1, scan);
    }
    return at;
}

static bool
quick(const number_scan *scan, double *ret)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = (double)scan->digits;

    if (scan->is_cut || scan->exponent < -22 || scan->exponent > 22 ||
        (scan->digits > UINT64_C(1) << 53 && scan->exponent != 0))
        return false;
    value = scan->exponent < 0 ? value / powers[-scan->exponent] : value * powers[scan->exponent];
    *ret = scan->is_negative ? -value : value;
    return true;
}

static bool
slow(const uint8_t *from, size_t size, double *ret)
{
    char text[DIGITS_MAX];
    char *copy = size < sizeof(text) ? text : malloc(size + 1);

    if (copy == NULL)
        return false;
    memcpy(copy, from, size);
    copy[size] = '\0';
    *ret = strtod(copy, NULL);
    if (copy != text)
        free(copy);
    return true;
}

/* INT64_MIN has one more than INT64_MAX. */
static bool
fits(const number_scan *scan)
{
    return !scan->is_cut && scan->digits <= (uint64_t)INT64_MAX + (scan->is_negative ? 1 : 0);
}

proc_number
proc_json_number(proc_json *json, int64_t *ret_integer, double *ret_real)
{
    number_scan scan = {.digits = 0};
    const uint8_t *end;

    (void)proc_json_take_word(json, "");
    end = scan_number(json, &scan);
    if (end == NULL)
        return PROC_NUMBER_NONE;
    if (!quick(&scan, ret_real) && !slow(json->at, (size_t)(end - json->at), ret_real))
        return PROC_NUMBER_NONE;
    json->at = end;
    if (scan.is_real)
        return PROC_NUMBER_REAL;
    if (!fits(&scan))
        return PROC_NUMBER_WIDE;
    *ret_integer = scan.is_negative ? (int64_t)(0 - scan.digits) : (int64_t)scan.digits;
    return PROC_NUMBER_INTEGER;
}
