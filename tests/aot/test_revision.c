/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds KRAIT_TRANSLATOR_REVISION to its promise: what the translator writes for the
 * modules that revision.txt lists, and the preludes that come before it, have the digests
 * that were recorded with this revision.
 *
 *     test_revision CORPUS revision.txt          compares
 *     test_revision CORPUS --write               prints the list anew
 *
 * A module that is not in the list says nothing: a corpus may grow.
 */
#include "aot/emit_module.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "base/alloc.h"
#include "base/krt.h"
#include "base/sha256.h"

#include <krait/abi.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 16, MODULE_MAX = 65536, NAME_MAX_SIZE = 200 };

/* The first digits of the SHA-256. */
static void
digest_of(const void *data, size_t size, char text[DIGITS + 1])
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    int i;

    krait__sha256(data, size, digest);
    for (i = 0; i < DIGITS / 2; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void
emit_all(krait_text *text, const krait_plan *plan)
{
    static const uint8_t sha256[KRAIT_SHA256_SIZE];
    krait_emitter e;
    uint32_t i;
    bool ok = krait__emitter_init(&e, plan);

    e.out = text;
    for (i = plan->module->imported_funcs; ok && i < plan->module->func_count; i++)
        krait__emit_function(&e, i);
    krait__emitter_release(&e);
    krait__emit_header(text, plan);
    krait__emit_tables(text, plan);
    krait__emit_imports(text, plan);
    krait__emit_table_ends(text, plan);
    krait__emit_invokes(text, plan);
    krait__emit_description(text, plan, sha256);
}

/* False for what is no valid module. */
static bool
translate(const uint8_t *data, size_t size, char digest[DIGITS + 1])
{
    krait_wasm_module module;
    krait_plan plan;
    krait_text text = {0};
    bool ok;

    if (krait__wasm_read(data, size, &module, NULL) != KRAIT_OK)
        return false;
    ok = krait__wasm_validate(&module, NULL) == KRAIT_OK &&
         krait__plan_make(&module, &plan, NULL) == KRAIT_OK;
    if (ok) {
        for (uint32_t flags = 0; flags <= (KRAIT_MODULE_METERED | KRAIT_MODULE_CHECKED); flags++) {
            plan.flags = flags;
            emit_all(&text, &plan);
        }
        krait__plan_release(&plan);
    }
    krait__wasm_module_release(&module);
    ok = ok && !text.no_memory && !text.is_full;
    if (ok)
        digest_of(text.data, text.size, digest);
    krait__text_release(&text);
    return ok;
}

static bool
translate_file(const char *corpus, const char *name, char digest[DIGITS + 1])
{
    static uint8_t data[MODULE_MAX];
    char path[4096];
    size_t size;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", corpus, name);
    file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size = fread(data, 1, sizeof(data), file);
    fclose(file);
    return size < sizeof(data) && translate(data, size, digest);
}

static void
digest_of_preludes(char digest[DIGITS + 1])
{
    krait_text text = {0};

    krait__text_add(&text, (const char *)krait__prelude_text, krait__prelude_text_size);
    krait__text_add(&text, (const char *)krait__atomic_text, krait__atomic_text_size);
    krait__text_add(&text, (const char *)krait__simd_text, krait__simd_text_size);
    krait__text_add(&text, (const char *)krait__simd_float_text, krait__simd_float_text_size);
    digest_of(text.data, text.size, digest);
    krait__text_release(&text);
}

static int
write_list(const char *corpus)
{
    struct dirent **entries;
    int count = scandir(corpus, &entries, NULL, alphasort);
    char digest[DIGITS + 1];
    int i;

    digest_of_preludes(digest);
    printf("revision %u\n%s the preludes\n", KRAIT_TRANSLATOR_REVISION, digest);
    for (i = 0; i < count; i++) {
        if (translate_file(corpus, entries[i]->d_name, digest))
            printf("%s %s\n", digest, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count > 0 ? 0 : 1;
}

/* How many lines of the list do not hold, or -1 when it is no list. */
static int
compare_list(const char *corpus, FILE *list, unsigned *ret_revision)
{
    char wanted[DIGITS + 1];
    char found[DIGITS + 1];
    char name[NAME_MAX_SIZE];
    int modules = 0;
    int wrong = 0;

    if (fscanf(list, "revision %u\n", ret_revision) != 1 ||
        fscanf(list, "%16s the preludes\n", wanted) != 1)
        return -1;
    digest_of_preludes(found);
    wrong += strcmp(found, wanted) != 0;
    while (fscanf(list, "%16s %199s\n", wanted, name) == 2) {
        modules++;
        if (!translate_file(corpus, name, found) || strcmp(found, wanted) != 0) {
            printf("%s: %s was recorded\n", name, wanted);
            wrong++;
        }
    }
    return modules > 0 ? wrong : -1;
}

int
main(int argc, char **argv)
{
    unsigned revision = 0;
    FILE *list;
    int wrong;

    if (argc == 3 && strcmp(argv[2], "--write") == 0)
        return write_list(argv[1]);
    list = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (list == NULL) {
        printf("usage: test_revision CORPUS LIST|--write\n");
        return 2;
    }
    wrong = compare_list(argv[1], list, &revision);
    fclose(list);
    if (wrong == 0 && revision == KRAIT_TRANSLATOR_REVISION)
        return 0;
    printf(wrong < 0    ? "'%s' is no list of digests\n"
           : wrong == 0 ? "'%s' is of another revision; write it anew\n"
           : revision == KRAIT_TRANSLATOR_REVISION
               ? "other code than '%s' says: raise KRAIT_TRANSLATOR_REVISION and write it anew\n"
               : "other code than '%s' says: write it anew\n",
           argv[2]);
    return 1;
}
