/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak SECONDS [SEED]: good and hostile jobs of eight tenants, in random order, some of them cancelled,
 * and with processes in the first half now and then a worker killed.  After each round of load, when nothing runs,
 * memory is measured.
 *
 * It fails when an answer is missing, comes twice or is wrong, or when memory grows over the second half,
 * in which no worker is killed: a new one would hide what an old one leaks.
 */
#include "tests/pool/pool.h"

#include <signal.h>

enum { IN_FLIGHT = 16, GOOD_TENANTS = 4, TENANTS = 8, SAMPLES_MAX = 4096 };

/* However long that takes; no more than so many jobs after the time is over. */
enum { ROUNDS_LEAST = 8, ROUND_JOBS_LEAST = 30, JOBS_MOST = 1000 };

/* How much more the most of the last quarter may be than the most of the quarter before.  The four
 * instances may keep 4 MiB or nothing of what they wrote; twice that is a leak.  In a few seconds they
 * come to have it, and the heaps their sizes. */
#define GROWTH_BYTES       (8.0 * 1048576)
#define GROWTH_BYTES_SHORT (24.0 * 1048576)
#define SHORT_S            60

typedef struct soak_job {
    uint64_t number; /* in the order in which they were submitted; 0: the place is free */
    krait_job id;
    bool is_good;
    bool may_be_cancelled;
    unsigned answers;
    char wanted[64];
} soak_job;

typedef struct soak {
    pool_test t;
    uint64_t random;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    soak_job jobs[IN_FLIGHT];
    unsigned in_flight;
    uint64_t submitted;
    uint64_t answered;
    uint64_t right;
    uint64_t wrong;
    uint64_t twice;
    uint64_t by_kind[KRAIT_RESULT_RETURNED + 1];
    uint64_t died;
    uint64_t kills;
    double samples[SAMPLES_MAX]; /* bytes */
    unsigned sample_count;
} soak;

static const char *const hostile[] = {
    "while True: pass",
    "import time\nwhile True:\n  try: time.sleep(9)\n  except BaseException: pass",
    "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass",
    "import os\nos._exit(3)",
    "import os\nos.abort()",
    "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "while True: print('x' * 1000)",
    "import os\nwhile True:\n  try: os.write(1, b'x' * 65536)\n  except BaseException: pass",
    "n = 0\nwhile True:\n  open(f'/tmp/{n}', 'w').write('x' * 50000); n += 1",
    "import os\nwhile True: os.open('/tmp', os.O_RDONLY)",
    "def f(): f()\nimport sys\nsys.setrecursionlimit(10 ** 9)\nf()",
    "10 ** 10 ** 8",
    "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "import krait_host\nwhile True: krait_host.call('add', 1, 2)",
    "import krait_host\nkrait_host.submit('add', 1, 2)\nraise SystemExit(9)",
    "import krait_host\nwhile True: krait_host.call_bytes('echo', b'x' * (1 << 20))",
    "import ctypes",
    "raise BaseException('x' * 10000)",
    "import sys\nsys.stdout = None\nsys.modules.clear()\nimport os",
    "import builtins\nbuiltins.print = builtins.open = None\nopen('/x')",
    "import os\nos.environ['LEFT'] = '1'\nopen('/tmp/left', 'w')\nimport json\njson.dumps = None",
    "try:\n  while True: pass\nfinally:\n  while True: pass",
};

/* ---- random numbers: the same from the same seed --------------------------------------------- */

static unsigned
below(soak *s, unsigned most)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(s->random >> 33) % most;
}

/* ---- host functions ---------------------------------------------------------------------------- */

static int
add(void *data, krait_call *call)
{
    int a = 0;
    int b = 0;
    char text[32];

    (void)data;
    if (sscanf(krait_call_input(call, NULL), "[%d, %d]", &a, &b) != 2)
        return -1;
    snprintf(text, sizeof(text), "%d", a + b);
    (void)krait_call_return(call, text, strlen(text));
    return 0;
}

/* ---- jobs -------------------------------------------------------------------------------------- */

