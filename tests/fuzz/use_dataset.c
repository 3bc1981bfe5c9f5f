/* SPDX-License-Identifier: MIT */
#include "harness.h"

void fuzz_use_dataset(const tvae_dataset *dataset)
{
    const size_t n_factors = tvae_dataset_factor_count(dataset);
    tvae_tensor *x = NULL, *factors = NULL;
    size_t shape[4];

    fuzz_expect(tvae_dataset_shape(dataset, shape) == TVAE_OK, "a dataset has no shape");
    fuzz_expect(tvae_dataset_count(dataset) > 0, "a dataset has no items");
    if (tvae_tensor_create(4, shape, &x) != TVAE_OK)
        return;
    if (n_factors > 0)
        (void)tvae_tensor_create(2, (const size_t[]){shape[0], n_factors}, &factors);
    fuzz_expect(tvae_dataset_get(dataset, 0, 0, 0, x, factors) == TVAE_OK,
                "the first item cannot be read");
    fuzz_touch(tvae_tensor_data(x), tvae_tensor_count(x) * sizeof(float));
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&x);
}
