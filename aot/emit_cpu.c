/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The section ".krait.cpu": the names of the instruction sets that the C
 * compiler was allowed to use, whoever allowed it (a flag, a wrapper, its
 * configuration).  The C is the same for all machines; the compiler picks.
 */
#include "aot/emit_module.h"
#include "base/cpu.h"

void
krait__emit_cpu(krait_text *text)
{
    size_t count;
    const krait_cpu_set *sets = krait__cpu_sets(&count);
    size_t i;

    krait__text_str(text, "#define CPU(n,s) static const char k_cpu_##n[]"
                          "__attribute__((section(\".krait.cpu\"),used,aligned(1)))=s;\n");
    for (i = 0; i < count; i++)
        krait__text_fmt(text, "#ifdef %s\nCPU(%s,\"%s\")\n#endif\n", sets[i].macro, sets[i].name,
                        sets[i].name);
}
