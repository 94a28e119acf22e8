/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_resume: a copy of an instance takes up its own life.
 */
#include "session.h"

__attribute__((export_name("krait_resume"))) int krait_resume(uint32_t flags);

static int
refresh(uint32_t flags)
{
    if ((flags & KRAIT_RESUME_ENVIRON) != 0) {
        if (krait_environment_refresh((flags & KRAIT_RESUME_ZONE) != 0) != 0) {
            return -1;
        }
        /* Those of a program come with krait_main. */
        if (!krait_is_program() && krait_arguments_set_session() != 0) {
            return -1;
        }
    }
    if ((flags & KRAIT_RESUME_STREAMS) != 0) {
        if (krait_streams_refresh((flags & KRAIT_RESUME_LINE_BUFFERED) != 0) != 0) {
            return -1;
        }
    } else {
        krait_streams_keep((flags & KRAIT_RESUME_LINE_BUFFERED) != 0 ||
                           (krait_is_program() && krait_buffers_lines()));
    }
    krait_fresh_all();
    return 0;
}

int
krait_resume(uint32_t flags)
{
    uint32_t ignored = 0;

    (void)krait_host_input_size(0, &ignored);
    if (refresh(flags) != 0) {
        (void)krait_outcome_raised();
        return 1;
    }
    return 0;
}
