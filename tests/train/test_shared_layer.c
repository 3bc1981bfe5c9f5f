/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>

#include "backlog_training.h"

/* Two models of one encoder, each with a trainer of its own, and the host's handle of the
 * encoder: all see the same weights, whichever trainer's updates wait. */

enum { N_LATENTS = CAPSULES * WIDTH, N_PIXELS = SIDE * SIDE, N_TURNS = 4, N_STEPS = 9 };

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs, uint64_t seed)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    ASSERT_OK(tvae_layer_create_linear(&options, &layer));
    ASSERT_OK(tvae_layer_initialise(layer, seed));
    return layer;
}

/* A plain VAE with that encoder, and its trainer. */
static training create_training(tvae_layer *encoder, uint64_t seed, bool waits)
{
    const tvae_train_options options = sgd_options();
    tvae_layer *decoder = create_linear(N_LATENTS, N_PIXELS, seed);
    tvae_prior_options prior_options;
    tvae_model_options model_options;
    tvae_prior *prior = NULL;
    training t = {.waits = waits};

    ASSERT_OK(tvae_prior_options_init(&prior_options, sizeof prior_options));
    prior_options.n_capsules = CAPSULES;
    prior_options.capsule_dims[0] = WIDTH;
    ASSERT_OK(tvae_prior_create(&prior_options, NULL, 0, &prior));
    ASSERT_OK(tvae_model_options_init(&model_options, sizeof model_options));
    model_options.channels = 1;
    model_options.height = SIDE;
    model_options.width = SIDE;
    ASSERT_OK(
        tvae_model_compose(&model_options, encoder, NULL, prior, decoder, &t.model));
    ASSERT_OK(tvae_trainer_create(t.model, &options, &t.trainer));
    tvae_prior_destroy(&prior);
    tvae_layer_destroy(&decoder);
    return t;
}

static void destroy_training(training *t)
{
    tvae_trainer_destroy(&t->trainer);
    tvae_model_destroy(&t->model);
}

/* What the host reads from its handle of the encoder. */
typedef struct reading {
    float weight[2 * N_LATENTS * N_PIXELS];
    float y[2 * N_LATENTS];
} reading;

static void read_layer(const tvae_layer *encoder, reading *r)
{
    const size_t of_weight[2] = {2 * N_LATENTS, N_PIXELS}, of_x[2] = {1, N_PIXELS},
                 of_y[2] = {1, 2 * N_LATENTS};
    tvae_tensor *weight = NULL, *x = NULL, *y = NULL;
    tvae_workspace *work = NULL;

    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_tensor_wrap(r->weight, 2, of_weight, &weight));
    ASSERT_OK(tvae_tensor_create(2, of_x, &x));
    ASSERT_OK(tvae_tensor_wrap(r->y, 2, of_y, &y));
    fill_uniform(tvae_tensor_data(x), N_PIXELS, -1.0, 1.0, 4);
    ASSERT_OK(tvae_layer_forward(encoder, work, x, y));
    ASSERT_OK(tvae_layer_get_parameter(encoder, "weight", weight));
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&weight);
    tvae_workspace_destroy(&work);
}

/* The trainers take turns; then the first one goes, and the second goes on. */
static void train_by_turns(bool waits, reading *r)
{
    tvae_layer *encoder = create_linear(N_PIXELS, 2 * N_LATENTS, 1);
    training a = create_training(encoder, 2, waits),
             b = create_training(encoder, 3, waits);

    memset(r, 0, 3 * sizeof *r);
    for (size_t turn = 0; turn < N_TURNS; turn++) {
        train_one(&a, 2 * turn * N_STEPS, (2 * turn + 1) * N_STEPS);
        train_one(&b, (2 * turn + 1) * N_STEPS, (2 * turn + 2) * N_STEPS);
    }
    read_layer(encoder, &r[0]);
    train_one(&a, 0, N_STEPS);
    destroy_training(&a);
    train_one(&b, 0, N_STEPS);
    read_layer(encoder, &r[1]);
    train_one(&b, 1, N_STEPS);
    destroy_training(&b);
    read_layer(encoder, &r[2]);
    tvae_layer_destroy(&encoder);
}

START_TEST(models_share_an_encoder)
{
    static reading waiting[3], eager[3];

    train_by_turns(true, waiting);
    train_by_turns(false, eager);
    ck_assert_mem_eq(waiting, eager, sizeof eager);
    ck_assert_mem_ne(&eager[1], &eager[2], sizeof eager[1]);
}
END_TEST

/* The host's own pass back through its handle, of which the forward half came earlier. */
static void pass_around_steps(bool waits, float dx[N_PIXELS])
{
    const size_t of_x[2] = {1, N_PIXELS}, of_y[2] = {1, 2 * N_LATENTS};
    tvae_layer *encoder = create_linear(N_PIXELS, 2 * N_LATENTS, 1);
    training t = create_training(encoder, 2, waits);
    tvae_tensor *x = NULL, *y = NULL, *d_x = NULL;
    tvae_workspace *work = NULL;

    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_tensor_create(2, of_x, &x));
    ASSERT_OK(tvae_tensor_create(2, of_y, &y));
    ASSERT_OK(tvae_tensor_wrap(dx, 2, of_x, &d_x));
    fill_uniform(tvae_tensor_data(x), N_PIXELS, -1.0, 1.0, 4);
    ASSERT_OK(tvae_layer_forward(encoder, work, x, y));
    train_one(&t, 0, N_STEPS);
    ASSERT_OK(tvae_layer_backward(encoder, work, x, y, y, d_x));
    tvae_tensor_destroy(&d_x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&x);
    tvae_workspace_destroy(&work);
    destroy_training(&t);
    tvae_layer_destroy(&encoder);
}

START_TEST(input_gradients_see_all_steps)
{
    static float waiting[N_PIXELS], eager[N_PIXELS];

    pass_around_steps(true, waiting);
    pass_around_steps(false, eager);
    ck_assert_mem_eq(waiting, eager, sizeof eager);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared layer");
    TCase *tests = tcase_create("shared layer");

    tcase_add_test(tests, models_share_an_encoder);
    tcase_add_test(tests, input_gradients_see_all_steps);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
