/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plug-ins in any language: functions of a module that this program calls, and two that it gives the
 * module.  A copy of a plug-in that has been set up takes microseconds, and so does bringing one back.
 *
 *     reactor PLUGIN.krt
 */
#include <krait/krait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static krait_error error;

static void
need(krait_status status)
{
    if (status == KRAIT_OK)
        return;
    fprintf(stderr, "%s: %s\n", krait_status_name(status), error.text);
    exit(1);
}

/* What the plug-in works on now. */
static const char *current = "";

/* text(to, room) -> size.  What the plug-in says of its memory may be wrong. */
static int
give_text(void *data, krait_guest *guest, krait_value *values)
{
    const size_t size = strlen(current);
    const size_t most = size < values[1].i32 ? size : values[1].i32;
    void *to = krait_guest_bytes(guest, values[0].i32, most);

    (void)data;
    if (to == NULL)
        return -1;
    memcpy(to, current, most);
    values[0].i32 = (uint32_t)size;
    return 0;
}

/* say(bytes, size) */
static int
hear(void *data, krait_guest *guest, krait_value *values)
{
    const char *bytes = krait_guest_bytes(guest, values[0].i32, values[1].i32);

    (void)data;
    if (bytes == NULL)
        return -1;
    printf("  it says: %.*s\n", (int)values[1].i32, bytes);
    return 0;
}

static uint32_t
call(krait_sandbox *sandbox, const char *name, uint32_t argument)
{
    krait_value values[1] = {{.i32 = argument}};
    krait_result result;

    need(krait_sandbox_invoke(sandbox, name, values, 1, &result, &error));
    if (result.kind == KRAIT_RESULT_RETURNED)
        return values[0].i32;
    printf("  it was stopped: %s\n", result.message);
    /* It may have been in the middle of anything. */
    need(krait_sandbox_reset(sandbox, &error));
    return 0;
}

static void
use(krait_sandbox *sandbox)
{
    static const char *const texts[] = {"a plug-in counts words", "", "and names the longest one"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        current = texts[i];
        printf("'%s'\n", current);
        printf("  %u words\n", (unsigned)call(sandbox, "words", 0));
    }
    printf("%u calls so far\n", (unsigned)call(sandbox, "calls", 0));
    for (uint32_t how = 0; how < 3; how++) {
        printf("misbehaving, %u\n", (unsigned)how);
        (void)call(sandbox, "misbehave", how);
    }
    printf("%u calls after the last reset\n", (unsigned)call(sandbox, "calls", 0));
}

int
main(int argc, char **argv)
{
    krait_engine *engine;
    krait_module *module;
    krait_config *config;
    krait_sandbox *first;
    krait_sandbox *sandbox;
    krait_snapshot *snapshot;
    char missing[200];

    if (argc != 2) {
        fprintf(stderr, "usage: reactor PLUGIN.krt\n");
        return 2;
    }
    need(krait_engine_new(&engine, &error));
    need(krait_module_open(engine, argv[1], &module, &error));
    need(krait_module_check_function(module, "words", "", "i", &error));
    need(krait_config_new(&config, &error));
    need(krait_config_add_import(config, "host", "text", "ii", "i", give_text, NULL, &error));
    need(krait_config_add_import(config, "host", "say", "ii", "", hear, NULL, &error));
    need(krait_config_set_limit(config, KRAIT_LIMIT_WALL, 50 * 1000000u, &error));
    if (krait_module_missing_with(module, config, 0, missing, sizeof(missing)) != 0) {
        fprintf(stderr, "the plug-in wants more than there is: %s\n", missing);
        return 1;
    }
    /* One is set up; all others are copies of it. */
    need(krait_sandbox_new(module, config, &first, &error));
    current = "set up";
    (void)call(first, "words", 0);
    need(krait_snapshot_take(first, &snapshot, &error));
    need(krait_sandbox_new_from(snapshot, config, &sandbox, &error));
    use(sandbox);
    krait_sandbox_free(sandbox);
    krait_sandbox_free(first);
    krait_snapshot_free(snapshot);
    krait_config_free(config);
    krait_module_close(module);
    krait_engine_free(engine);
    return 0;
}
