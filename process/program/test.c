/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait process --test`: what one module makes of one file, as JSON, as `wadup test` prints it.
 */
#include "program.h"

#include "process/content_type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct test_state {
    proc_tables *tables;
    proc_modules modules;
    program_runtime runtime;
    proc_instance instance;
    proc_item *item;
    proc_document document;
    proc_blob *blob;
    proc_batch batch;
    proc_buffer description;
    proc_verdict verdict;
} test_state;

static void
print(const test_state *test)
{
    const proc_call *call = &test->instance.call;

    printf("{\"success\":%s,\"error\":", test->verdict.is_good ? "true" : "false");
    if (test->verdict.is_good)
        fputs("null", stdout);
    else
        cli_json_text(stdout, test->verdict.text);
    fputs(",\"stdout\":", stdout);
    cli_json_bytes(stdout, (const char *)call->output[0].bytes, call->output[0].size);
    fputs(",\"stderr\":", stdout);
    cli_json_bytes(stdout, (const char *)call->output[1].bytes, call->output[1].size);
    printf(",\"stdout_truncated\":%s,\"stderr_truncated\":%s,\"exit_code\":%d,\"metadata\":",
           call->truncated[0] ? "true" : "false", call->truncated[1] ? "true" : "false",
           (int)test->verdict.exit_code);
    program_print_rows(&test->batch, test->verdict.is_good);
    fputs(",\"subcontent\":", stdout);
    program_print_children(call->children);
    puts("}");
}

/* 0, or an exit status after a message. */
static int
read_file(const program_options *options, test_state *test)
{
    proc_document *document = &test->document;
    uint8_t digest[KRAIT_SHA256_SIZE];
    proc_uuids *uuids = cli_need(calloc(1, sizeof(*uuids)));
    const int number = proc_read_file(options->test_file, options->limits.document, &test->blob, NULL);

    if (number != 0) {
        cli_message("cannot read '%s': %s", options->test_file, strerror(-number));
        free(uuids);
        return number == -ENOENT ? KRAIT_EXIT_MISSING : KRAIT_EXIT_FAILED;
    }
    test->item = cli_need(proc_item_new(options->test_file, 0, NULL));
    if (options->filename != NULL)
        test->item->filename = options->filename;
    document->item = test->item;
    document->blob = test->blob;
    document->bytes = test->blob->bytes;
    document->size = test->blob->size;
    krait__sha256(document->bytes, document->size, digest);
    proc_hexadecimal(digest, sizeof(digest), document->sha256);
    document->type = proc_content_type(document->bytes, document->size);
    document->started_s = time(NULL);
    (void)proc_uuid_make(uuids, (uint64_t)document->started_s * 1000, document->uuid);
    free(uuids);
    return 0;
}

static int
run(const program_options *options, test_state *test)
{
    program_options with_name = *options;
    krait_error err = {.text = ""};
    int status = read_file(options, test);

    if (status != 0)
        return status;
    if (with_name.filename == NULL)
        with_name.filename = test->item->filename;
    if (program_open_modules(&with_name, &test->runtime, &test->modules, &err) != KRAIT_OK ||
        proc_instance_open(&test->instance, &test->modules, &test->modules.items[0], test->tables,
                           false, &err) != KRAIT_OK) {
        cli_error(&err);
        return err.code == KRAIT_ENOTFOUND ? KRAIT_EXIT_MISSING
               : err.code == KRAIT_EFORMAT || err.code == KRAIT_EINVAL ||
                       err.code == KRAIT_EUNSUPPORTED
                   ? KRAIT_EXIT_REFUSED
                   : KRAIT_EXIT_FAILED;
    }
    if (!proc_describe(&test->document, &test->description)) {
        cli_message("out of memory");
        return KRAIT_EXIT_FAILED;
    }
    proc_instance_run(&test->instance, &test->document, &test->description, &test->batch,
                      &test->verdict);
    print(test);
    return test->verdict.is_good ? 0 : PROGRAM_EXIT_FAILED_DOCUMENTS;
}

int
program_test(const program_options *options)
{
    test_state *test = cli_need(calloc(1, sizeof(*test)));
    int status;

    test->tables = cli_need(proc_tables_new());
    status = run(options, test);
    if (test->instance.config != NULL)
        proc_instance_close(&test->instance);
    proc_modules_close(&test->modules);
    program_close_runtime(&test->runtime);
    proc_tree_free(test->document.tree);
    proc_item_free(test->item);
    proc_blob_release(test->blob);
    proc_buffer_release(&test->batch.bytes);
    proc_buffer_release(&test->description);
    proc_tables_free(test->tables);
    free(test);
    return status;
}
