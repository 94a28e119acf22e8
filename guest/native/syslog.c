/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <syslog.h>.  No log daemon is in a sandbox, so a message is dropped, as on every system
 * without one; with LOG_PERROR it goes to the standard error.
 */
#include <syslog.h>

#include "native.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char name[32];
static int options;
static int mask = 0xff;

void
openlog(const char *ident, int new_options, int facility)
{
    (void)facility;
    (void)snprintf(name, sizeof(name), "%s", ident == NULL ? "" : ident);
    options = new_options;
}

void
closelog(void)
{
    name[0] = '\0';
    options = 0;
}

int
setlogmask(int new_mask)
{
    int old = mask;

    if (new_mask != 0)
        mask = new_mask;
    return old;
}

void
vsyslog(int priority, const char *format, va_list args)
{
    char text[1024];
    int error = errno;
    int size;

    if (!(LOG_MASK(LOG_PRI(priority)) & mask) || !(options & LOG_PERROR))
        return;
    size = snprintf(text, sizeof(text), options & LOG_PID ? "%s[%d]: " : "%s: ", name,
                    (int)getpid());
    errno = error; /* for %m */
    (void)vsnprintf(text + size, sizeof(text) - (size_t)size, format, args);
    (void)dprintf(STDERR_FILENO, "%s\n", text);
}

void
syslog(int priority, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsyslog(priority, format, args);
    va_end(args);
}
