/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *config_text(const tvae_config *config)
{
    size_t n_bytes = 0;
    char *text;

    fuzz_expect(tvae_config_json(config, NULL, 0, &n_bytes) == TVAE_OK,
                "a configuration that was read has no text");
    text = malloc(n_bytes);
    fuzz_expect(text && tvae_config_json(config, text, n_bytes, NULL) == TVAE_OK,
                "a configuration has no text of the length it said");
    return text;
}

/* Saved and read again it is the same. */
static void load_again(const tvae_config *config)
{
    const char *path = fuzz_path("again.json");
    char *text = config_text(config), *text_again;
    tvae_config *again = NULL;

    fuzz_expect(tvae_config_save(config, path) == TVAE_OK &&
                    tvae_config_load(path, &again) == TVAE_OK,
                "a configuration that was read cannot be saved and read again");
    text_again = config_text(again);
    fuzz_expect(strcmp(text, text_again) == 0,
                "a configuration saved and read again differs");
    free(text_again);
    free(text);
    tvae_config_destroy(&again);
    (void)unlink(path);
}

/* A model of it, if it is small enough and needs no file of data. */
static void build_model(const tvae_config *config)
{
    tvae_model *model = NULL;
    char data[2];

    if (tvae_config_get(config, "data", data, sizeof data, NULL) == TVAE_OK && !*data &&
        tvae_config_build_model(config, &model) == TVAE_OK)
        fuzz_expect(tvae_model_parameter_count(model) > 0, "a model has no parameters");
    tvae_model_destroy(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_NOT_FOUND, TVAE_OK};
    tvae_config *config = NULL;
    tvae_status st;

    fuzz_begin_reading(size);
    st = tvae_config_load(fuzz_file("input.json", data, size), &config);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_BUILD_BYTES);
        load_again(config);
        build_model(config);
    }
    tvae_config_destroy(&config);
    fuzz_end();
    return 0;
}
