/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "failing_allocation.h"
#include "fixture.h"
#include "model/model.h"
#include "support.h"

/* ---- the paper's sizes ---- */

typedef struct expected_parameter {
    const char *name;
    int32_t rank;
    size_t shape[5];
} expected_parameter;

static tvae_model *create_paper_model(int64_t channels, int64_t size, int64_t capsules,
                                      const int64_t dims[3],
                                      tvae_neighbourhood *neighbourhood)
{
    tvae_prior_options grid;
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_prior_options_init(&grid, sizeof grid));
    grid.n_capsules = capsules;
    memcpy(grid.capsule_dims, dims, sizeof grid.capsule_dims);
    ASSERT_OK(tvae_prior_create(&grid, &neighbourhood, neighbourhood ? 1 : 0, &prior));
    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = channels;
    options.height = options.width = size;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return model;
}

static void assert_totals(const tvae_model *model, size_t total, size_t trainable)
{
    size_t n = 0, n_trainable = 0;

    for (size_t i = 0; i < model->parameters.n_items; i++) {
        const tvi_parameter *parameter = model->parameters.items[i].parameter;

        const size_t count = parameter->n_rows * parameter->n_columns;

        n += count;
        n_trainable += parameter->trainable ? count : 0;
    }
    ck_assert_uint_eq(n, total);
    ck_assert_uint_eq(n_trainable, trainable);
}

