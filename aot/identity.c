/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See identity.h.
 */
#include "aot/identity.h"
#include "aot/compiler.h"

#include <krait/abi.h>

void
krait__identity_translator(krait_text *text)
{
    krait__text_fmt(text, "%u-%.16s", KRAIT_TRANSLATOR_REVISION, krait__aot_digest);
}

static void
write_flags(krait_text *text, const char *key, const char *const *flags)
{
    krait__text_str(text, key);
    for (; *flags != NULL; flags++) {
        krait__text_str(text, " ");
        krait__text_str(text, *flags);
    }
    krait__text_str(text, "\n");
}

void
krait__identity_write(krait_text *text, const krait_identity *identity)
{
    krait__text_str(text, "translator: ");
    krait__identity_translator(text);
    krait__text_fmt(text, "\ncompiler: %s\noptions: %s%s%s\n", identity->compiler,
                    identity->opt_flag,
                    (identity->flags & KRAIT_MODULE_METERED) != 0 ? " meter" : "",
                    (identity->flags & KRAIT_MODULE_CHECKED) != 0 ? " bounds-checked" : "");
    if (identity->reduced != NULL)
        krait__text_fmt(text, "reduced: %s\n", identity->reduced);
    write_flags(text, "flags:", krait__compiler_flags);
    write_flags(text, "link:", krait__compiler_link_flags);
    krait__text_add(text, "", 1);
}
