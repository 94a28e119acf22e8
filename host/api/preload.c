/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that snapshots have loaded by default.
 *
 * Measured, not guessed: docs/snapshots.md says what each one costs in a cold start and in the image.
 */
#include <krait/snapshot.h>

static const char *const names[] = {
    "re",     "json",     "dataclasses", "datetime", "pathlib",   "sqlite3", "typing",
    "random", "argparse", "csv",         "decimal",  "hashlib",   "base64",  "urllib.parse",
    "string", "tempfile", "textwrap",    "shutil",   "traceback", "copy",    "logging",
};

const char *
krait_snapshot_modules(size_t index)
{
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}
