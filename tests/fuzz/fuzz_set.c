/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 4096, MOST_SETTINGS = 4 };

/* What was set can be read, set again, and is then the same. */
static void set_again(tvae_config *config, const char *key)
{
    char first[VALUE_BYTES], again[VALUE_BYTES];

    fuzz_expect(tvae_config_get(config, key, first, sizeof first, NULL) == TVAE_OK,
                "a value that was set cannot be read");
    fuzz_expect(tvae_config_set(config, key, first) == TVAE_OK,
                "a value that was read cannot be set");
    fuzz_expect(tvae_config_get(config, key, again, sizeof again, NULL) == TVAE_OK &&
                    strcmp(first, again) == 0,
                "a value set again differs");
}

/* A few lines of "key=value", each as one `--set`. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_INVALID, TVAE_E_NOT_FOUND, TVAE_OK};
    tvae_config *config = NULL;
    char *text = malloc(size + 1), *rest = text, *line;

    fuzz_expect(text, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_begin_reading(size);
    fuzz_expect(tvae_config_create("sprites_quick", &config) == TVAE_OK,
                "a named experiment has no configuration");
    for (int i = 0; i < MOST_SETTINGS && (line = strsep(&rest, "\n")) != NULL; i++) {
        char *value = line;
        const char *key = strsep(&value, "=");
        const tvae_status st = tvae_config_set(config, key, value ? value : "");

        fuzz_expect_status(st, allowed);
        if (st == TVAE_OK)
            set_again(config, key);
    }
    tvae_config_destroy(&config);
    fuzz_end();
    free(text);
    return 0;
}
