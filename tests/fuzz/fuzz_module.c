/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader and validator over any bytes: they accept or refuse, a refusal has a
 * text and a code of those that krait/aot.h names, and the second look says the
 * same as the first.
 */
#include "fuzz.h"

#include <krait/aot.h>

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krait_error first = {KRAIT_OK, 0, ""};
    krait_error second = {KRAIT_OK, 0, ""};
    krait_status status = krait_aot_validate(data, size, &first);

    FUZZ_REQUIRE(krait_aot_validate(data, size, &second) == status);
    FUZZ_REQUIRE(strcmp(first.text, second.text) == 0);
    if (status == KRAIT_OK)
        return 0;
    FUZZ_REQUIRE(status == KRAIT_EFORMAT || status == KRAIT_EUNSUPPORTED ||
                 status == KRAIT_ELIMIT || status == KRAIT_ENOMEM);
    FUZZ_REQUIRE(first.code == status && first.text[0] != '\0');
    return 0;
}
