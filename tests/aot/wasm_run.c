/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs translated modules for run_wast.py: reads one command per line from
 * stdin, answers with one line on stdout.
 *
 *   validate PATH               ok | refused CODE TEXT
 *   module ID PATH [FUEL]       ok | failed TEXT
 *   spent ID                    ok NUMBER: fuel since the module was instantiated
 *   register NAME ID            ok
 *   call ID NAME [TYPE:BITS..]  ok [TYPE:BITS..] | trap TEXT | failed TEXT
 *   get ID NAME                 ok TYPE:BITS | failed TEXT    (an exported global)
 *   exports ID                  ok [NAME:KIND[:PARAMETERS:RESULTS]..]  (types with "," between)
 *   memory ID NAME              ok BYTES SHA256 | failed TEXT
 *   table ID NAME               ok ENTRIES 0110.. | failed TEXT    (0: null)
 *
 * Names are in hexadecimal, "-" is the empty one.  BITS are decimal; of an
 * externref N stands for a host value and "null" for null, of a funcref the
 * answer is "null" or "func", of a v128 they are 32 hexadecimal digits, the first
 * byte first.  Modules import the functions of "spectest" from
 * here, and everything else from what was registered.
 */
#include "aot/module.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "engine/internal.h"

#include <krait/aot.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MODULES 1024
#define MAX_CELLS   64
#define MAX_NAME    4096

/* Small, so that endless recursion ends soon; the program's argument is another size. */
static size_t stack_size = 1 << 20;
static krait_module *modules[MAX_MODULES];
static krait_instance *instances[MAX_MODULES];
static krait_link links[MAX_MODULES];
static size_t link_count;

static krait_trap
print_nothing(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    (void)ctx;
    (void)slots;
    return KRAIT_TRAP_NONE;
}

/* Calls back nothing, but fails on demand: tests of traps from the host. */
static krait_trap
fail_if(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    (void)ctx;
    return slots[0].i32 != 0 ? KRAIT_TRAP_HOST : KRAIT_TRAP_NONE;
}

static krait_trap
mix(void *env, krait_ctx *ctx, krait_cell *slots)
{
    uint64_t sum = slots[0].i32 + 10 * slots[1].i64 + (uint64_t)(slots[2].f32 * 100) +
                   (uint64_t)(slots[3].f64 * 1000);

    (void)env;
    (void)ctx;
    slots[0].i64 = sum;
    return KRAIT_TRAP_NONE;
}

/* Exchanges two vectors and counts up between them. */
static krait_trap
turn(void *env, krait_ctx *ctx, krait_cell *slots)
{
    krait_cell first = slots[0];

    (void)env;
    (void)ctx;
    slots[0] = slots[2];
    slots[1].i32++;
    slots[2] = first;
    return KRAIT_TRAP_NONE;
}

static const krait_host_import host_functions[] = {
    {"spectest", "print", "", "", print_nothing, NULL},
    {"spectest", "print_i32", "i", "", print_nothing, NULL},
    {"spectest", "print_i64", "I", "", print_nothing, NULL},
    {"spectest", "print_f32", "f", "", print_nothing, NULL},
    {"spectest", "print_f64", "F", "", print_nothing, NULL},
    {"spectest", "print_i32_f32", "if", "", print_nothing, NULL},
    {"spectest", "print_f64_f64", "FF", "", print_nothing, NULL},
    {"host", "fail_if", "i", "", fail_if, NULL},
    {"host", "mix", "iIfF", "I", mix, NULL},
    {"host", "turn", "viv", "viv", turn, NULL},
};

static void
say(const char *word, const char *text)
{
    printf("%s %s\n", word, text);
}

/* "68690a" to "hi\n"; false when it is none.  There may be a NUL in it. */
static bool
decode_name(const char *hex, char *ret, size_t size, size_t *ret_count)
{
    size_t count = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    size_t i;

    if (count >= size)
        return false;
    for (i = 0; i < count; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        ret[i] = (char)strtoul(pair, NULL, 16);
    }
    ret[count] = '\0';
    if (ret_count != NULL)
        *ret_count = count;
    return true;
}

