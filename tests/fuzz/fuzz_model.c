/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <unistd.h>

static void load_again(const tvae_model *model)
{
    const char *path = fuzz_path("again.safetensors");
    tvae_model *again = NULL;

    fuzz_expect(tvae_model_save(model, path) == TVAE_OK,
                "a model that was loaded cannot be saved");
    fuzz_expect(tvae_model_load(path, &again) == TVAE_OK,
                "a model that was saved cannot be loaded");
    fuzz_expect(tvae_model_parameter_count(model) == tvae_model_parameter_count(again),
                "a model saved and loaded has other parameters");
    tvae_model_destroy(&again);
    (void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_UNSUPPORTED, TVAE_E_NUMERIC,
                                   TVAE_OK};
    tvae_model *model = NULL;
    tvae_status st;

    fuzz_begin_reading(size);
    st = tvae_model_load(fuzz_file("input.safetensors", data, size), &model);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_USE_BYTES);
        load_again(model);
        fuzz_use_model(model);
    }
    tvae_model_destroy(&model);
    fuzz_end();
    return 0;
}
