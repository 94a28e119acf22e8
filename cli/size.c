/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and times as they are written on the command line: "4096", "512K", "256M", "1G", units
 * being powers of 1024; "500ms", "1.5s", "2m", "1h", or seconds without a unit.
 */
#include "cli.h"

#include <string.h>

bool
cli_parse_size(const char *text, uint64_t *ret)
{
    static const char units[] = {'K', 'M', 'G'};
    uint64_t value = 0;
    size_t unit;

    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > UINT64_MAX / 10 - 1)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    for (unit = 0; unit < sizeof(units); unit++) {
        if (*text != units[unit] && *text != units[unit] + ('a' - 'A'))
            continue;
        if (value > UINT64_MAX >> 10 * (unit + 1))
            return false;
        value <<= 10 * (unit + 1);
        text++;
        break;
    }
    *ret = value;
    return *text == '\0';
}

/* Nanoseconds of a unit; 0: it is none. */
static uint64_t
unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"", 1000000000},
                 {"s", 1000000000},
                 {"ms", 1000000},
                 {"us", 1000},
                 {"ns", 1},
                 {"m", UINT64_C(60000000000)},
                 {"h", UINT64_C(3600000000000)}};
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ns;
    }
    return 0;
}

bool
cli_parse_time(const char *text, uint64_t *ret_ns)
{
    uint64_t whole = 0;
    uint64_t fraction = 0; /* of a billion */
    uint64_t digit = 100000000;
    uint64_t unit;

    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (whole >= 100000000)
            return false;
        whole = whole * 10 + (uint64_t)(*text - '0');
    }
    if (*text == '.') {
        text++;
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++) {
            fraction += digit * (uint64_t)(*text - '0');
            digit /= 10;
        }
    }
    unit = unit_ns(text);
    /* A million hours: enough. */
    if (unit == 0 || whole > UINT64_C(3600000000000000000) / unit)
        return false;
    *ret_ns = whole * unit + (unit / 1000 * fraction + unit % 1000 * fraction / 1000) / 1000000;
    return true;
}
