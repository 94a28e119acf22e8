/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait doctor`: how much of the machine this process may have.
 */
#include "doctor.h"

#include <krait/abi.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* The first number in a file of /proc; false: there is none. */
static bool
read_number(const char *path, uint64_t *ret)
{
    FILE *file = fopen(path, "re");
    bool found = file != NULL && fscanf(file, "%" SCNu64, ret) == 1;

    if (file != NULL)
        fclose(file);
    return found;
}

static void
limit_text(int resource, char *text, size_t size)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        snprintf(text, size, "unknown");
    else if (limit.rlim_cur == RLIM_INFINITY)
        snprintf(text, size, "unlimited");
    else
        snprintf(text, size, "%" PRIu64, (uint64_t)limit.rlim_cur);
}

/* Tries, because limits of the process, the machine and the container add up. */
doctor_verdict
doctor_address_space(char *found, size_t size)
{
    enum { MOST = 64 };
    void *reserved[MOST];
    char limit[32];
    unsigned count = 0;

    while (count < MOST) {
        reserved[count] = mmap(NULL, KRAIT_MEMORY_RESERVATION, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (reserved[count] == MAP_FAILED)
            break;
        count++;
    }
    for (unsigned i = 0; i < count; i++)
        munmap(reserved[i], KRAIT_MEMORY_RESERVATION);
    limit_text(RLIMIT_AS, limit, sizeof(limit));
    snprintf(found, size, "room for %u%s sandboxes of 8 GiB (ulimit -v: %s bytes)", count,
             count == MOST ? " or more" : "", limit);
    return count > 0 ? DOCTOR_GOOD : DOCTOR_MISSING;
}

doctor_verdict
doctor_overcommit(char *found, size_t size)
{
    uint64_t mode = 0;
    uint64_t maps = 0;

    if (!read_number("/proc/sys/vm/overcommit_memory", &mode) ||
        !read_number("/proc/sys/vm/max_map_count", &maps)) {
        snprintf(found, size, "unknown: /proc/sys/vm cannot be read");
        return DOCTOR_MISSING;
    }
    snprintf(found, size, "mode %" PRIu64 ", %" PRIu64 " mappings", mode, maps);
    return mode == 2 ? DOCTOR_MISSING : DOCTOR_GOOD;
}

doctor_verdict
doctor_memory(char *found, size_t size)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    uint64_t bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;

    snprintf(found, size, "%" PRIu64 " MiB", bytes / MIB);
    return bytes >= 512 * MIB ? DOCTOR_GOOD : DOCTOR_MISSING;
}

/* One limit of the process, of which there should be this much. */
static doctor_verdict
at_least(int resource, rlim_t least, char *found, size_t size)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) {
        snprintf(found, size, "unknown: %s", strerror(errno));
        return DOCTOR_MISSING;
    }
    snprintf(found, size, "%" PRIu64, (uint64_t)limit.rlim_cur);
    return limit.rlim_cur >= least ? DOCTOR_GOOD : DOCTOR_MISSING;
}

doctor_verdict
doctor_files(char *found, size_t size)
{
    return at_least(RLIMIT_NOFILE, 1088, found, size);
}

doctor_verdict
doctor_signals(char *found, size_t size)
{
    return at_least(RLIMIT_SIGPENDING, 64, found, size);
}

doctor_verdict
doctor_resources(char *found, size_t size)
{
    char cpu[32];
    char file[32];
    char data[32];

    limit_text(RLIMIT_CPU, cpu, sizeof(cpu));
    limit_text(RLIMIT_FSIZE, file, sizeof(file));
    limit_text(RLIMIT_DATA, data, sizeof(data));
    snprintf(found, size, "processor time %s, file size %s, data %s", cpu, file, data);
    return strcmp(cpu, "unlimited") == 0 && strcmp(file, "unlimited") == 0 &&
                   strcmp(data, "unlimited") == 0
               ? DOCTOR_GOOD
               : DOCTOR_MISSING;
}

/* The value of the first line of /proc/cpuinfo that begins with `key`. */
static bool
cpu_line(const char *key, char *text, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[8192];
    bool found = false;

    while (!found && file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *value = strchr(line, ':');

        if (value == NULL || strncmp(line, key, strlen(key)) != 0)
            continue;
        value += strspn(value, ": \t");
        snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
        found = true;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

/* Whole words only. */
static bool
has_word(const char *text, const char *word)
{
    const size_t size = strlen(word);

    for (; (text = strstr(text, word)) != NULL; text += size) {
        if (text[size] == '\0' || text[size] == ' ')
            return true;
    }
    return false;
}

doctor_verdict
doctor_processor(char *found, size_t size)
{
    static const char *const wanted[] = {"ssse3", "sse4_1", "sse4_2", "popcnt",
                                         "avx2",  "bmi2",   "fma",    "avx512f"};
    char model[128] = "unknown model";
    char flags[8192] = "";
    char features[128] = "";
    size_t used = 0;

#if defined(__x86_64__)
    for (size_t i = 0;
         i < sizeof(wanted) / sizeof(wanted[0]) && cpu_line("flags", flags, sizeof(flags)); i++) {
        if (has_word(flags, wanted[i]))
            used += (size_t)snprintf(features + used, sizeof(features) - used, " %s", wanted[i]);
    }
#else
    (void)wanted;
    (void)has_word;
    (void)used;
    if (cpu_line("Features", flags, sizeof(flags)))
        snprintf(features, sizeof(features), " %.100s", flags);
#endif
    (void)cpu_line("model name", model, sizeof(model));
    snprintf(found, size, "%ld x %s;%s", sysconf(_SC_NPROCESSORS_ONLN), model, features);
    return DOCTOR_GOOD;
}
