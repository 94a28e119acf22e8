/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same program in C, Rust and Go: what they print must be the same.  Arguments,
 * environment, standard streams, files, a folder, memory, clock and random numbers.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_stdin(void)
{
    char *lines[100];
    char line[256];
    size_t count = 0;
    size_t i;

    while (count < 100 && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lines[count++] = strdup(line);
    }
    qsort(lines, count, sizeof(lines[0]), compare);
    for (i = 0; i < count; i++)
        printf("line %s\n", lines[i]);
}

static void
write_file(void)
{
    FILE *file = fopen("/data/out.txt", "w");
    int i;

    for (i = 0; i < 1000; i++)
        fprintf(file, "%d\n", i * i);
    fclose(file);
    rename("/data/out.txt", "/data/squares.txt");
}

static void
sum_file(void)
{
    FILE *file = fopen("/data/squares.txt", "r");
    long long sum = 0;
    int number;

    while (fscanf(file, "%d", &number) == 1)
        sum += number;
    fclose(file);
    printf("sum %lld\n", sum);
}

static void
list_folder(void)
{
    char *names[100];
    size_t count = 0;
    DIR *folder = opendir("/data");
    struct dirent *entry;
    size_t i;

    while ((entry = readdir(folder)) != NULL && count < 100) {
        if (entry->d_name[0] != '.')
            names[count++] = strdup(entry->d_name);
    }
    closedir(folder);
    qsort(names, count, sizeof(names[0]), compare);
    for (i = 0; i < count; i++)
        printf("file %s\n", names[i]);
}

static void
use_memory(void)
{
    size_t size = 64u << 20;
    unsigned char *block = malloc(size);
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < size; i += 4096)
        block[i] = (unsigned char)(i >> 12);
    for (i = 0; i < size; i += 4096)
        sum += block[i];
    printf("memory %u\n", sum);
    free(block);
}

int
main(int argc, char **argv)
{
    unsigned char random[2][16];
    double x = 1;
    int i;

    for (i = 0; i < argc; i++)
        printf("argument %s\n", argv[i]);
    printf("NAME %s\n", getenv("NAME"));
    sort_stdin();
    write_file();
    sum_file();
    list_folder();
    use_memory();
    for (i = 0; i < 100; i++)
        x = x * 1.000001 + 1.0 / (i + 1);
    printf("float %.9f\n", x);
    printf("clock %s\n", time(NULL) > 1600000000 ? "runs" : "stands");
    printf("random %s\n", getentropy(random[0], 16) == 0 && getentropy(random[1], 16) == 0 &&
                                  memcmp(random[0], random[1], 16) != 0
                              ? "differs"
                              : "repeats");
    printf("missing %s\n", fopen("/etc/passwd", "r") == NULL ? "file" : "nothing");
    fflush(stdout);
    fprintf(stderr, "to stderr\n");
    return 3;
}
