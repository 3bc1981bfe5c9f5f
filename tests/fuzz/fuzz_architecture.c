/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "model/config.h"

/* A model file's configuration alone, below the file: here the fuzzer need not find
 * tensors whose names and shapes fit each layer that it makes up. As many parameters are
 * allowed as a file of the input's size, four bytes each, could hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PARAMETERS_A_BYTE = 4 };
    char *text = malloc(size + 1);
    tvae_model *model = NULL;
    tvae_status st;

    fuzz_expect(text, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_begin_reading(size);
    st = tvi_config_read(text, PARAMETERS_A_BYTE * size, &model);
    fuzz_expect(st != TVAE_E_NOMEM, "a configuration is built before it is refused");
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_USE_BYTES);
        fuzz_use_model(model);
    }
    tvae_model_destroy(&model);
    fuzz_end();
    free(text);
    return 0;
}