/* What a good job does, and what it has to print. */
static void
write_good(soak *s, soak_job *job, char *code, size_t size)
{
    static const char clean[] = "import os\nassert 'LEFT' not in os.environ and not os.listdir("
                                "'/tmp')\nimport json\n";
    const unsigned n = below(s, 10000);

    switch (below(s, 4)) {
    case 0:
        snprintf(code, size, "%sprint(sum(range(%u)))", clean, n);
        snprintf(job->wanted, sizeof(job->wanted), "%llu\n",
                 n == 0 ? 0 : (unsigned long long)n * (n - 1) / 2);
        break;
    case 1:
        snprintf(code, size, "%sprint(json.dumps({'n': [%u] * 2}))", clean, n);
        snprintf(job->wanted, sizeof(job->wanted), "{\"n\": [%u, %u]}\n", n, n);
        break;
    case 2:
        snprintf(code, size, "%simport krait_host\nprint(krait_host.call('add', %u, 1))", clean, n);
        snprintf(job->wanted, sizeof(job->wanted), "%u\n", n + 1);
        break;
    default:
        snprintf(code, size,
                 "%sopen('/tmp/f', 'wb').write(bytes(range(256)) * %u)\n"
                 "print(os.path.getsize('/tmp/f'))",
                 clean, n % 100);
        snprintf(job->wanted, sizeof(job->wanted), "%u\n", n % 100 * 256);
        break;
    }
}

/* A krait_job_done; data is the job's place. */
static soak *of_callbacks;

static bool
is_right(const soak_job *job, const krait_job_result *result)
{
    if (result->status != KRAIT_OK)
        return result->status == KRAIT_EIO && of_callbacks->kills > 0 &&
               strstr(result->error.text, "the worker died") != NULL;
    if (job->may_be_cancelled && result->result.kind == KRAIT_RESULT_CANCELLED)
        return true;
    if (!job->is_good)
        return true;
    return result->result.kind == KRAIT_RESULT_RETURNED &&
           strcmp(result->result.stdout_bytes, job->wanted) == 0;
}

static void
answered(void *data, krait_job_result *result)
{
    soak *s = of_callbacks;
    soak_job *job = data;

    pthread_mutex_lock(&s->lock);
    if (job->number == 0 || ++job->answers != 1)
        s->twice++;
    if (is_right(job, result)) {
        s->right++;
    } else {
        s->wrong++;
        printf("wrong: job %llu wanted %s    got %d after %.3f s, %.3f s of processor time: "
               "%s%s\n%s%s%s",
               (unsigned long long)job->number, job->wanted, (int)result->result.kind,
               (double)result->result.wall_ns / 1e9, (double)result->result.cpu_ns / 1e9,
               result->error.text, result->result.message, result->result.backtrace,
               result->result.stdout_bytes, result->result.stderr_bytes);
        fflush(stdout);
    }
    if (result->status == KRAIT_OK)
        s->by_kind[result->result.kind]++;
    else
        s->died++;
    s->answered++;
    s->in_flight--;
    job->number = 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    krait_job_result_free(result);
}

/* A free place, or NULL. */
static soak_job *
find_place(soak *s)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        if (s->jobs[i].number == 0)
            return &s->jobs[i];
    }
    return NULL;
}

static void
submit(soak *s)
{
    krait_job_spec spec = KRAIT_JOB_SPEC_INIT;
    char code[1024];
    soak_job *job;

    pthread_mutex_lock(&s->lock);
    while (s->in_flight == IN_FLIGHT)
        pthread_cond_wait(&s->changed, &s->lock);
    job = find_place(s);
    memset(job, 0, sizeof(*job));
    job->number = ++s->submitted;
    s->in_flight++;
    spec.tenant = below(s, TENANTS);
    job->is_good = spec.tenant < GOOD_TENANTS;
    job->may_be_cancelled = below(s, 20) == 0;
    spec.code = code;
    if (job->is_good)
        write_good(s, job, code, sizeof(code));
    else
        spec.code = hostile[below(s, sizeof(hostile) / sizeof(hostile[0]))];
    pthread_mutex_unlock(&s->lock);
    spec.code_size = strlen(spec.code);
    if (!job->is_good)
        spec.wall_ns = 40 * MS;
    if (krait_pool_submit(s->t.pool, &spec, answered, job, &job->id, &s->t.err) != KRAIT_OK)
        CHECK_STR(s->t.err.text, "");
}

