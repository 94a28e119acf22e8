/* SPDX-License-Identifier: Apache-2.0 */
/* Prints its arguments, and the variables whose names begin with K; as a reactor gives their number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

__attribute__((export_name("variables"))) int
variables(void)
{
    int n = 0;

    for (char **e = environ; e != NULL && *e != NULL; e++) {
        n += (*e)[0] == 'K';
    }
    return n;
}

/* Of a packed file; -1: it cannot be read. */
__attribute__((export_name("first_byte"))) int
first_byte(void)
{
    FILE *f = fopen("/hello", "r");
    int c = f == NULL ? -1 : fgetc(f);

    if (f != NULL) {
        fclose(f);
    }
    return c;
}

#ifndef REACTOR
int
main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        printf("[%s]", i == 0 && strstr(argv[0], "wasm") != NULL ? "wasm" : argv[i]);
    }
    printf("\n");
    for (char **e = environ; *e != NULL; e++) {
        if ((*e)[0] == 'K') {
            printf("%s\n", *e);
        }
    }
    printf("%d\n", first_byte());
    return variables();
}
#endif
