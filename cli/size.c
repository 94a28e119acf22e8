/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes as they are written on the command line: "4096", "512K", "256M", "1G";
 * units are powers of 1024.
 */
#include "cli.h"

bool
cli_parse_size(const char *text, uint64_t *ret)
{
    static const char units[] = {'K', 'M', 'G'};
    uint64_t value = 0;
    size_t unit;

    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > (UINT64_MAX >> 32) / 10)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    for (unit = 0; unit < sizeof(units); unit++) {
        if (*text != units[unit] && *text != units[unit] + ('a' - 'A'))
            continue;
        value <<= 10 * (unit + 1);
        text++;
        break;
    }
    *ret = value;
    return *text == '\0';
}
