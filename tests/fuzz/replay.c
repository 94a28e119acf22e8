/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls a fuzz target with every file that is named, or that is in a folder
 * that is named: replays a corpus in builds without libFuzzer.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static unsigned long replayed;

/* The memory is exactly as large as the file, so that a sanitizer sees a read
 * beyond it. */
static int
replay_file(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    int result = 1;

    if (file != NULL && fstat(fileno(file), &status) == 0) {
        size_t size = (size_t)status.st_size;

        data = malloc(size != 0 ? size : 1);
        if (data != NULL && fread(data, 1, size, file) == size) {
            /* Who reads the log of a crash sees which file it was. */
            printf("%s\n", path);
            fflush(stdout);
            result = LLVMFuzzerTestOneInput(data, size);
            replayed++;
        }
    }
    if (result != 0)
        printf("cannot replay '%s'\n", path);
    free(data);
    if (file != NULL)
        fclose(file);
    return result;
}

static int
replay_folder(const char *path, DIR *directory)
{
    const struct dirent *entry;
    char name[4096];
    int result = 0;

    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        result |= replay_file(name);
    }
    return result;
}

int
main(int argc, char **argv)
{
    int result = 0;
    int i;

    for (i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);

        if (directory == NULL) {
            result |= replay_file(argv[i]);
            continue;
        }
        result |= replay_folder(argv[i], directory);
        closedir(directory);
    }
    printf("%lu inputs replayed\n", replayed);
    return result != 0 || replayed == 0;
}
