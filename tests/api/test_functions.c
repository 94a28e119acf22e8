/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host functions: values, failures, calls that are answered later and from other threads, 100 of
 * them in flight, cancellation, and calls that are answered when nobody waits any more.
 */
#include "tests/api/python.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* ---- functions ---------------------------------------------------------------------------- */

/* Gives back what it gets. */
static int
echo(void *data, krait_call *call)
{
    size_t size = 0;
    const void *input = krait_call_input(call, &size);

    (void)data;
    CHECK(krait_call_is_cancelled(call) == 0);
    CHECK_INT(krait_call_return(call, input, size), KRAIT_OK);
    CHECK_INT(krait_call_return(call, input, size), KRAIT_ESTATE);
    CHECK_INT(krait_call_fail(call, NULL, NULL), KRAIT_ESTATE);
    return 0;
}

static int
nothing(void *data, krait_call *call)
{
    ++*(int *)data;
    return krait_call_input(call, NULL) != NULL ? 0 : -1;
}

static int
broken(void *data, krait_call *call)
{
    (void)data;
    (void)call;
    return -5;
}

/* Fails with the type and text that its input names: "TYPE TEXT". */
static int
fails(void *data, krait_call *call)
{
    char text[100];
    char *space;

    (void)data;
    snprintf(text, sizeof(text), "%s", (const char *)krait_call_input(call, NULL));
    space = strchr(text, ' ');
    *space = '\0';
    CHECK_INT(krait_call_format(call), KRAIT_BYTES);
    CHECK_INT(
        krait_call_fail(call, text[0] != '-' ? text : NULL, space[1] != '\0' ? space + 1 : NULL),
        KRAIT_OK);
    return 0;
}

/* Calls that somebody answers later. */
typedef struct pending {
    pthread_mutex_t lock;
    krait_call *calls[256];
    size_t count;
} pending;

static int
hold(void *data, krait_call *call)
{
    pending *held = data;

    pthread_mutex_lock(&held->lock);
    held->calls[held->count++] = call;
    pthread_mutex_unlock(&held->lock);
    return KRAIT_CALL_PENDING;
}

static krait_call *
take_held(pending *held)
{
    krait_call *call = NULL;

    pthread_mutex_lock(&held->lock);
    if (held->count > 0)
        call = held->calls[--held->count];
    pthread_mutex_unlock(&held->lock);
    return call;
}

static void *
answer_later(void *data)
{
    krait_call *call = data;
    size_t size = 0;
    const void *input = krait_call_input(call, &size);
    const struct timespec while_the_function_returns = {0, 1000000};

    nanosleep(&while_the_function_returns, NULL);
    (void)krait_call_return(call, input, size);
    return NULL;
}

/* Each call has a thread of its own, which may be done before this returns. */
static int
in_thread(void *data, krait_call *call)
{
    pthread_t thread;

    (void)data;
    if (pthread_create(&thread, NULL, answer_later, call) != 0)
        return -1;
    pthread_detach(thread);
    return KRAIT_CALL_PENDING;
}

/* ---- tests -------------------------------------------------------------------------------- */

static bool
start(python *p, const char *name, krait_function function, void *data)
{
    return python_open(p) &&
           CHECK(krait_config_add_function(p->config, name, function, data, &p->err) == KRAIT_OK) &&
           python_has_time(p) && python_sandbox(p);
}