static void
cancel_some(soak *s)
{
    krait_job ids[IN_FLIGHT];
    unsigned count = 0;

    pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        if (s->jobs[i].number != 0 && s->jobs[i].may_be_cancelled)
            ids[count++] = s->jobs[i].id;
    }
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < count; i++)
        (void)krait_pool_cancel(s->t.pool, ids[i], NULL);
}

/* ---- workers of this process --------------------------------------------------------------------- */

static unsigned
workers(pid_t *children, unsigned most)
{
    char path[64];
    FILE *file;
    unsigned count = 0;
    const struct dirent *entry;
    DIR *folder = opendir("/proc/self/task");

    /* A child belongs to the thread that started it. */
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int child;

        snprintf(path, sizeof(path), "/proc/self/task/%.20s/children", entry->d_name);
        file = fopen(path, "re");
        while (file != NULL && count < most && fscanf(file, "%d", &child) == 1)
            children[count++] = child;
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void
kill_one(soak *s)
{
    pid_t children[16];
    const unsigned count = workers(children, 16);

    if (count == 0)
        return;
    pthread_mutex_lock(&s->lock);
    s->kills++;
    pthread_mutex_unlock(&s->lock);
    (void)kill(children[below(s, count)], SIGKILL);
}

/* Memory of a process that is its own. */
static double
private_bytes(pid_t pid)
{
    char path[64];
    char line[200];
    double kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "Private_Dirty:", 14) == 0)
            kib += atof(line + 14);
    }
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

/* When everything is answered, and as many instances are ready as there should be. */
static void
measure(soak *s)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;
    const uint64_t ready = (uint64_t)s->t.options.workers * s->t.options.ready;
    pid_t children[16];
    unsigned count;
    double bytes;

    pthread_mutex_lock(&s->lock);
    while (s->in_flight > 0)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < 12000 && counts.ready != ready; i++) {
        pause_ms(5);
        CHECK_INT(krait_pool_stats(s->t.pool, &counts, &s->t.err), KRAIT_OK);
    }
    CHECK_UINT(counts.ready, ready);
    CHECK_UINT(counts.queued + counts.running + counts.queue_bytes, 0);
    bytes = private_bytes(getpid());
    count = workers(children, 16);
    for (unsigned i = 0; i < count; i++)
        bytes += private_bytes(children[i]);
    if (s->sample_count < SAMPLES_MAX)
        s->samples[s->sample_count++] = bytes;
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* Of the samples from here to there. */
static double
most_of(const soak *s, unsigned from, unsigned to)
{
    double most = 0;

    for (unsigned i = from; i < to && i < s->sample_count; i++)
        most = s->samples[i] > most ? s->samples[i] : most;
    return most;
}

static void
report_memory(const soak *s, unsigned seconds)
{
    const unsigned count = s->sample_count;
    const double before = most_of(s, count / 2, count * 3 / 4);
    const double after = most_of(s, count * 3 / 4, count);

    printf("memory: %.1f MiB after the first round, at most %.1f MiB in the first half, %.1f MiB "
           "in the "
           "third quarter, %.1f MiB in the last one, of %u rounds\n",
           s->samples[0] / 1048576, most_of(s, 0, count / 2) / 1048576, before / 1048576,
           after / 1048576, count);
    for (unsigned i = 0; i < count; i += count / 40 + 1)
        printf("%.1f ", s->samples[i] / 1048576);
    printf("\n");
#ifdef KRAIT_SANITIZED
    /* Sanitizers keep what was released. */
    printf("memory is not judged in a build with sanitizers\n");
    return;
#endif
    CHECK(after - before < (seconds < SHORT_S ? GROWTH_BYTES_SHORT : GROWTH_BYTES));
}

