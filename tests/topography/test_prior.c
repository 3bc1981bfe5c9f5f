/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"
#include "prior_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "topography/topography.h"

static prior_case tested;

static void apply_case(prior_case *c, float *out)
{
    tvae_tensor *z = prior_case_wrap(c, c->z), *u = prior_case_wrap(c, c->u);
    tvae_tensor *t = prior_case_wrap(c, out);

    ASSERT_OK(tvae_prior_apply(c->prior, z, c->n_neighbourhoods ? u : NULL, t));
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&t);
}

START_TEST(apply_equals_the_definition)
{
    static double defined[MAX_CASE_VALUES];
    static float got[MAX_CASE_VALUES], want[MAX_CASE_VALUES];

    prior_case_create(&tested, _i);
    apply_case(&tested, got);
    prior_case_define(&tested, defined);
    for (size_t i = 0; i < tested.n_values; i++)
        want[i] = (float)defined[i];
    assert_close(tested.name, got, want, tested.n_values, 2e-6, 0.0);
    prior_case_destroy(&tested);
}
END_TEST

START_TEST(apply_accepts_split_latents)
{
    static float got[MAX_CASE_VALUES], want[MAX_CASE_VALUES];
    const size_t split[] = {3, 5, 7, 6};
    tvae_tensor *z = NULL, *u = NULL, *t = NULL;

    prior_case_create(&tested, 0);
    apply_case(&tested, want);
    ASSERT_OK(tvae_tensor_wrap(tested.z, 4, split, &z));
    ASSERT_OK(tvae_tensor_wrap(tested.u, 4, split, &u));
    ASSERT_OK(tvae_tensor_wrap(got, 4, split, &t));
    ASSERT_OK(tvae_prior_apply(tested.prior, z, u, t));
    ck_assert_mem_eq(got, want, tested.n_values * sizeof *got);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&t);
    prior_case_destroy(&tested);
}
END_TEST

/* The forms for the training step take all their memory from the caller. */
START_TEST(internal_forms_allocate_nothing)
{
    static float t[MAX_CASE_VALUES], dz[MAX_CASE_VALUES], du[MAX_CASE_VALUES];
    double dmu, dweights[MAX_CASE_WEIGHTS];
    float *scratch;
    size_t before;

    prior_case_create(&tested, 4);
    scratch =
        tvi_alloc_array(tvi_prior_scratch_floats(tested.prior, 3, 5), sizeof(float));
    ck_assert_ptr_nonnull(scratch);
    before = tvi_blocks_allocated();
    tvi_prior_apply(tested.prior, 3, 5, tested.z, tested.u, t, scratch);
    tvi_prior_gradient(tested.prior, 3, 5, tested.z, tested.u, tested.dt, dz, du, scratch,
                       &dmu, dweights);
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    tvi_free(scratch);
    prior_case_destroy(&tested);
}
END_TEST

static void default_options(tvae_prior_options *options)
{
    ASSERT_OK(tvae_prior_options_init(options, sizeof *options));
    options->n_capsules = 3;
    options->capsule_dims[0] = 6;
}

START_TEST(options_init_gives_the_documented_defaults)
{
    tvae_prior_options o;

    ASSERT_OK(tvae_prior_options_init(&o, sizeof o));
    ck_assert_uint_eq(o.size, sizeof o);
    ck_assert_int_eq(o.capsule_dims[0], 0);
    ck_assert_int_eq(o.capsule_dims[1], 1);
    ck_assert_int_eq(o.capsule_dims[2], 1);
    ck_assert(o.mu_init == 30.0);
    ck_assert(o.epsilon == 1e-6);
    ck_assert_int_eq(o.learn_mu, 1);
    ck_assert_int_eq(o.learn_weights, 0);
    ck_assert_int_eq(o.frame_boundary, TVAE_BOUNDARY_CIRCULAR);
    ck_assert_int_eq(o.capsule_boundary, TVAE_BOUNDARY_CIRCULAR);
    ASSERT_STATUS(tvae_prior_options_init(NULL, sizeof o), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_options_init(&o, 4), TVAE_E_INVALID);
}
END_TEST

