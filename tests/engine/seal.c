/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends a seal (base/krt.h) to the shared objects that stand for modules here.
 */
#include "base/krt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r+be") : NULL;
    krait_krt_seal seal = {.cpu = 0};
    krait_error err = {.text = ""};
    char *object = NULL;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
        fseek(file, 0, SEEK_SET) != 0 || (object = malloc((size_t)size)) == NULL ||
        fread(object, 1, (size_t)size, file) != (size_t)size) {
        perror("seal");
        return 1;
    }
    if (krait__krt_seal(&seal, (const uint8_t *)object, (size_t)size, "", &err) != KRAIT_OK) {
        fprintf(stderr, "seal: %s\n", err.text);
        return 1;
    }
    free(object);
    if (fseek(file, 0, SEEK_END) != 0 || fwrite(&seal, sizeof(seal), 1, file) != 1 ||
        fclose(file) != 0) {
        perror("seal");
        return 1;
    }
    return 0;
}