START_TEST(create_gives_the_reference_names_and_shapes)
{
    static const expected_parameter expected[] = {
        {"z_encoder.model.0.weight", 4, {972, 3, 28, 28}},
        {"z_encoder.model.0.bias", 1, {972}},
        {"z_encoder.model.2.weight", 4, {648, 972, 1, 1}},
        {"z_encoder.model.2.bias", 1, {648}},
        {"z_encoder.model.4.weight", 4, {648, 648, 1, 1}},
        {"z_encoder.model.4.bias", 1, {648}},
        {"u_encoder.model.0.weight", 4, {972, 3, 28, 28}},
        {"u_encoder.model.0.bias", 1, {972}},
        {"u_encoder.model.2.weight", 4, {648, 972, 1, 1}},
        {"u_encoder.model.2.bias", 1, {648}},
        {"u_encoder.model.4.weight", 4, {648, 648, 1, 1}},
        {"u_encoder.model.4.bias", 1, {648}},
        {"decoder.model.0.weight", 4, {324, 648, 1, 1}},
        {"decoder.model.0.bias", 1, {648}},
        {"decoder.model.2.weight", 4, {648, 972, 1, 1}},
        {"decoder.model.2.bias", 1, {972}},
        {"decoder.model.4.weight", 4, {972, 3, 28, 28}},
        {"decoder.model.4.bias", 1, {3}},
        {"grouper.correlated_mean_beta", 1, {1}},
        {"grouper.model.weight", 5, {1, 1, 13, 13, 1}}};
    const size_t n_expected = sizeof expected / sizeof *expected;
    const int64_t dims[] = {18, 1, 1};
    tvae_neighbourhood *window = NULL;
    tvae_model *model;

    ASSERT_OK(tvae_neighbourhood_create_shifting(13, 13, 1, &window));
    model = create_paper_model(3, 28, 18, dims, window);
    ck_assert_uint_eq(tvae_model_parameter_count(model), n_expected);
    for (size_t i = 0; i < n_expected; i++) {
        char name[128];
        int32_t rank = 0;
        size_t shape[TVAE_MAX_RANK];

        ASSERT_OK(tvae_model_parameter_info(model, i, name, sizeof name, &rank, shape));
        ck_assert_str_eq(name, expected[i].name);
        ck_assert_int_eq(rank, expected[i].rank);
        ck_assert_mem_eq(shape, expected[i].shape, (size_t)rank * sizeof *shape);
    }
    assert_totals(model, 9804089, 9803920);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(create_gives_the_reference_parameter_totals)
{
    const int64_t capsule15[] = {15, 1, 1}, capsule18[] = {18, 1, 1},
                  torus[] = {18, 18, 1}, window[] = {1, 5, 5, 1};
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_model *model;

    ASSERT_OK(tvae_neighbourhood_create_shifting(10, 10, 0, &neighbourhood));
    model = create_paper_model(1, 64, 15, capsule15, neighbourhood);
    assert_totals(model, 9716277, 9716177);
    tvae_model_destroy(&model);
    ASSERT_OK(tvae_neighbourhood_create_stationary(window, &neighbourhood));
    model = create_paper_model(1, 28, 1, torus, neighbourhood);
    assert_totals(model, 5231655, 5231630);
    tvae_model_destroy(&model);
    /* The reference counts one more: a weight of its plain VAE that nothing uses. */
    model = create_paper_model(3, 28, 18, capsule18, NULL);
    assert_totals(model, 6465747, 6465747);
    tvae_model_destroy(&model);
}
END_TEST

/* Largest magnitude of a parameter must lie just inside its bound. */
static void assert_bound(const tvae_model *model, const char *name, double bound)
{
    const tvi_parameter *parameter =
        tvi_parameter_list_find(&model->parameters, name)->parameter;
    double largest = 0.0;

    for (size_t i = 0; i < parameter->count; i++)
        largest = fmax(largest, fabs((double)parameter->value[i]));
    ck_assert_msg(largest <= bound && largest > 0.9 * bound,
                  "%s: largest is %g, want up to %g", name, largest, bound);
}

START_TEST(initialise_draws_within_the_reference_bounds)
{
    const double n = 24.0, s = 10.0;
    tvae_model *model = fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0);
    tvae_model *same = fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0);

    assert_bound(model, "z_encoder.model.0.weight", 1.0 / sqrt(n));
    assert_bound(model, "u_encoder.model.2.weight", 1.0 / sqrt(3.0 * s));
    assert_bound(model, "u_encoder.model.4.weight", 1.0 / sqrt(2.0 * s));
    assert_bound(model, "decoder.model.0.weight", 1.0 / sqrt(2.0 * s));
    assert_bound(model, "decoder.model.2.weight", 1.0 / sqrt(3.0 * s));
    assert_bound(model, "decoder.model.4.weight", 1.0 / sqrt(n));
    for (size_t i = 0; i < model->parameters.n_items; i++) {
        const tvi_parameter *a = model->parameters.items[i].parameter;
        const tvi_parameter *b = same->parameters.items[i].parameter;

        ck_assert_mem_eq(a->value, b->value, a->count * sizeof *a->value);
    }
    ck_assert_mem_ne(
        tvi_parameter_list_find(&model->parameters, "z_encoder.model.0.weight")
            ->parameter->value,
        tvi_parameter_list_find(&model->parameters, "u_encoder.model.0.weight")
            ->parameter->value,
        100);
    ASSERT_OK(tvae_prior_set_mu(model->prior, 7.0));
    ASSERT_OK(tvae_model_initialise(model, 12));
    ck_assert(tvae_prior_mu(model->prior) == 1.5);
    tvae_model_destroy(&model);
    tvae_model_destroy(&same);
}
END_TEST

START_TEST(bias_per_pixel_gives_each_pixel_its_own)
{
    tvae_prior *prior = fixture_prior(FIXTURE_VAE, 0);
    tvae_model_options options;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = 2;
    options.height = 3;
    options.width = 4;
    options.bias_per_pixel = 1;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ck_assert_uint_eq(tvi_parameter_list_find(&model->parameters, "decoder.model.4.bias")
                          ->parameter->count,
                      24);
    tvae_model_destroy(&model);
    tvae_prior_destroy(&prior);
}
END_TEST

/* ---- bad arguments ---- */