static void
values(void)
{
    int count = 0;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "echo", nothing, &count, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "echo", echo, NULL, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "n\303\266thing", nothing, &count, &p.err) ==
                KRAIT_OK);
    CHECK_INT(krait_config_add_function(p.config, "", echo, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_function(p.config, "x", NULL, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_function(p.config, NULL, echo, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_function(NULL, "x", echo, NULL, &p.err), KRAIT_EINVAL);
    REQUIRE(python_sandbox(&p));
    python_run(&p,
               "import krait_host\n"
               "assert krait_host.call('echo', 1, 'x\\u20ac', None, [2.5, {'a': True}]) == "
               "[1, 'x\\u20ac', None, [2.5, {'a': True}]]\n"
               "assert krait_host.call('echo', a=1, b='2') == {'a': 1, 'b': '2'}\n"
               "assert krait_host.call('echo') == []\n"
               "assert krait_host.call_bytes('echo', bytes(range(256))) == bytes(range(256))\n"
               "assert krait_host.call_bytes('echo', bytearray(b'q')) == b'q'\n"
               "assert krait_host.call_bytes('echo') == b''\n"
               "assert krait_host.call('n\\xf6thing', 1) is None\n"
               "assert krait_host.call_bytes('n\\xf6thing') == b''\n"
               "c = krait_host.submit('echo', 5)\n"
               "assert c.done() and c.result() == [5] and c.result(0) == [5] and not c.cancel()\n"
               "assert krait_host.submit_bytes('echo', b'6').result() == b'6'\n"
               "big = 'y' * 1000000\n"
               "assert krait_host.call('echo', big) == [big]\n"
               "def f(x): return krait_host.call('echo', x)[0] + 1\n");
    CHECK_INT(count, 2);
    CHECK_INT(python_call(&p, "f", "[41]"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "42");
    python_close(&p);
}

static void
failures(void)
{
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "fails", fails, NULL, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "broken", broken, NULL, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "echo", echo, NULL, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_VALUE, 100000, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p,
               "import krait_host\n"
               "def kind(f, *args, **kwargs):\n"
               "    try: f(*args, **kwargs)\n"
               "    except BaseException as e: return type(e).__name__, str(e)\n"
               "def fails(text): return kind(krait_host.call_bytes, 'fails', text)\n"
               "assert fails(b'ValueError no good') == ('ValueError', 'no good')\n"
               "assert fails(b'KeyError k') == ('KeyError', \"'k'\")\n"
               "assert fails(b'OSError ') == ('OSError', '')\n"
               "assert fails(b'- it') == ('RuntimeError', 'it')\n"
               "assert fails(b'Nonsense it') == ('RuntimeError', 'it')\n"
               "assert fails(b'print it') == ('RuntimeError', 'it')\n"
               "assert fails(b'SystemExit it') == ('RuntimeError', 'it')\n"
               "assert fails(b'UnicodeDecodeError it') == ('RuntimeError', 'it')\n"
               "assert fails(b'ValueError \\xff') == ('ValueError', '\\ufffd')\n"
               "assert kind(krait_host.call, 'broken') == "
               "('RuntimeError', 'the host function failed')\n"
               "assert kind(krait_host.call, 'nobody') == "
               "('LookupError', \"the host has no function 'nobody'\")\n"
               "assert kind(krait_host.call, 'echo\\0') [0] == 'LookupError'\n"
               "assert kind(krait_host.call, 'e' * 2000)[0] == 'LookupError'\n"
               "assert kind(krait_host.call, 7)[0] == 'TypeError'\n"
               "assert kind(krait_host.call)[0] == 'TypeError'\n"
               "assert kind(krait_host.call, 'echo', 1, a=2)[0] == 'TypeError'\n"
               "assert kind(krait_host.call, 'echo', object())[0] == 'TypeError'\n"
               "assert kind(krait_host.call, 'echo', float('nan'))[0] == 'ValueError'\n"
               "assert kind(krait_host.call_bytes, 'echo', 'text')[0] == 'TypeError'\n"
               "assert kind(krait_host.call_bytes, 'echo', bytes(100001))[0] == 'OverflowError'\n"
               "assert kind(krait_host.wait, [1])[0] == 'TypeError'\n"
               "assert kind(krait_host.Call)[0] == 'TypeError'\n"
               "c = krait_host.submit('broken')\n"
               "assert kind(c.result) == kind(c.result) == "
               "('RuntimeError', 'the host function failed')\n");
    CHECK_INT(python_exec(&p, "krait_host.call('broken')"), KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "RuntimeError: the host function failed");
    python_close(&p);
}

static void
hundred_in_flight(void)
{
    python p;

    REQUIRE(start(&p, "later", in_thread, NULL));
    python_run(&p, "import krait_host\n"
                   "calls = [krait_host.submit('later', i) for i in range(100)]\n"
                   "assert [c.result() for c in calls] == [[i] for i in range(100)]\n"
                   "calls = {krait_host.submit_bytes('later', b'%d' % i): i for i in range(100)}\n"
                   "seen = set()\n"
                   "while calls:\n"
                   "    done = krait_host.wait(calls)\n"
                   "    assert done\n"
                   "    for c in done:\n"
                   "        assert c.result() == b'%d' % calls[c]\n"
                   "        seen.add(calls.pop(c))\n"
                   "assert len(seen) == 100\n"
                   "for i in range(100): assert krait_host.call('later', i) == [i]\n"
                   "assert krait_host.wait([]) == []\n");
    python_close(&p);
}

static void
held_calls(void)
{
    pending held = {.lock = PTHREAD_MUTEX_INITIALIZER};
    krait_call *call;
    python p;

    REQUIRE(start(&p, "hold", hold, &held));
    python_run(&p, "import krait_host\n"
                   "c = krait_host.submit('hold')\n"
                   "assert not c.done()\n"
                   "try: c.result(0.01); assert 0\n"
                   "except TimeoutError: pass\n"
                   "try: c.result(timeout=-1); assert 0\n"
                   "except TimeoutError: pass\n"
                   "assert krait_host.wait([c], 0.01) == []\n"
                   "d = krait_host.submit('hold')\n"
                   "assert d.cancel() and d.done() and not d.cancel()\n"
                   "try: d.result(); assert 0\n"
                   "except RuntimeError as e: assert str(e) == 'the call was cancelled'\n"
                   "e = krait_host.submit('hold')\n"
                   "del e\n");
    /* What Python does not wait for any more is cancelled. */
    CHECK_UINT(held.count, 3);
    for (int i = 0; i < 2; i++) {
        call = take_held(&held);
        CHECK_INT(krait_call_is_cancelled(call), 1);
        CHECK_INT(krait_call_return(call, "1", 1), KRAIT_OK);
    }
    call = take_held(&held);
    CHECK_INT(krait_call_is_cancelled(call), 0);
    CHECK_INT(krait_call_return(call, "\"late\"", 6), KRAIT_OK);
    /* Between two calls of the host. */
    python_run(&p, "assert c.done() and c.result() == 'late'");
    /* A reset, and the end. */
    python_run(&p, "x = krait_host.submit('hold')");
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    call = take_held(&held);
    CHECK_INT(krait_call_is_cancelled(call), 1);
    CHECK_INT(krait_call_fail(call, "ValueError", "nobody hears it"), KRAIT_OK);
    python_run(&p,
               "import krait_host\nx = krait_host.submit('hold'); y = krait_host.submit('hold')");
    python_close(&p);
    CHECK_INT(krait_call_is_cancelled(held.calls[0]), 1);
    CHECK_INT(krait_call_return(take_held(&held), "1", 1), KRAIT_OK);
    CHECK_INT(krait_call_return(take_held(&held), "2", 1), KRAIT_OK);
}

static void
limits(void)
{
    pending held = {.lock = PTHREAD_MUTEX_INITIALIZER};
    krait_call *call;
    int count = 0;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "hold", hold, &held, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "count", nothing, &count, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_PENDING, 3, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_HOST_CALLS, 10, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_VALUE, 10000, &p.err) == KRAIT_OK);
    REQUIRE(python_has_time(&p) && python_sandbox(&p));
    python_run(&p, "import krait_host\n"
                   "calls = [krait_host.submit('hold') for i in range(3)]\n"
                   "try: krait_host.submit('hold'); assert 0\n"
                   "except RuntimeError as e: assert 'in flight' in str(e)\n"
                   "assert calls.pop().cancel()\n"
                   "try: krait_host.submit('hold'); assert 0\n"
                   "except RuntimeError as e: assert 'in flight' in str(e)\n");
    /* What was given up counts until it is answered. */
    CHECK_INT(krait_call_return(take_held(&held), NULL, 0), KRAIT_OK);
    CHECK_INT(krait_call_return(held.calls[0], NULL, 0), KRAIT_OK);
    held.calls[0] = held.calls[1];
    held.count = 1;
    python_run(&p, "assert calls.pop(0).result() is None\n"
                   "try: krait_host.submit('hold', 'x' * 9999)\n"
                   "except OverflowError: pass\n"
                   "calls.append(krait_host.submit('hold', 'x' * 6000))\n"
                   "try: krait_host.submit('hold', 'x' * 6000); assert 0\n"
                   "except RuntimeError as e: assert 'in flight' in str(e)\n");
    CHECK_INT(python_exec(&p, "log = []\n"
                              "try:\n"
                              "    while True: krait_host.call('count')\n"
                              "finally:\n"
                              "    log.append('finally')\n"),
              KRAIT_RESULT_LIMIT);
    CHECK_INT(p.result.limit, KRAIT_LIMIT_HOST_CALLS);
    CHECK_HAS(p.result.message, "host calls");
    CHECK_INT(count, 10);
    /* It came to its end by itself: the session goes on, and counts anew. */
    python_run(&p, "assert log == ['finally']\nkrait_host.call('count')\n");
    call = take_held(&held);
    CHECK_INT(krait_call_return(call, "0", 10001), KRAIT_ELIMIT);
    python_run(&p, "try: calls[-1].result(); assert 0\n"
                   "except OverflowError: pass\n");
    python_close(&p);
    while ((call = take_held(&held)) != NULL)
        CHECK_INT(krait_call_return(call, NULL, 0), KRAIT_OK);
}