static void assert_refused(const tvae_prior_options *options)
{
    tvae_prior *prior = NULL;

    ASSERT_STATUS(tvae_prior_create(options, NULL, 0, &prior), TVAE_E_INVALID);
    ck_assert_ptr_null(prior);
}

START_TEST(create_rejects_options_out_of_range)
{
    const int64_t extents[] = {0, -1, INT64_MAX, INT64_MIN};
    const double numbers[] = {NAN, INFINITY, 1e300};
    tvae_prior_options o;

    for (size_t i = 0; i < 4; i++) {
        default_options(&o);
        o.n_capsules = extents[i];
        assert_refused(&o);
        for (size_t axis = 0; axis < 3; axis++) {
            default_options(&o);
            o.capsule_dims[axis] = extents[i];
            assert_refused(&o);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        default_options(&o);
        o.mu_init = numbers[i];
        assert_refused(&o);
        default_options(&o);
        o.epsilon = numbers[i];
        assert_refused(&o);
    }
    default_options(&o);
    o.epsilon = 0.0;
    assert_refused(&o);
    default_options(&o);
    o.frame_boundary = 2;
    assert_refused(&o);
    default_options(&o);
    o.capsule_boundary = -1;
    assert_refused(&o);
    default_options(&o);
    o.learn_mu = 2;
    assert_refused(&o);
    default_options(&o);
    o.learn_weights = 2;
    assert_refused(&o);
    assert_refused(NULL);
}
END_TEST

START_TEST(create_rejects_bad_neighbourhoods)
{
    const int64_t corners[] = {0, 0, 0, 0, 4096, 4096, 4096, 4096};
    tvae_neighbourhood *list[9] = {NULL}, *wide = NULL;
    tvae_prior_options o;
    tvae_prior *prior = NULL;

    default_options(&o);
    ASSERT_STATUS(tvae_prior_create(&o, NULL, 1, &prior), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_create(&o, list, 1, &prior), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_create(&o, list, 9, &prior), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_create(&o, list, 0, NULL), TVAE_E_INVALID);
    ASSERT_OK(tvae_neighbourhood_create_offsets(2, corners, NULL, &wide));
    ASSERT_STATUS(tvae_prior_create(&o, &wide, 1, &prior), TVAE_E_INVALID);
    tvae_neighbourhood_destroy(&wide);
    ck_assert_ptr_null(prior);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(mu_is_read_and_set)
{
    prior_case_create(&tested, 0);
    ck_assert(tvae_prior_mu(tested.prior) == 1.5);
    ASSERT_OK(tvae_prior_set_mu(tested.prior, -2.0));
    ck_assert(tvae_prior_mu(tested.prior) == -2.0);
    ASSERT_STATUS(tvae_prior_set_mu(tested.prior, NAN), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_set_mu(NULL, 1.0), TVAE_E_INVALID);
    prior_case_destroy(&tested);
    prior_case_create(&tested, 7);
    ck_assert(tvae_prior_mu(tested.prior) == 0.0);
    ASSERT_STATUS(tvae_prior_set_mu(tested.prior, 1.0), TVAE_E_INVALID);
    prior_case_destroy(&tested);
    ck_assert(tvae_prior_mu(NULL) == 0.0);
    ck_assert_uint_eq(tvae_prior_n_latents(NULL), 0);
    ck_assert_ptr_null(tvae_prior_retain(NULL));
    tvae_prior_destroy(NULL);
}
END_TEST

START_TEST(apply_and_gradient_reject_bad_arguments)
{
    const size_t few[] = {3, 5, 41}, flat[] = {15, 42}, many[] = {8};
    float w[8], dt[MAX_CASE_VALUES];
    tvae_tensor *z, *u, *t, *small = NULL, *rows = NULL, *weights = NULL;
    const tvae_prior *p;

    prior_case_create(&tested, 0);
    p = tested.prior;
    z = prior_case_wrap(&tested, tested.z);
    u = prior_case_wrap(&tested, tested.u);
    t = prior_case_wrap(&tested, dt);
    ASSERT_OK(tvae_tensor_wrap(tested.dt, 3, few, &small));
    ASSERT_OK(tvae_tensor_wrap(tested.z, 2, flat, &rows));
    ASSERT_OK(tvae_tensor_wrap(w, 1, many, &weights));
    ASSERT_STATUS(tvae_prior_apply(NULL, z, u, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_apply(p, NULL, u, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_apply(p, z, NULL, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_apply(p, z, u, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_apply(p, small, u, t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_prior_apply(p, rows, rows, rows), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_prior_apply(p, z, small, t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_prior_apply(p, z, u, small), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_prior_gradient(NULL, z, u, z, t, t, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_gradient(p, z, u, NULL, t, t, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_gradient(p, z, u, z, NULL, t, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_gradient(p, z, u, z, t, NULL, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_prior_gradient(p, z, u, small, t, t, NULL, NULL), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_prior_gradient(p, z, u, z, t, t, NULL, weights), TVAE_E_SHAPE);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&small);
    tvae_tensor_destroy(&rows);
    tvae_tensor_destroy(&weights);
    prior_case_destroy(&tested);
}
END_TEST

static const tvi_named_parameter *find(const tvi_parameter_list *list, const char *name)
{
    const tvi_named_parameter *found = tvi_parameter_list_find(list, name);

    ck_assert_msg(found != NULL, "no parameter %s", name);
    return found;
}

/* Case 6: offsets (0, 0), (1, 2), (-7, 9), (2, -1): windows of 15 frames (-7 .. 7) and 18
 * places (-8 .. 9), entry a for offset floor(k / 2) - a. */
START_TEST(collect_exposes_mu_and_the_window_of_weights)
{
    tvi_parameter_list list = {0};
    const tvi_parameter *weights;
    float sum = 0.0f;

    prior_case_create(&tested, 6);
    ASSERT_OK(tvi_prior_collect(tested.prior, "grouper.", &list));
    ck_assert_uint_eq(list.n_items, 2);
    ck_assert_uint_eq(find(&list, "grouper.correlated_mean_beta")->parameter->count, 1);
    weights = find(&list, "grouper.model.weight")->parameter;
    ck_assert_int_eq(weights->rank, 5);
    ck_assert_uint_eq(weights->shape[2], 15);
    ck_assert_uint_eq(weights->shape[3], 18);
    ck_assert_uint_eq(weights->shape[4], 1);
    ck_assert(weights->trainable);
    ck_assert(weights->value[7 * 18 + 9] == 1.0f);
    ck_assert(weights->value[(7 - 1) * 18 + 9 - 2] == 0.25f);
    ck_assert(weights->value[(7 + 7) * 18 + 9 - 9] == 2.0f);
    for (size_t i = 0; i < weights->count; i++)
        sum += weights->value[i];
    ck_assert(sum == 3.25f);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

/* The reference's 2-D torus has a kernel of [1, 1, 5, 5, 1]. */
START_TEST(collect_gives_a_torus_of_one_frame_the_axes_of_its_grid)
{
    const int64_t box[TVAE_OFFSET_AXES] = {1, 5, 4, 1};
    tvae_prior_options options;
    tvae_neighbourhood *torus = NULL;
    tvi_parameter_list list = {0};
    const tvi_parameter *weights;
    tvae_prior *prior = NULL;

    ASSERT_OK(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = 1;
    options.capsule_dims[0] = options.capsule_dims[1] = 6;
    ASSERT_OK(tvae_neighbourhood_create_stationary(box, &torus));
    ASSERT_OK(tvae_prior_create(&options, &torus, 1, &prior));
    ASSERT_OK(tvi_prior_collect(prior, "", &list));
    weights = find(&list, "model.weight")->parameter;
    ck_assert_uint_eq(weights->shape[2], 5);
    ck_assert_uint_eq(weights->shape[3], 4);
    ck_assert_uint_eq(weights->shape[4], 1);
    tvi_parameter_list_release(&list);
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&torus);
}
END_TEST

START_TEST(collect_names_the_second_window_and_skips_the_plain_prior)
{
    tvi_parameter_list list = {0};

    prior_case_create(&tested, 4);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    ck_assert_uint_eq(list.n_items, 3);
    (void)find(&list, "model.weight");
    ck_assert_uint_eq(find(&list, "model.1.weight")->parameter->shape[4], 3);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
    prior_case_create(&tested, 7);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    ck_assert_uint_eq(list.n_items, 0);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

/* The prior computes with what its parameters hold, as an optimiser leaves them. */
START_TEST(apply_reads_the_parameters)
{
    static double defined[MAX_CASE_VALUES];
    static float got[MAX_CASE_VALUES], want[MAX_CASE_VALUES];
    tvi_parameter_list list = {0};

    prior_case_create(&tested, 6);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    find(&list, "correlated_mean_beta")->parameter->value[0] = -4.0f;
    find(&list, "model.weight")->parameter->value[7 * 18 + 9] = 3.0f;
    tested.mu = -4.0f;
    tested.weights[0] = 3.0f;
    apply_case(&tested, got);
    prior_case_define(&tested, defined);
    for (size_t i = 0; i < tested.n_values; i++)
        want[i] = (float)defined[i];
    assert_close(tested.name, got, want, tested.n_values, 2e-6, 0.0);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

/* Energies stay at zero or more whatever an optimiser did to the weights. */
START_TEST(weights_below_zero_count_as_zero)
{
    static float got[MAX_CASE_VALUES], want[MAX_CASE_VALUES];
    tvi_parameter_list list = {0};
    float *weight;

    prior_case_create(&tested, 6);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    weight = &find(&list, "model.weight")->parameter->value[(7 - 1) * 18 + 9 - 2];
    *weight = 0.0f;
    apply_case(&tested, want);
    *weight = -5.0f;
    apply_case(&tested, got);
    ck_assert_mem_eq(got, want, tested.n_values * sizeof *got);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

/* An update as an optimiser makes it, at once. */
static tvae_status step_down(tvi_gradient_sink *sink, tvi_parameter *parameter,
                             float *gradient)
{
    (void)sink;
    for (size_t i = 0; i < parameter->count; i++)
        parameter->value[i] -= gradient[i];
    return TVAE_OK;
}

START_TEST(deliver_puts_updated_weights_at_zero_or_more)
{
    const double dweights[] = {10.0, 0.125, 30.0, -40.0};
    float scratch[15 * 18];
    tvi_parameter_list list = {0};
    tvi_gradient_sink sink = {.take = step_down, .scratch = scratch, .n_scratch = 270};
    const float *weights;

    prior_case_create(&tested, 6);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    ASSERT_OK(tvi_prior_deliver(tested.prior, 0.0, dweights, &sink));
    weights = find(&list, "model.weight")->parameter->value;
    ck_assert(weights[7 * 18 + 9] == 0.0f);
    ck_assert(weights[(7 - 1) * 18 + 9 - 2] == 0.125f);
    ck_assert(weights[(7 + 7) * 18 + 9 - 9] == 0.0f);
    ck_assert(weights[(7 - 2) * 18 + 9 + 1] == 40.0f);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

/* mu and the weights are trained or fixed, each by its own option. */
START_TEST(deliver_leaves_fixed_parameters_alone)
{
    const double dweights[7] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    const bool learn_mu = _i % 2, learn_weights = _i / 2;
    float scratch[9];
    tvi_gradient_sink sink = {.take = step_down, .scratch = scratch, .n_scratch = 9};
    tvae_neighbourhood *window = NULL;
    tvi_parameter_list list = {0};
    tvae_prior_options o;
    tvae_prior *prior = NULL;
    const tvi_parameter *mu, *weights;

    default_options(&o);
    o.mu_init = 2.0;
    o.learn_mu = learn_mu;
    o.learn_weights = learn_weights;
    ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 1, &window));
    ASSERT_OK(tvae_prior_create(&o, &window, 1, &prior));
    ASSERT_OK(tvi_prior_collect(prior, "", &list));
    mu = find(&list, "correlated_mean_beta")->parameter;
    weights = find(&list, "model.weight")->parameter;
    ck_assert(mu->trainable == learn_mu && weights->trainable == learn_weights);
    ASSERT_OK(tvi_prior_deliver(prior, 0.5, learn_weights ? dweights : NULL, &sink));
    ck_assert(mu->value[0] == (learn_mu ? 1.5f : 2.0f));
    ck_assert(weights->value[4] == (learn_weights ? 0.0f : 1.0f));
    tvi_parameter_list_release(&list);
    tvae_neighbourhood_destroy(&window);
    tvae_prior_destroy(&prior);
}
END_TEST

static bool is_causal(int64_t first, int64_t last, int32_t frame_boundary, size_t *n_past)
{
    tvae_neighbourhood *n = NULL;
    tvae_prior_options o;
    tvae_prior *prior = NULL;
    bool causal;

    default_options(&o);
    o.frame_boundary = frame_boundary;
    ASSERT_OK(tvae_neighbourhood_create_shifting_range(first, last, 1, &n));
    ASSERT_OK(tvae_prior_create(&o, &n, 1, &prior));
    causal = tvi_prior_is_causal(prior, n_past);
    tvae_neighbourhood_destroy(&n);
    tvae_prior_destroy(&prior);
    return causal;
}

START_TEST(is_causal_wants_past_frames_and_a_zero_boundary)
{
    size_t n_past = 99;

    ck_assert(is_causal(-3, 0, TVAE_BOUNDARY_ZERO, &n_past));
    ck_assert_uint_eq(n_past, 3);
    ck_assert(is_causal(-3, -1, TVAE_BOUNDARY_ZERO, &n_past));
    ck_assert(is_causal(0, 0, TVAE_BOUNDARY_CIRCULAR, &n_past));
    ck_assert_uint_eq(n_past, 0);
    ck_assert(!is_causal(-3, 0, TVAE_BOUNDARY_CIRCULAR, NULL));
    ck_assert(!is_causal(-3, 1, TVAE_BOUNDARY_ZERO, NULL));
    ck_assert(!is_causal(1, 2, TVAE_BOUNDARY_ZERO, NULL));
    prior_case_create(&tested, 7);
    ck_assert(tvi_prior_is_causal(tested.prior, &n_past));
    ck_assert_uint_eq(n_past, 0);
    prior_case_destroy(&tested);
}
END_TEST

START_TEST(deliver_puts_gradients_at_their_offsets)
{
    const double dweights[] = {10.0, 20.0, 30.0, 40.0};
    tvi_parameter_list list = {0};
    tvi_gradient_sink sink = {0};
    const float *gradient;
    float sum = 0.0f;

    prior_case_create(&tested, 6);
    ASSERT_OK(tvi_prior_collect(tested.prior, "", &list));
    ASSERT_OK(tvi_parameter_list_allocate_gradients(&list));
    ASSERT_OK(tvi_prior_deliver(tested.prior, 0.5, dweights, &sink));
    ASSERT_OK(tvi_prior_deliver(tested.prior, 0.5, dweights, &sink));
    ck_assert(find(&list, "correlated_mean_beta")->parameter->gradient[0] == 1.0f);
    gradient = find(&list, "model.weight")->parameter->gradient;
    ck_assert(gradient[7 * 18 + 9] == 20.0f);
    ck_assert(gradient[(7 - 1) * 18 + 9 - 2] == 40.0f);
    ck_assert(gradient[(7 + 7) * 18 + 9 - 9] == 60.0f);
    ck_assert(gradient[(7 - 2) * 18 + 9 + 1] == 80.0f);
    for (size_t i = 0; i < 15 * 18; i++)
        sum += gradient[i];
    ck_assert(sum == 200.0f);
    tvi_parameter_list_release(&list);
    prior_case_destroy(&tested);
}
END_TEST

START_TEST(destroy_order_does_not_matter)
{
    tvae_prior *second;

    prior_case_create(&tested, 0);
    tvae_neighbourhood_destroy(&tested.neighbourhoods[0]);
    second = tvae_prior_retain(tested.prior);
    tvae_prior_destroy(&tested.prior);
    ck_assert_uint_eq(tvae_neighbourhood_count(tvi_prior_neighbourhood(second, 0)), 7);
    ck_assert_ptr_null(tvi_prior_neighbourhood(second, 1));
    tvae_prior_destroy(&second);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* ---- allocation failures */

/* Everything that allocates, once: the first failure ends it. */
static tvae_status use_everything(void)
{
    static float out[MAX_CASE_VALUES], dz[MAX_CASE_VALUES], du[MAX_CASE_VALUES];
    const size_t shape[] = {2, 3, 18};
    const int64_t offsets[] = {0, 0, 0, 0, 1, 1, 0, 0}, window[] = {1, 3, 1, 1};
    tvae_neighbourhood *list[2] = {NULL, NULL};
    tvae_tensor *tensors[4] = {NULL, NULL, NULL, NULL};
    float *const data[] = {tested.z, out, dz, du};
    tvae_prior *prior = NULL;
    tvae_prior_options o;
    tvae_status st;

    default_options(&o);
    st = tvae_neighbourhood_create_offsets(2, offsets, NULL, &list[0]);
    if (st == TVAE_OK)
        st = tvae_neighbourhood_create_stationary(window, &list[1]);
    if (st == TVAE_OK)
        st = tvae_prior_create(&o, list, 2, &prior);
    for (size_t i = 0; i < 4 && st == TVAE_OK; i++)
        st = tvae_tensor_wrap(data[i], 3, shape, &tensors[i]);
    if (st == TVAE_OK)
        st = tvae_prior_apply(prior, tensors[0], tensors[0], tensors[1]);
    if (st == TVAE_OK)
        st = tvae_prior_gradient(prior, tensors[0], tensors[0], tensors[0], tensors[2],
                                 tensors[3], NULL, NULL);
    for (size_t i = 0; i < 4; i++)
        tvae_tensor_destroy(&tensors[i]);
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&list[0]);
    tvae_neighbourhood_destroy(&list[1]);
    return st;
}

START_TEST(failed_allocations_leak_nothing)
{
    fill_uniform(tested.z, MAX_CASE_VALUES, -1.0, 1.0, 1);
    assert_survives_scarce_memory(use_everything, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prior");
    TCase *tc = tcase_create("prior");

    tcase_add_loop_test(tc, apply_equals_the_definition, 0, N_PRIOR_CASES);
    tcase_add_test(tc, apply_accepts_split_latents);
    tcase_add_test(tc, internal_forms_allocate_nothing);
    tcase_add_test(tc, options_init_gives_the_documented_defaults);
    tcase_add_test(tc, create_rejects_options_out_of_range);
    tcase_add_test(tc, create_rejects_bad_neighbourhoods);
    tcase_add_test(tc, mu_is_read_and_set);
    tcase_add_test(tc, apply_and_gradient_reject_bad_arguments);
    tcase_add_test(tc, collect_exposes_mu_and_the_window_of_weights);
    tcase_add_test(tc, collect_gives_a_torus_of_one_frame_the_axes_of_its_grid);
    tcase_add_test(tc, collect_names_the_second_window_and_skips_the_plain_prior);
    tcase_add_test(tc, apply_reads_the_parameters);
    tcase_add_test(tc, weights_below_zero_count_as_zero);
    tcase_add_test(tc, deliver_puts_updated_weights_at_zero_or_more);
    tcase_add_loop_test(tc, deliver_leaves_fixed_parameters_alone, 0, 4);
    tcase_add_test(tc, is_causal_wants_past_frames_and_a_zero_boundary);
    tcase_add_test(tc, collect_gives_a_torus_of_one_frame_the_axes_of_its_grid);
    tcase_add_test(tc, deliver_puts_gradients_at_their_offsets);
    tcase_add_test(tc, destroy_order_does_not_matter);
    tcase_add_test(tc, failed_allocations_leak_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
