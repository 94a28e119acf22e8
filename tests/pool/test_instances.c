/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instances of one worker: a new secret for hashes now and then.
 */
#include "pool/instances.h"
#include "tests/api/python.h"

static int64_t told;

static int
tell(void *data, krait_call *call)
{
    size_t size = 0;

    (void)data;
    told = strtoll((const char *)krait_call_input(call, &size) + 1, NULL, 10);
    return krait_call_return(call, "null", 4) == KRAIT_OK ? 0 : 1;
}

/* hash('krait') of a guest in an instance. */
static int64_t
hash_of(krait_instances *instances)
{
    static const char code[] = "import krait_host\nkrait_host.call('tell', hash('krait'))";
    krait_job_view job = {.number = 1};
    krait_frame frame = {.failed = false};
    krait_error err = {.text = ""};
    bool did = true;

    job.spec = (krait_job_spec)KRAIT_JOB_SPEC_INIT;
    job.spec.code = code;
    job.spec.code_size = sizeof(code) - 1;
    told = 0;
    CHECK_INT(krait__instances_run(instances, &job, NULL, NULL, &frame, &err), KRAIT_OK);
    krait__frame_release(&frame);
    while (did && err.text[0] == '\0') {
        if (krait__instances_tend(instances, &did, &err) != KRAIT_OK)
            CHECK_STR(err.text, "");
    }
    CHECK(told != 0);
    return told;
}

static void
renewed(void)
{
    python p;
    krait_instances *instances = NULL;
    int64_t first;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "tell", tell, NULL, &p.err) == KRAIT_OK);
    REQUIRE(krait__instances_new(p.module, p.config, 1, UINT64_C(1) << 30, &instances, &p.err) ==
            KRAIT_OK);
    first = hash_of(instances);
    CHECK(hash_of(instances) == first);
    krait__instances_renew(instances);
    /* What is ready is used up first. */
    CHECK(hash_of(instances) == first);
    CHECK(hash_of(instances) != first);
    krait__instances_free(instances);
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(renewed))
