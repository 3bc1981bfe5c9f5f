/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include <math.h>
#include <string.h>

#include "support.h"

/* The files of the golden folder, as numpy's savez wrote them, load whole. */
START_TEST(load_reads_golden_archives)
{
    static const char *const files[] = {"transforms.npz", "groupers.npz", "metrics.npz",
                                        "likelihood.npz", "model.npz"};
    tvae_archive *archive = golden_open(files[_i]);

    if (!archive)
        return;
    ck_assert_uint_gt(tvae_archive_count(archive), 0);
    for (size_t i = 0; i < tvae_archive_count(archive); i++) {
        const char *name = tvae_archive_name(archive, i);
        tvae_tensor *tensor = NULL;

        ck_assert(!strstr(name, ".npy"));
        ASSERT_OK(tvae_archive_get(archive, name, &tensor));
        for (size_t k = 0; k < tvae_tensor_count(tensor); k++)
            ck_assert_msg(isfinite(tvae_tensor_data_const(tensor)[k]),
                          "%s: %s: element %zu is not finite", files[_i], name, k);
        tvae_tensor_destroy(&tensor);
    }
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("archive_golden");
    TCase *load = tcase_create("load");

    tcase_add_loop_test(load, load_reads_golden_archives, 0, 5);
    suite_add_tcase(suite, load);
    return run_suite(suite);
}
