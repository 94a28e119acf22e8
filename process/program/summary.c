/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was done, in the end, on stdout: for people, or as one JSON object.
 */
#include "program.h"

static void
size_text(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    unsigned unit = 0;

    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static void
print_json(const program_options *options, const proc_progress *done, unsigned tables,
           double elapsed, bool is_interrupted)
{
    printf("{\"documents\":%llu,\"roots\":%llu,\"failed\":%llu,\"rows\":%llu,\"tables\":%u,"
           "\"bytes\":%llu,\"resumed\":%llu,\"changed\":%llu,\"left_out\":%llu,\"elapsed_s\":%.3f,"
           "\"per_s\":%.0f,"
           "\"threads\":%u,\"interrupted\":%s,\"output\":",
           (unsigned long long)done->counts.documents, (unsigned long long)done->counts.roots,
           (unsigned long long)done->counts.failed, (unsigned long long)done->counts.rows, tables,
           (unsigned long long)done->counts.bytes, (unsigned long long)done->resumed,
           (unsigned long long)done->counts.changed, (unsigned long long)done->left_out, elapsed,
           elapsed > 0 ? (double)done->counts.documents / elapsed : 0.0, options->threads,
           is_interrupted ? "true" : "false");
    cli_json_text(stdout, options->output);
    puts("}");
}

static void
print_text(const program_options *options, const proc_progress *done, unsigned tables,
           double elapsed)
{
    const proc_counts *counts = &done->counts;
    char size[32];

    size_text(counts->bytes, size, sizeof(size));
    printf("%llu documents (%s) in %.1f s, %.0f/s: %llu rows in %u tables of %s\n",
           (unsigned long long)counts->documents, size, elapsed,
           elapsed > 0 ? (double)counts->documents / elapsed : 0.0,
           (unsigned long long)counts->rows, tables, options->output);
    if (counts->documents != counts->roots)
        printf("%llu of them were found inside of others\n",
               (unsigned long long)(counts->documents - counts->roots));
    if (done->resumed != 0)
        printf("%llu were done before\n", (unsigned long long)done->resumed);
    if (counts->changed != 0)
        printf("%llu had changed since an earlier run\n", (unsigned long long)counts->changed);
    if (done->left_out != 0)
        printf("%llu inputs are no documents: left out\n", (unsigned long long)done->left_out);
    if (counts->failed != 0)
        printf("%llu failed: SELECT path, error_message FROM __wadup_content WHERE status = "
               "'failed'\n",
               (unsigned long long)counts->failed);
}

void
program_summary(const program_options *options, const proc_progress *done, unsigned tables,
                int64_t elapsed_ns, bool is_interrupted)
{
    const double elapsed = (double)elapsed_ns / 1e9;

    if (options->json)
        print_json(options, done, tables, elapsed, is_interrupted);
    else if (!options->is_quiet)
        print_text(options, done, tables, elapsed);
}
