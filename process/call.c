/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beginning and ending a call, and its output.
 */
#include "call.h"

#include "base/clock.h"

#include <krait/result.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What buffers for texts may keep from one document to the next. */
#define KEEP_TEXT (UINT64_C(1) << 20)

void
proc_call_init(proc_call *call, const proc_limits *limits, proc_tables *tables)
{
    memset(call, 0, sizeof(*call));
    call->limits = limits;
    call->tables = tables;
    call->last_child = &call->children;
}

void
proc_call_forget(proc_call *call)
{
    while (call->own_count > 0)
        free(call->own[--call->own_count]);
}

void
proc_call_drop_children(proc_call *call)
{
    while (call->children != NULL) {
        proc_item *next = call->children->next;

        proc_item_free(call->children);
        call->children = next;
    }
    call->last_child = &call->children;
}

void
proc_call_release(proc_call *call)
{
    proc_call_forget(call);
    proc_call_drop_children(call);
    proc_call_drop_files(call);
    free(call->used);
    proc_buffer_release(&call->output[0]);
    proc_buffer_release(&call->output[1]);
    proc_buffer_release(&call->text);
    proc_buffer_release(&call->name);
}

void
proc_call_clear(proc_call *call)
{
    call->rows = 0;
    call->data_bytes = 0;
    if (call->used_count != 0)
        memset(call->slots, 0, sizeof(call->slots));
    call->used_count = 0;
    call->last_used = 0;
    call->child_count = 0;
    call->child_bytes = 0;
    call->reason[0] = '\0';
    call->limit[0] = '\0';
    call->insisted = 0;
    call->children = NULL;
    call->last_child = &call->children;
    for (unsigned i = 0; i < 2; i++) {
        proc_buffer_clear(&call->output[i], KEEP_TEXT);
        call->truncated[i] = false;
    }
    proc_buffer_clear(&call->text, KEEP_TEXT);
}

bool
proc_call_begin(proc_call *call, proc_document *document, proc_batch *batch)
{
    call->batch = batch;
    call->start = batch->bytes.size;
    call->document = document;
    call->started_ns = krait__clock_ns(CLOCK_MONOTONIC);
    if (proc_batch_open_rows(batch, document->uuid, &call->record))
        return true;
    call->document = NULL;
    return false;
}

int
proc_call_refuse(proc_call *call, int status, const char *fmt, ...)
{
    const bool is_limit = status == KRAIT_ENV_LIMIT && call->limit[0] == '\0';
    va_list args;

    va_start(args, fmt);
    vsnprintf(is_limit ? call->limit : call->reason,
              is_limit ? sizeof(call->limit) : sizeof(call->reason), fmt, args);
    va_end(args);
    return status;
}

void
proc_call_say_time(uint64_t ns, char *text, size_t size)
{
    const unsigned long long ms = ns / 1000000;

    if (ms % 1000 == 0)
        snprintf(text, size, "exceeded the time limit of %llu s", ms / 1000);
    else
        snprintf(text, size, "exceeded the time limit of %llu ms", ms);
}

int
proc_call_check_time(proc_call *call)
{
    const uint64_t limit = call->limits->timeout_ns;
    char text[64];

    if (limit == KRAIT_UNLIMITED || krait__clock_ns(CLOCK_MONOTONIC) - call->started_ns < limit)
        return KRAIT_ENV_OK;
    proc_call_say_time(limit, text, sizeof(text));
    return proc_call_refuse(call, KRAIT_ENV_LIMIT, "%s", text);
}

/* Definitions become tables of the database; those are then no more the instance's own. */
static bool
register_tables(proc_call *call)
{
    for (uint32_t i = 0; i < call->used_count; i++) {
        proc_used *used = &call->used[i];
        uint32_t at = 0;

        if (used->is_known)
            continue;
        while (at < call->own_count && call->own[at] != used->table)
            at++;
        if (proc_tables_register(call->tables, used->table, &used->table, call->reason,
                                 sizeof(call->reason)) != KRAIT_ENV_OK)
            return false;
        used->is_known = true;
        free(call->own[at]);
        call->own[at] = call->own[--call->own_count];
    }
    return true;
}

static bool
close_rows(proc_call *call)
{
    const proc_table *tables[PROC_INSTANCE_TABLES];

    /* Nothing at all: no record. */
    if (call->used_count == 0) {
        call->batch->bytes.size = call->start;
        return true;
    }
    for (uint32_t i = 0; i < call->used_count; i++)
        tables[i] = call->used[i].table;
    return proc_batch_close_rows(call->batch, call->record, call->rows, tables, call->used_count);
}

/* What a dropped call took of its tree is given back. */
static void
give_back(proc_call *call)
{
    proc_tree *tree = call->document->tree;

    if (tree == NULL)
        return;
    atomic_fetch_sub(&tree->children, call->child_count);
    atomic_fetch_sub(&tree->expansion, call->child_bytes);
}

bool
proc_call_end(proc_call *call, bool is_good)
{
    proc_call_drop_files(call);
    if (call->limit[0] != '\0')
        is_good = false;
    if (is_good && !register_tables(call))
        is_good = false;
    if (is_good && !close_rows(call)) {
        snprintf(call->reason, sizeof(call->reason), "out of memory");
        is_good = false;
    }
    if (!is_good) {
        call->batch->bytes.size = call->start;
        call->rows = 0;
        give_back(call);
        proc_call_drop_children(call);
    }
    call->document = NULL;
    return is_good;
}

int
proc_call_output(void *data, int stream, const void *bytes, size_t size)
{
    proc_call *call = data;
    proc_buffer *to = &call->output[stream == 1 ? 0 : 1];
    bool *truncated = &call->truncated[stream == 1 ? 0 : 1];
    const uint64_t left = call->limits->output - to->size;

    if (call->document == NULL)
        return 0;
    if (size > left) {
        size = (size_t)left;
        *truncated = true;
    }
    if (!proc_buffer_put(to, bytes, size))
        *truncated = true;
    return 0;
}
