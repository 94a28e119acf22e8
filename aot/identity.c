/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See identity.h.
 */
#include "aot/identity.h"
#include "aot/compiler.h"
#include "base/sha256.h"

#include <krait/abi.h>

#include <string.h>

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

/* The names themselves may be many. */
static void
write_first(krait_text *text, const char *names)
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    unsigned i;

    krait__sha256(names, strlen(names), digest);
    krait__text_str(text, "first: ");
    for (i = 0; i < 8; i++)
        krait__text_fmt(text, "%02x", digest[i]);
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
    if (identity->first != NULL)
        write_first(text, identity->first);
    write_flags(text, "flags:", krait__compiler_flags);
    write_flags(text, "link:", krait__compiler_link_flags);
    krait__text_add(text, "", 1);
}