static void
do_validate(const char *path)
{
    krait_error error;
    krait_status status;
    FILE *file = fopen(path, "rb");
    unsigned char *data;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        say("failed", "cannot read the file");
        if (file != NULL)
            fclose(file);
        return;
    }
    rewind(file);
    /* Exactly as large as the module, so that a sanitizer sees a read beyond. */
    data = malloc(size != 0 ? (size_t)size : 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
        say("failed", "cannot read the file");
    } else {
        status = krait_aot_validate(data, (size_t)size, &error);
        if (status == KRAIT_OK)
            puts("ok");
        else
            printf("refused %s: %s\n", krait_status_name(status), error.text);
    }
    free(data);
    fclose(file);
}

static void
do_module(unsigned id, const char *path, const char *fuel)
{
    krait_instance_options options;
    krait_error error;

    memset(&options, 0, sizeof(options));
    options.imports = host_functions;
    options.import_count = sizeof(host_functions) / sizeof(host_functions[0]);
    options.links = links;
    options.link_count = link_count;
    options.stack_size_bytes = stack_size;
    options.fuel = fuel != NULL ? strtoull(fuel, NULL, 10) : 0;
    if (id >= MAX_MODULES || krait__module_open(path, &modules[id], &error) != KRAIT_OK ||
        krait__instance_new(modules[id], &options, &instances[id], &error) != KRAIT_OK)
        say("failed", error.text);
    else
        puts("ok");
}

static void
do_spent(unsigned id)
{
    if (id < MAX_MODULES && instances[id] != NULL)
        printf("ok %" PRIu64 "\n", krait__instance_fuel_spent(instances[id]));
    else
        say("failed", "no such instance");
}

static void
do_register(const char *hex, unsigned id)
{
    static char names[MAX_MODULES][256];

    if (link_count >= MAX_MODULES || id >= MAX_MODULES || instances[id] == NULL ||
        !decode_name(hex, names[link_count], sizeof(names[0]), NULL)) {
        say("failed", "cannot register");
        return;
    }
    links[link_count].module = names[link_count];
    links[link_count].instance = instances[id];
    link_count++;
    puts("ok");
}