#define LARGE (UINT64_C(50) << 20)

static int
large(void *data, krait_call *call)
{
    return krait_call_return(call, data, LARGE) == KRAIT_ELIMIT ? -1 : 0;
}

static int
null_value(void *data, krait_call *call)
{
    (void)data;
    CHECK_INT(krait_call_return(call, NULL, 1), KRAIT_EINVAL);
    return 0;
}

/* Answers that the guest leaves where they are fill the host no more than the guest's memory may. */
static void
answers_not_fetched(void)
{
    char *bytes = calloc(1, LARGE);
    python p;

    REQUIRE(bytes != NULL && python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "large", large, bytes, &p.err) == KRAIT_OK &&
            krait_config_add_function(p.config, "null", null_value, NULL, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_MEMORY, 128 << 20, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import krait_host\n"
                   "def full():\n"
                   "    try: return not krait_host.submit_bytes('large').result()\n"
                   "    except MemoryError as e: return 'of the host' in str(e)\n"
                   "calls = [krait_host.submit_bytes('large') for i in range(2)]\n"
                   "assert full() and full()\n"
                   "del calls[0]\n"
                   "calls.append(krait_host.submit_bytes('large'))\n"
                   "assert full()\n"
                   "del calls[:]\n"
                   "assert len(krait_host.call_bytes('large')) == 50 << 20\n"
                   "try: krait_host.call('null'); assert 0\n"
                   "except RuntimeError as e: assert 'no value' in str(e)\n");
    python_close(&p);
    free(bytes);
}