START_TEST(create_rejects_bad_options)
{
    tvae_prior *prior = fixture_prior(FIXTURE_TVAE_ODD, 0);
    tvae_model_options good, bad;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_options_init(&good, sizeof good));
    ASSERT_STATUS(tvae_model_create(&good, prior, &model), TVAE_E_INVALID);
    good.channels = good.height = good.width = 2;
    ASSERT_STATUS(tvae_model_create(NULL, prior, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_create(&good, NULL, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_create(&good, prior, NULL), TVAE_E_INVALID);
    bad = good;
    bad.gaussian_scale = (double)NAN;
    ASSERT_STATUS(tvae_model_create(&bad, prior, &model), TVAE_E_INVALID);
    bad = good;
    bad.likelihood = 2;
    ASSERT_STATUS(tvae_model_create(&bad, prior, &model), TVAE_E_INVALID);
    bad = good;
    bad.bias_per_pixel = 2;
    ASSERT_STATUS(tvae_model_create(&bad, prior, &model), TVAE_E_INVALID);
    bad = good;
    bad.width = INT64_MAX;
    ASSERT_STATUS(tvae_model_create(&bad, prior, &model), TVAE_E_SHAPE);
    bad = good;
    bad.size = 8;
    ASSERT_STATUS(tvae_model_create(&bad, prior, &model), TVAE_E_INVALID);
    ck_assert_ptr_null(model);
    ASSERT_STATUS(tvae_model_options_init(NULL, sizeof good), TVAE_E_INVALID);
    tvae_prior_destroy(&prior);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    ASSERT_OK(tvae_layer_create_linear(&options, &layer));
    return layer;
}

START_TEST(compose_rejects_what_does_not_fit)
{
    tvae_prior *prior = fixture_prior(FIXTURE_TVAE_ODD, 0);
    tvae_prior *plain = fixture_prior(FIXTURE_VAE, 0);
    tvae_layer *z = create_linear(4, 20), *u = create_linear(4, 20),
               *decoder = create_linear(10, 4), *chain = NULL, *chained[1];
    tvae_model_options o;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_options_init(&o, sizeof o));
    o.channels = 1;
    o.height = o.width = 2;
    ASSERT_STATUS(tvae_model_compose(&o, NULL, u, prior, decoder, &model),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, NULL, prior, decoder, &model),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, u, plain, decoder, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, u, NULL, decoder, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, u, prior, NULL, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, u, prior, decoder, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, z, prior, decoder, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, u, prior, z, &model), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_compose(&o, z, decoder, prior, u, &model), TVAE_E_SHAPE);
    chained[0] = z;
    ASSERT_OK(tvae_layer_create_sequential(chained, 1, &chain));
    ASSERT_STATUS(tvae_model_compose(&o, z, chain, prior, decoder, &model),
                  TVAE_E_INVALID);
    ck_assert_ptr_null(model);
    ASSERT_OK(tvae_model_compose(&o, z, u, prior, decoder, &model));
    tvae_layer_destroy(&z);
    tvae_layer_destroy(&u);
    tvae_layer_destroy(&decoder);
    tvae_layer_destroy(&chain);
    tvae_prior_destroy(&prior);
    tvae_prior_destroy(&plain);
    ASSERT_OK(tvae_model_initialise(model, 1));
    tvae_model_destroy(&model);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(functions_reject_null_handles)
{
    const size_t one = 1;
    char name[8];
    size_t shape[4];
    tvae_model *none = NULL;
    tvae_tensor *value = NULL;

    ASSERT_OK(tvae_tensor_create(1, &one, &value));
    ck_assert_ptr_null(tvae_model_retain(NULL));
    tvae_model_destroy(NULL);
    tvae_model_destroy(&none);
    ck_assert_uint_eq(tvae_model_parameter_count(NULL), 0);
    ASSERT_STATUS(tvae_model_initialise(NULL, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_frame_shape(NULL, shape), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_latent_shape(NULL, shape), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_parameter_info(NULL, 0, name, 8, NULL, NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_get_parameter(NULL, "x", value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_set_parameter(NULL, "x", value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_get_gradient(NULL, "x", value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_zero_gradient(NULL), TVAE_E_INVALID);
    tvae_tensor_destroy(&value);
}
END_TEST

START_TEST(parameters_go_in_and_out_by_name)
{
    const size_t one = 1;
    tvae_model *model = fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0);
    tvae_tensor *value = NULL;

    ASSERT_OK(tvae_tensor_create(1, &one, &value));
    tvae_tensor_data(value)[0] = 2.5f;
    ASSERT_OK(tvae_model_set_parameter(model, "grouper.correlated_mean_beta", value));
    ck_assert(tvae_prior_mu(model->prior) == 2.5);
    ASSERT_STATUS(tvae_model_set_parameter(model, "grouper.beta", value),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_model_set_parameter(model, "decoder.model.0.bias", value),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_get_gradient(model, "grouper.correlated_mean_beta", value),
                  TVAE_E_STATE);
    tvae_tensor_data(value)[0] = NAN;
    ASSERT_STATUS(tvae_model_set_parameter(model, "grouper.correlated_mean_beta", value),
                  TVAE_E_NUMERIC);
    tvae_tensor_destroy(&value);
    tvae_model_destroy(&model);
}
END_TEST

/* ---- the loss ---- */

START_TEST(loss_is_the_sum_of_its_terms)
{
    double terms[TVAE_N_TERMS], one = 0.0;
    fixture f;

    fixture_create(&f, (fixture_kind)_i, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_OK(
        tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, terms, TVAE_N_TERMS));
    assert_near("loss", terms[TVAE_TERM_LOSS],
                terms[TVAE_TERM_NEG_LOG_PX] + terms[TVAE_TERM_KL_Z] +
                    terms[TVAE_TERM_KL_U],
                1e-12, 0.0);
    ck_assert(terms[TVAE_TERM_KL_Z] > 0.0);
    ck_assert((terms[TVAE_TERM_KL_U] > 0.0) == (_i != FIXTURE_VAE));
    ck_assert(terms[TVAE_TERM_EQUIVARIANCE_ERROR] == 0.0);
    ASSERT_OK(tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, &one, 1));
    ck_assert(one == terms[TVAE_TERM_LOSS]);
    ASSERT_OK(
        tvae_model_elbo_gradient(f.model, f.work, f.x, f.noise_z, f.noise_u, &one, 1));
    assert_near("with gradient", one, terms[TVAE_TERM_LOSS], 1e-6, 0.0);
    ASSERT_OK(tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, NULL, 0));
    fixture_destroy(&f);
}
END_TEST

START_TEST(elbo_names_the_part_that_is_not_finite)
{
    const char *const names[] = {"z_encoder.model.4.bias", "u_encoder.model.4.bias",
                                 "decoder.model.4.bias"};
    const char *const parts[] = {"kl_z", "kl_u", "neg_log_px"};
    double terms[TVAE_N_TERMS];
    fixture f;

    for (size_t i = 0; i < 3; i++) {
        const tvi_parameter *bias;

        fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_GAUSSIAN);
        bias = tvi_parameter_list_find(&f.model->parameters, names[i])->parameter;
        for (size_t k = 0; k < bias->count; k++)
            bias->value[k] = 3e38f;
        ASSERT_STATUS(tvae_model_elbo_gradient(f.model, f.work, f.x, f.noise_z, f.noise_u,
                                               terms, TVAE_N_TERMS),
                      TVAE_E_NUMERIC);
        ck_assert_msg(strstr(tvae_last_error(), parts[i]) != NULL, "%s",
                      tvae_last_error());
        ck_assert(!isfinite(terms[TVAE_TERM_LOSS]));
        for (size_t k = 0; k < f.model->parameters.n_items; k++) {
            const tvi_parameter *parameter = f.model->parameters.items[k].parameter;

            for (size_t j = 0; j < parameter->count; j++)
                ck_assert(parameter->gradient[j] == 0.0f);
        }
        fixture_destroy(&f);
    }
}
END_TEST

START_TEST(elbo_rejects_bad_arguments)
{
    double terms[TVAE_N_TERMS];
    fixture f, plain;

    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI);
    fixture_create(&plain, FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_STATUS(tvae_model_elbo(NULL, f.work, f.x, NULL, NULL, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, NULL, f.x, NULL, NULL, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, NULL, NULL, NULL, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, NULL, NULL, NULL, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, NULL, NULL, terms, 6),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, f.noise_z, NULL, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, NULL, f.noise_u, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.t, NULL, NULL, terms, 1),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, f.x, f.noise_u, terms, 1),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_elbo(plain.model, plain.work, plain.x, plain.noise_z,
                                  f.noise_u, terms, 1),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_elbo_gradient(NULL, f.work, f.x, NULL, NULL, terms, 1),
                  TVAE_E_INVALID);
    tvae_tensor_data(f.x)[3] = NAN;
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, NULL, NULL, terms, 1),
                  TVAE_E_NUMERIC);
    fixture_destroy(&f);
    fixture_destroy(&plain);
}
END_TEST