static void
parse_bytes(const char *hex, uint8_t bytes[16])
{
    size_t i;

    for (i = 0; i < 16 && hex[2 * i] != '\0'; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

static void
parse_value(const char *text, krait_cell *cell)
{
    const char *bits = strchr(text, ':') + 1;
    uint64_t value = strtoull(bits, NULL, 10);

    memset(cell, 0, sizeof(*cell));
    if (strncmp(text, "externref", 9) == 0)
        cell->ext = strcmp(bits, "null") == 0 ? NULL : (void *)(uintptr_t)(value + 1);
    else if (text[0] == 'v')
        parse_bytes(bits, cell->v128);
    else if (text[1] == '6')
        cell->i64 = value;
    else if (strncmp(text, "funcref", 7) != 0)
        cell->i32 = (uint32_t)value;
}

static void
print_value(uint8_t type, const krait_cell *cell)
{
    unsigned i;

    switch (type) {
    case KRAIT_I32:
        printf(" i32:%" PRIu32, cell->i32);
        break;
    case KRAIT_I64:
        printf(" i64:%" PRIu64, cell->i64);
        break;
    case KRAIT_F32:
        printf(" f32:%" PRIu32, cell->i32);
        break;
    case KRAIT_F64:
        printf(" f64:%" PRIu64, cell->i64);
        break;
    case KRAIT_V128:
        printf(" v128:");
        for (i = 0; i < 16; i++)
            printf("%02x", cell->v128[i]);
        break;
    case KRAIT_FUNCREF:
        printf(" funcref:%s", cell->func != NULL ? "func" : "null");
        break;
    default:
        if (cell->ext == NULL)
            printf(" externref:null");
        else
            printf(" externref:%" PRIuPTR, (uintptr_t)cell->ext - 1);
    }
}

/* An export by its bytes; NULL when there is none of this kind. */
static const krait_export_desc *
find_export(unsigned id, const char *name, size_t size, unsigned kind)
{
    const krait_module_desc *desc = instances[id]->module->desc;
    uint32_t i;

    for (i = 0; i < desc->export_count; i++) {
        const krait_export_desc *export = &desc->exports[i];

        if (export->kind == kind && export->name_size == size &&
            memcmp(export->name, name, size) == 0)
            return export;
    }
    return NULL;
}

static void
do_call(unsigned id, const char *name, size_t size, char **arguments, unsigned count)
{
    krait_cell cells[MAX_CELLS];
    krait_outcome outcome;
    krait_error error;
    const krait_type_desc *type;
    const krait_export_desc *export;
    unsigned i;

    if (id >= MAX_MODULES || instances[id] == NULL) {
        say("failed", "no such instance");
        return;
    }
    for (i = 0; i < count; i++)
        parse_value(arguments[i], &cells[i]);
    export = find_export(id, name, size, KRAIT_KIND_FUNC);
    if (export == NULL) {
        say("failed", "no such function");
        return;
    }
    type = krait__instance_func_type(instances[id], export->index);
    if (type->param_count != count || type->result_count > MAX_CELLS) {
        say("failed", "wrong number of arguments");
        return;
    }
    if (krait__instance_call(instances[id], export->index, cells, &outcome, &error) != KRAIT_OK) {
        say("failed", error.text);
        return;
    }
    if (outcome.trap != KRAIT_TRAP_NONE) {
        say("trap", krait__trap_text(outcome.trap));
        return;
    }
    printf("ok");
    for (i = 0; i < type->result_count; i++)
        print_value(type->results[i], &cells[i]);
    putchar('\n');
}

static uint8_t
global_type(const krait_instance *instance, uint32_t index)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t imported = 0;
    uint32_t i;

    for (i = 0; i < desc->import_count; i++) {
        if (desc->imports[i].kind == KRAIT_KIND_GLOBAL && imported++ == index)
            return desc->imports[i].value_type;
    }
    return desc->globals[index - imported].type;
}

static void
do_get(unsigned id, const char *name, size_t size)
{
    const krait_export_desc *export;

    if (id >= MAX_MODULES || instances[id] == NULL) {
        say("failed", "no such instance");
        return;
    }
    export = find_export(id, name, size, KRAIT_KIND_GLOBAL);
    if (export == NULL) {
        say("failed", "no such global");
        return;
    }
    printf("ok");
    print_value(global_type(instances[id], export->index),
                krait__global_cell(instances[id], export->index));
    putchar('\n');
}

static void
print_types(const uint8_t *types, uint32_t count)
{
    uint32_t i;

    putchar(':');
    for (i = 0; i < count; i++)
        printf("%s%s", i != 0 ? "," : "", krait__wasm_type_name(types[i]));
}

static void
do_exports(unsigned id)
{
    static const char *const kinds[] = {"func", "table", "memory", "global"};
    const krait_module_desc *desc;
    uint32_t i;
    uint32_t k;

    if (id >= MAX_MODULES || instances[id] == NULL) {
        say("failed", "no such instance");
        return;
    }
    desc = instances[id]->module->desc;
    printf("ok");
    for (i = 0; i < desc->export_count; i++) {
        const krait_export_desc *export = &desc->exports[i];

        printf(" %s", export->name_size == 0 ? "-" : "");
        for (k = 0; k < export->name_size; k++)
            printf("%02x", (unsigned)(unsigned char)export->name[k]);
        printf(":%s", kinds[export->kind]);
        if (export->kind == KRAIT_KIND_FUNC) {
            const krait_type_desc *type = krait__instance_func_type(instances[id], export->index);

            print_types(type->params, type->param_count);
            print_types(type->results, type->result_count);
        }
    }
    putchar('\n');
}

static void
do_memory(unsigned id, const char *name, size_t size)
{
    const krait_export_desc *export;
    const krait_memory *memory;
    uint8_t digest[KRAIT_SHA256_SIZE];
    unsigned i;

    export = id < MAX_MODULES && instances[id] != NULL
                 ? find_export(id, name, size, KRAIT_KIND_MEMORY)
                 : NULL;
    if (export == NULL) {
        say("failed", "no such memory");
        return;
    }
    memory = instances[id]->memories[export->index];
    krait__sha256(memory->base, (size_t)krait__memory_size(memory), digest);
    printf("ok %" PRIu64 " ", krait__memory_size(memory));
    for (i = 0; i < sizeof(digest); i++)
        printf("%02x", digest[i]);
    putchar('\n');
}

static void
do_table(unsigned id, const char *name, size_t size)
{
    const krait_export_desc *export;
    const krait_table *table;
    uint32_t i;

    export = id < MAX_MODULES && instances[id] != NULL
                 ? find_export(id, name, size, KRAIT_KIND_TABLE)
                 : NULL;
    if (export == NULL) {
        say("failed", "no such table");
        return;
    }
    table = instances[id]->tables[export->index];
    printf("ok %" PRIu32 " ", krait__table_size(table));
    for (i = 0; i < krait__table_size(table); i++)
        putchar(table->entries[i] != NULL ? '1' : '0');
    putchar('\n');
}

/* Cuts a line at its spaces. */
static unsigned
split(char *line, char **words, unsigned most)
{
    char *rest = NULL;
    char *word = strtok_r(line, " \n", &rest);
    unsigned count = 0;

    for (; word != NULL && count < most; word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    return count;
}

static void
obey(char **words, unsigned count)
{
    char name[MAX_NAME];
    size_t size;

    if (count == 2 && strcmp(words[0], "validate") == 0)
        do_validate(words[1]);
    else if ((count == 3 || count == 4) && strcmp(words[0], "module") == 0)
        do_module((unsigned)strtoul(words[1], NULL, 10), words[2], count == 4 ? words[3] : NULL);
    else if (count == 2 && strcmp(words[0], "exports") == 0)
        do_exports((unsigned)strtoul(words[1], NULL, 10));
    else if (count == 2 && strcmp(words[0], "spent") == 0)
        do_spent((unsigned)strtoul(words[1], NULL, 10));
    else if (count == 3 && strcmp(words[0], "register") == 0)
        do_register(words[1], (unsigned)strtoul(words[2], NULL, 10));
    else if (count == 3 && strcmp(words[0], "get") == 0 &&
             decode_name(words[2], name, sizeof(name), &size))
        do_get((unsigned)strtoul(words[1], NULL, 10), name, size);
    else if (count == 3 && strcmp(words[0], "memory") == 0 &&
             decode_name(words[2], name, sizeof(name), &size))
        do_memory((unsigned)strtoul(words[1], NULL, 10), name, size);
    else if (count == 3 && strcmp(words[0], "table") == 0 &&
             decode_name(words[2], name, sizeof(name), &size))
        do_table((unsigned)strtoul(words[1], NULL, 10), name, size);
    else if (count >= 3 && strcmp(words[0], "call") == 0 &&
             decode_name(words[2], name, sizeof(name), &size))
        do_call((unsigned)strtoul(words[1], NULL, 10), name, size, words + 3, count - 3);
    else
        say("failed", "unknown command");
}

int
main(int argc, char **argv)
{
    static char line[65536];
    krait_error error;

    if (argc == 2)
        stack_size = (size_t)strtoull(argv[1], NULL, 10);
    if (krait__signals_install(&error) != KRAIT_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[MAX_CELLS + 3];
        unsigned count = split(line, words, MAX_CELLS + 3);

        if (count != 0)
            obey(words, count);
        fflush(stdout);
    }
    return 0;
}
