/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See training.h.  What a guest says is not believed: names are letters, digits, dots and underscores,
 * not too many, and the guest that gets them only imports what is of its standard library.
 */
#include "training.h"

#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAKES_MOST     8    /* snapshots */
#define NAMES_MOST     1024 /* modules */
#define TEXT_MOST      ((size_t)64 << 10)
#define DOCUMENTS_MOST 64 /* that are asked, at most, by each instance */

struct proc_training {
    char *script;
    size_t size;
    char *name;
    pthread_mutex_t lock; /* of what follows, but for `current` */
    char *names;          /* one per line, as the last snapshot has them; or NULL */
    krait_snapshot *made[MAKES_MOST];
    size_t made_count;
    _Atomic(krait_snapshot *) current;
};

proc_training *
proc_training_new(char *script, size_t size, const char *name)
{
    proc_training *training = calloc(1, sizeof(*training));
    char *copy = strdup(name);

    if (training == NULL || copy == NULL) {
        free(training);
        free(copy);
        free(script);
        return NULL;
    }
    training->script = script;
    training->size = size;
    training->name = copy;
    (void)pthread_mutex_init(&training->lock, NULL);
    return training;
}

void
proc_training_free(proc_training *training)
{
    if (training == NULL)
        return;
    for (size_t i = 0; i < training->made_count; i++)
        krait_snapshot_free(training->made[i]);
    (void)pthread_mutex_destroy(&training->lock);
    free(training->names);
    free(training->name);
    free(training->script);
    free(training);
}

krait_snapshot *
proc_training_snapshot(const proc_training *training)
{
    return atomic_load(&training->current);
}

/* The lines of `names`, which are cut up. */
static size_t
list_names(char *names, const char **list)
{
    char *rest = NULL;
    size_t count = 0;

    for (char *name = names != NULL ? strtok_r(names, "\n", &rest) : NULL;
         name != NULL && count < NAMES_MOST; name = strtok_r(NULL, "\n", &rest))
        list[count++] = name;
    return count;
}

static krait_status
make(proc_training *training, krait_module *python, const krait_config *config, const char *names,
     krait_error *err)
{
    krait_snapshot_options options = {.size = sizeof(options),
                                      .kind = KRAIT_SNAPSHOT_SESSION,
                                      .script = training->script,
                                      .script_size = training->size,
                                      .script_name = training->name};
    const char **list = malloc(NAMES_MOST * sizeof(*list));
    char *copy = names != NULL ? strdup(names) : NULL;
    krait_snapshot *snapshot = NULL;
    krait_status status = KRAIT_OK;

    if (list == NULL || (names != NULL && copy == NULL))
        status = krait__error_nomem(err);
    if (status == KRAIT_OK) {
        options.script_modules = list;
        options.script_module_count = list_names(copy, list);
        status = krait_snapshot_make(python, config, &options, &snapshot, err);
    }
    if (status == KRAIT_OK) {
        training->made[training->made_count++] = snapshot;
        atomic_store(&training->current, snapshot);
    }
    free(copy);
    free(list);
    return status;
}

krait_status
proc_training_make(proc_training *training, krait_module *python, const krait_config *config,
                   krait_error *err)
{
    return make(training, python, config, NULL, err);
}

bool
proc_training_wants(uint64_t documents)
{
    return documents <= DOCUMENTS_MOST && (documents & (documents - 1)) == 0;
}

/* One name for each line, and nothing that is none. */
static bool
is_list(const char *text, size_t size)
{
    size_t lines = 1;

    for (size_t i = 0; i < size; i++) {
        const char c = text[i];

        if (c == '\n')
            lines++;
        else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '.'))
            return false;
    }
    return lines <= NAMES_MOST && size <= TEXT_MOST;
}

/* What has been imported, allocated; NULL: the guest does not say. */
static char *
ask(krait_sandbox *sandbox)
{
    static const char code[] = "def _krait_names(_):\n"
                               "    import sys\n"
                               "    return '\\n'.join(sorted(name for name in list(sys.modules)\n"
                               "                            if name.partition('.')[0] in "
                               "sys.stdlib_module_names)).encode('ascii')\n";
    krait_result result;

    if (krait_sandbox_exec(sandbox, code, sizeof(code) - 1, &result, NULL) != KRAIT_OK ||
        result.kind != KRAIT_RESULT_RETURNED ||
        krait_sandbox_call(sandbox, "_krait_names", KRAIT_BYTES, "", 0, &result, NULL) !=
            KRAIT_OK ||
        result.kind != KRAIT_RESULT_RETURNED || !is_list(result.value, result.value_size))
        return NULL;
    return strndup(result.value, result.value_size);
}

void
proc_training_learn(proc_training *training, krait_module *python, const krait_config *config,
                    krait_sandbox *sandbox)
{
    char *names;

    /* Another worker is at it, or it has learnt enough. */
    if (pthread_mutex_trylock(&training->lock) != 0)
        return;
    names = training->made_count < MAKES_MOST ? ask(sandbox) : NULL;
    if (names != NULL && (training->names == NULL || strcmp(training->names, names) != 0) &&
        make(training, python, config, names, NULL) == KRAIT_OK) {
        free(training->names);
        training->names = names;
        names = NULL;
    }
    (void)pthread_mutex_unlock(&training->lock);
    free(names);
}