/* ---- memory ---- */

static void use_everything(const fixture *f, tvae_tensor *decoded)
{
    double terms[TVAE_N_TERMS];

    ASSERT_OK(tvae_model_zero_gradient(f->model));
    ASSERT_OK(tvae_model_elbo_gradient(f->model, f->work, f->x, f->noise_z, f->noise_u,
                                       terms, TVAE_N_TERMS));
    ASSERT_OK(tvae_model_encode(f->model, f->work, f->x, f->t));
    ASSERT_OK(tvae_model_decode(f->model, f->work, f->t, decoded));
    ASSERT_OK(tvae_model_log_likelihood(f->model, f->work, f->x, 3, 1, NULL, NULL));
}

START_TEST(steady_state_allocates_nothing)
{
    fixture f;
    size_t shape[5], n_blocks;
    tvae_tensor *decoded = NULL;

    fixture_create(&f, (fixture_kind)_i, TVAE_LIKELIHOOD_BERNOULLI);
    for (int32_t axis = 0; axis < 5; axis++)
        shape[axis] = tvae_tensor_extent(f.x, axis);
    ASSERT_OK(tvae_tensor_create(5, shape, &decoded));
    use_everything(&f, decoded);
    n_blocks = tvi_blocks_allocated();
    for (int i = 0; i < 3; i++)
        use_everything(&f, decoded);
    ck_assert_uint_eq(tvi_blocks_allocated(), n_blocks);
    tvae_tensor_destroy(&decoded);
    fixture_destroy(&f);
}
END_TEST

