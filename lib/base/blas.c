/* SPDX-License-Identifier: MIT */
#include "base/blas.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

typedef char *(*text_function)(void);
typedef void (*count_function)(int);

/* POSIX lets a pointer to data of dlsym() be read as one to a function. */
static const char *ask_openblas(const char *function_name)
{
    void *const address = dlsym(RTLD_DEFAULT, function_name);
    text_function ask;
    const char *text;

    if (!address)
        return "unknown";
    memcpy(&ask, &address, sizeof ask);
    text = ask();
    return text ? text : "unknown";
}

const char *tvi_blas_kernel(void)
{
    return ask_openblas("openblas_get_corename");
}

const char *tvi_blas_config(void)
{
    return ask_openblas("openblas_get_config");
}

void tvi_blas_stay_single(void)
{
    void *const address = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    count_function set_threads;

    if (!address)
        return;
    memcpy(&set_threads, &address, sizeof set_threads);
    set_threads(1);
}

static bool is_one_of(const char *name, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

const char *tvi_blas_advice(const char *kernel, const char *config, int machine_level)
{
    static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    static const char *const avx2[] = {"Haswell", "Zen", "Excavator"};
    const bool has_512 = is_one_of(kernel, avx512, sizeof avx512 / sizeof avx512[0]);
    const bool has_256 = is_one_of(kernel, avx2, sizeof avx2 / sizeof avx2[0]);

    if (strcmp(kernel, "unknown") == 0 || !strstr(config, "DYNAMIC_ARCH"))
        return "";
    if (machine_level >= TVAE_KERNEL_AVX512 && !has_512)
        return "SkylakeX";
    if (machine_level >= TVAE_KERNEL_AVX2 && !has_512 && !has_256)
        return "Haswell";
    return "";
}
