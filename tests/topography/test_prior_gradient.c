/* SPDX-License-Identifier: MIT */
#include "prior_cases.h"

/* Gradients of L = sum t dt, t by the definition in double, against central differences.
 */

static double defined_loss(void *context)
{
    const prior_case *c = context;
    static double t[MAX_CASE_VALUES];
    double loss = 0.0;

    prior_case_define(c, t);
    for (size_t i = 0; i < c->n_values; i++)
        loss += t[i] * (double)c->dt[i];
    return loss;
}

static prior_case tested;
static float dz[MAX_CASE_VALUES], du[MAX_CASE_VALUES], dweights[MAX_CASE_WEIGHTS];

static void find_gradient(double *dmu)
{
    prior_case *c = &tested;
    tvae_tensor *z = prior_case_wrap(c, c->z), *u = prior_case_wrap(c, c->u);
    tvae_tensor *dt = prior_case_wrap(c, c->dt);
    tvae_tensor *to_z = prior_case_wrap(c, dz), *to_u = prior_case_wrap(c, du);
    tvae_tensor *to_weights = NULL;

    if (c->n_weights)
        ASSERT_OK(tvae_tensor_wrap(dweights, 1, &c->n_weights, &to_weights));
    ASSERT_OK(tvae_prior_gradient(c->prior, z, c->n_neighbourhoods ? u : NULL, dt, to_z,
                                  c->n_neighbourhoods ? to_u : NULL, dmu, to_weights));
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&dt);
    tvae_tensor_destroy(&to_z);
    tvae_tensor_destroy(&to_u);
    tvae_tensor_destroy(&to_weights);
}

START_TEST(gradient_equals_central_differences)
{
    prior_case *c = &tested;
    double dmu = -1.0;
    float dmu_float;

    prior_case_create(c, _i);
    find_gradient(&dmu);
    dmu_float = (float)dmu;
    assert_gradient(c->name, c->z, dz, c->n_values, 60, 1e-4, 1e-4, 1e-5, defined_loss,
                    c);
    if (c->n_neighbourhoods) {
        assert_gradient(c->name, c->u, du, c->n_values, 60, 1e-4, 1e-4, 1e-5,
                        defined_loss, c);
        assert_gradient(c->name, &c->mu, &dmu_float, 1, 1, 1e-4, 1e-4, 1e-4, defined_loss,
                        c);
        assert_gradient(c->name, c->weights, dweights, c->n_weights, c->n_weights, 1e-4,
                        1e-4, 1e-4, defined_loss, c);
    } else {
        ck_assert(dmu == 0.0);
    }
    prior_case_destroy(c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prior_gradient");
    TCase *tc = tcase_create("prior_gradient");

    tcase_add_loop_test(tc, gradient_equals_central_differences, 0, N_PRIOR_CASES);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