/* Causal and predictive, so that every call works with it. */
static tvae_status create_small(tvae_model **model)
{
    tvae_neighbourhood *window = NULL;
    tvae_prior *prior = NULL;
    tvae_prior_options grid;
    tvae_model_options options;
    tvae_status st = tvae_prior_options_init(&grid, sizeof grid);

    grid.n_capsules = 2;
    grid.capsule_dims[0] = 3;
    grid.frame_boundary = TVAE_BOUNDARY_ZERO;
    if (st == TVAE_OK)
        st = tvae_model_options_init(&options, sizeof options);
    options.channels = 1;
    options.height = options.width = 2;
    options.predict_steps = 1;
    if (st == TVAE_OK)
        st = tvae_neighbourhood_create_shifting_range(-2, 0, 1, &window);
    if (st == TVAE_OK)
        st = tvae_prior_create(&grid, &window, 1, &prior);
    if (st == TVAE_OK)
        st = tvae_model_create(&options, prior, model);
    tvae_neighbourhood_destroy(&window);
    tvae_prior_destroy(&prior);
    return st;
}

/* A stream of one frame. */
static tvae_status push_one(tvae_model *model, tvae_tensor *x, tvae_tensor *t)
{
    const size_t frame_shape[] = {1, 2, 2}, n_latents = 6;
    tvae_stream *stream = NULL;
    tvae_tensor *frame = NULL, *latents = NULL;
    tvae_status st = tvae_stream_create(model, &stream);

    if (st == TVAE_OK)
        st = tvae_tensor_view(x, 0, 3, frame_shape, &frame);
    if (st == TVAE_OK)
        st = tvae_tensor_view(t, 0, 1, &n_latents, &latents);
    if (st == TVAE_OK)
        st = tvae_stream_push(stream, frame, latents);
    tvae_tensor_destroy(&frame);
    tvae_tensor_destroy(&latents);
    tvae_stream_destroy(&stream);
    return st;
}