static void
report(soak *s, unsigned seconds)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;
    CHECK_INT(krait_pool_stats(s->t.pool, &counts, &s->t.err), KRAIT_OK);
    printf("%llu jobs in %u s: %llu returned, %llu raised, %llu exited, %llu hit a limit, "
           "%llu trapped, %llu cancelled, %llu lost their worker\n",
           (unsigned long long)s->submitted, seconds,
           (unsigned long long)s->by_kind[KRAIT_RESULT_RETURNED],
           (unsigned long long)s->by_kind[KRAIT_RESULT_RAISED],
           (unsigned long long)s->by_kind[KRAIT_RESULT_EXITED],
           (unsigned long long)s->by_kind[KRAIT_RESULT_LIMIT],
           (unsigned long long)s->by_kind[KRAIT_RESULT_TRAPPED],
           (unsigned long long)s->by_kind[KRAIT_RESULT_CANCELLED], (unsigned long long)s->died);
    printf("%llu workers killed, %llu replaced, %llu instances thrown away\n",
           (unsigned long long)s->kills, (unsigned long long)counts.replaced,
           (unsigned long long)counts.discarded);
    CHECK_UINT(s->answered, s->submitted);
    CHECK_UINT(s->right, s->submitted);
    CHECK_UINT(s->wrong, 0);
    CHECK_UINT(s->twice, 0);
    CHECK_UINT(counts.done + counts.failed, s->submitted);
    CHECK(s->by_kind[KRAIT_RESULT_RETURNED] > 0);
    CHECK(s->by_kind[KRAIT_RESULT_LIMIT] > 0);
    CHECK(s->by_kind[KRAIT_RESULT_TRAPPED] > 0);
    report_memory(s, seconds);
}

static bool
soak_open(soak *s)
{
    krait_config *config;
    krait_error *err = &s->t.err;

    if (!pool_open(&s->t))
        return false;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    config = s->t.p.config;
    s->t.options.workers = 2;
    s->t.options.ready = 2;
    return CHECK_INT(krait_config_add_function(config, "add", add, NULL, err), KRAIT_OK) &&
           CHECK_INT(krait_config_add_function(config, "echo", pool_echo, NULL, err), KRAIT_OK) &&
           CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_MEMORY, 96 << 20, err), KRAIT_OK) &&
           CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_OUTPUT, 1 << 18, err), KRAIT_OK) &&
           CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_FS_BYTES, 4 << 20, err),
                     KRAIT_OK) &&
           CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_HOST_CALLS, 2000, err), KRAIT_OK) &&
           pool_make(&s->t);
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Can it be judged?  A machine may have stood still for all of the time. */
static bool
is_enough(soak *s)
{
    bool is_all;

    pthread_mutex_lock(&s->lock);
    is_all = s->by_kind[KRAIT_RESULT_RETURNED] > 0 && s->by_kind[KRAIT_RESULT_LIMIT] > 0 &&
             s->by_kind[KRAIT_RESULT_TRAPPED] > 0;
    pthread_mutex_unlock(&s->lock);
    return s->sample_count >= ROUNDS_LEAST && (is_all || s->submitted >= JOBS_MOST);
}

/* Rounds of load, each a twentieth of all, at most five seconds. */
static void
run(soak *s, unsigned seconds)
{
    const double begin = now_s();
    const double round = seconds < 100 ? seconds / 20.0 : 5.0;
    double end_of_round = begin + round;
    unsigned jobs = 0;

    while (now_s() < begin + seconds || !is_enough(s)) {
        submit(s);
        jobs++;
        if (below(s, 10) == 0)
            cancel_some(s);
        if (!is_thread_test() && now_s() < begin + seconds / 2.0 && below(s, 250) == 0)
            kill_one(s);
        if (now_s() > end_of_round && jobs >= ROUND_JOBS_LEAST) {
            measure(s);
            end_of_round = now_s() + round;
            jobs = 0;
        }
    }
    measure(s);
}

int
main(int argc, char **argv)
{
    static soak s;
    const int seconds = argc > 1 ? atoi(argv[1]) : 0;

#ifdef __SANITIZE_THREAD__
    printf("skipped: ThreadSanitizer holds back the signals that stop guests\n");
    return 77;
#endif
    if (seconds <= 0 || argc > 3) {
        printf("usage: soak SECONDS [SEED]\n");
        return 2;
    }
    of_callbacks = &s;
    s.random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    printf("seed %llu, %s\n", (unsigned long long)s.random,
           is_thread_test() ? "threads" : "processes");
    fflush(stdout);
    if (soak_open(&s)) {
        run(&s, (unsigned)seconds);
        report(&s, (unsigned)seconds);
        CHECK_INT(krait_pool_drain(s.t.pool, KRAIT_UNLIMITED, &s.t.err), KRAIT_OK);
        pool_close(&s.t);
        check_no_children();
    }
    return check_now.failures != 0;
}