/* A guest that waits for a call that nobody answers can be ended. */
static void
cancelled_while_waiting(void)
{
    pending held = {.lock = PTHREAD_MUTEX_INITIALIZER};
    python_later later = {.when_asleep = true};
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "ready", python_is_ready, &later, &p.err) ==
            KRAIT_OK);
    REQUIRE(krait_config_add_function(p.config, "hold", hold, &held, &p.err) == KRAIT_OK);
    REQUIRE(python_has_time(&p) && python_sandbox(&p));
    python_run(&p, "import krait_host\ncalls = []\nlog = []");
    CHECK_INT(python_run_and_act(&p, &later, krait_sandbox_cancel,
                                 "calls += [krait_host.submit('hold') for i in range(100)]\n"
                                 "try: krait_host.call('ready'); krait_host.wait(calls)\n"
                                 "finally: log.append('finally')\n"),
              KRAIT_RESULT_CANCELLED);
    CHECK_HAS(p.result.message, "cancelled");
    CHECK_UINT(held.count, 100);
    python_run(&p, "assert log == ['finally'] and not any(c.done() for c in calls)");
    for (size_t i = 0; i < 100; i++)
        CHECK_INT(krait_call_return(held.calls[i], "[]", 2), KRAIT_OK);
    python_run(&p, "assert [c.result(0) for c in calls] == [[]] * 100");
    python_close(&p);
}

/* A function may not come back into its sandbox. */
static int
reenter(void *data, krait_call *call)
{
    python *p = *(python **)data;
    krait_result result;
    const void *bytes;
    size_t size;
    const krait_entry *entries;

    (void)call;
    CHECK_INT(krait_sandbox_exec(p->sandbox, "1", 1, &result, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_call(p->sandbox, "f", KRAIT_JSON, "", 0, &result, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_reset(p->sandbox, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_run(p->sandbox, &result, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_put_file(p->sandbox, "/tmp/x", "", 0, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_get_file(p->sandbox, "/tmp/x", &bytes, &size, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_list_dir(p->sandbox, "/tmp", &entries, &size, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_remove_file(p->sandbox, "/tmp/x", NULL), KRAIT_EBUSY);
    return 0;
}

static void
no_way_back(void)
{
    python p;
    python *self = &p;

    REQUIRE(start(&p, "reenter", reenter, &self));
    python_run(&p, "import krait_host; assert krait_host.call('reenter') is None");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(values), CHECK_CASE(failures), CHECK_CASE(hundred_in_flight),
           CHECK_CASE(held_calls), CHECK_CASE(limits), CHECK_CASE(answers_not_fetched),
           CHECK_CASE(cancelled_while_waiting), CHECK_CASE(no_way_back))