/* Everything a model does, until something fails. */
static tvae_status live_through(const char *path)
{
    const size_t frames[] = {1, 3, 1, 2, 2}, latents[] = {1, 3, 6};
    tvae_model *model = NULL, *loaded = NULL;
    tvae_workspace *work = NULL;
    tvae_tensor *x = NULL, *t = NULL, *ahead = NULL;
    double loss;
    tvae_status st = create_small(&model);

    if (st == TVAE_OK)
        st = tvae_model_initialise(model, 1);
    if (st == TVAE_OK)
        st = tvae_workspace_create(&work);
    if (st == TVAE_OK)
        st = tvae_tensor_create(5, frames, &x);
    if (st == TVAE_OK)
        st = tvae_tensor_create(5, frames, &ahead);
    if (st == TVAE_OK)
        st = tvae_tensor_create(3, latents, &t);
    if (st == TVAE_OK)
        st = tvae_model_elbo_gradient(model, work, x, t, t, &loss, 1);
    if (st == TVAE_OK)
        st = tvae_model_encode(model, work, x, t);
    if (st == TVAE_OK)
        st = tvae_model_decode(model, work, t, x);
    if (st == TVAE_OK)
        st = tvae_model_predict(model, work, x, 2, ahead);
    if (st == TVAE_OK)
        st = push_one(model, x, t);
    if (st == TVAE_OK)
        st = tvae_model_log_likelihood(model, work, x, 2, 1, NULL, NULL);
    if (st == TVAE_OK)
        st = tvae_model_save(model, path);
    if (st == TVAE_OK)
        st = tvae_model_load(path, &loaded);
    tvae_model_destroy(&model);
    tvae_model_destroy(&loaded);
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&ahead);
    return st;
}

START_TEST(each_failing_allocation_gives_nomem_and_leaks_nothing)
{
    char path[256];
    tvae_status st = TVAE_E_NOMEM;

    (void)fixture_path("sweep.safetensors", path);
    ASSERT_OK(tvae_set_allocator(&failing_allocator));
    for (long failing = 1; st == TVAE_E_NOMEM; failing++) {
        fail_allocation(failing);
        st = live_through(path);
        ck_assert_msg(st == TVAE_OK || st == TVAE_E_NOMEM, "allocation %ld: %s (%s)",
                      failing, tvae_status_name(st), tvae_last_error());
        ck_assert_uint_eq(tvi_live_blocks(), 0);
        ck_assert_int_lt(failing, 5000);
    }
    ASSERT_OK(st);
    ASSERT_OK(tvae_set_allocator(NULL));
    (void)remove(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tc = tcase_create("model");

    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, create_gives_the_reference_names_and_shapes);
    tcase_add_test(tc, create_gives_the_reference_parameter_totals);
    tcase_add_test(tc, initialise_draws_within_the_reference_bounds);
    tcase_add_test(tc, bias_per_pixel_gives_each_pixel_its_own);
    tcase_add_test(tc, create_rejects_bad_options);
    tcase_add_test(tc, compose_rejects_what_does_not_fit);
    tcase_add_test(tc, functions_reject_null_handles);
    tcase_add_test(tc, parameters_go_in_and_out_by_name);
    tcase_add_loop_test(tc, loss_is_the_sum_of_its_terms, 0, FIXTURE_KINDS);
    tcase_add_test(tc, elbo_names_the_part_that_is_not_finite);
    tcase_add_test(tc, elbo_rejects_bad_arguments);
    tcase_add_loop_test(tc, steady_state_allocates_nothing, 0, FIXTURE_KINDS);
    tcase_add_test(tc, each_failing_allocation_gives_nomem_and_leaks_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
