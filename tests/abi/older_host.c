/* SPDX-License-Identifier: MIT */
/* A program that was compiled when two option structs were shorter: it declares them as
 * its header did, and knows their sizes of then.
 *
 * No release came before 0.1, so these layouts were never installed anywhere. They are
 * the shortest that the library promises to read (V1_SIZE in lib/model/model.c and
 * lib/train/options.c), from before predict_steps and schedule_steps. Once a release has
 * been followed by one with longer structs, its layouts belong here. */
#include <string.h>

#include <tvae/train.h>

#include "hosts.h"

typedef struct older_model_options {
    size_t size;
    int64_t channels, height, width;
    double gaussian_scale;
    int32_t likelihood, bias_per_pixel;
} older_model_options;

typedef struct older_train_options {
    size_t size;
    uint64_t seed;
    double learning_rate, momentum, beta1, beta2, epsilon, weight_decay;
    int32_t optimizer, schedule;
} older_train_options;

_Static_assert(sizeof(older_model_options) == 48 && sizeof(older_train_options) == 72,
               "layouts of then");
_Static_assert(sizeof(older_model_options) < sizeof(tvae_model_options) &&
                   sizeof(older_train_options) < sizeof(tvae_train_options),
               "older structs are shorter");

enum { GUARD = 0x5a };

/* A struct with what lies behind it in the program's memory. */
typedef struct guarded_model_options {
    older_model_options options;
    unsigned char behind[sizeof(tvae_model_options)];
} guarded_model_options;

typedef struct guarded_train_options {
    older_train_options options;
    unsigned char behind[sizeof(tvae_train_options)];
} guarded_train_options;

static int untouched(const unsigned char *behind, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        if (behind[i] != GUARD)
            return 0;
    return 1;
}

static tvae_prior *create_prior(void)
{
    tvae_prior_options options;
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior *prior = NULL;

    if (tvae_neighbourhood_create_shifting(3, 3, 0, &neighbourhood) == TVAE_OK &&
        tvae_prior_options_init(&options, sizeof options) == TVAE_OK) {
        options.n_capsules = 2;
        options.capsule_dims[0] = 4;
        (void)tvae_prior_create(&options, &neighbourhood, 1, &prior);
    }
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

/* The loss of the third step, which depends on every option of model and trainer. */
static int train(const void *model_options, const void *train_options, double *loss)
{
    const size_t shape[] = {2, 4, 1, 2, 3};
    tvae_prior *prior = create_prior();
    tvae_model *model = NULL;
    tvae_trainer *trainer = NULL;
    tvae_tensor *x = NULL;
    int failed = EXPECT(tvae_model_create(model_options, prior, &model) == TVAE_OK);

    failed += EXPECT(tvae_model_initialise(model, 1) == TVAE_OK);
    failed += EXPECT(tvae_trainer_create(model, train_options, &trainer) == TVAE_OK);
    failed += EXPECT(tvae_tensor_create(5, shape, &x) == TVAE_OK);
    failed += EXPECT(tvae_tensor_fill_normal(x, 1, 1) == TVAE_OK);
    for (int step = 0; step < 3; step++)
        failed += EXPECT(tvae_trainer_step(trainer, x, loss, 1) == TVAE_OK);
    tvae_tensor_destroy(&x);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
    tvae_prior_destroy(&prior);
    return failed;
}

static int train_as_today(double *loss)
{
    tvae_model_options model;
    tvae_train_options trainer;
    int failed = EXPECT(tvae_model_options_init(&model, sizeof model) == TVAE_OK);

    failed += EXPECT(tvae_train_options_init(&trainer, sizeof trainer) == TVAE_OK);
    model.channels = 1;
    model.height = 2;
    model.width = 3;
    model.likelihood = TVAE_LIKELIHOOD_GAUSSIAN;
    trainer.seed = 7;
    trainer.learning_rate = 1e-3;
    return failed + train(&model, &trainer, loss);
}

int older_host(void)
{
    guarded_model_options model;
    guarded_train_options trainer;
    double loss = 0.0, loss_today = 1.0;
    int failed = 0;

    memset(&model, GUARD, sizeof model);
    memset(&trainer, GUARD, sizeof trainer);
    failed +=
        EXPECT(tvae_model_options_init((void *)&model, sizeof model.options) == TVAE_OK);
    failed += EXPECT(tvae_train_options_init((void *)&trainer, sizeof trainer.options) ==
                     TVAE_OK);
    failed += EXPECT(model.options.size == sizeof model.options);
    failed += EXPECT(trainer.options.size == sizeof trainer.options);
    model.options.channels = 1;
    model.options.height = 2;
    model.options.width = 3;
    model.options.likelihood = TVAE_LIKELIHOOD_GAUSSIAN;
    trainer.options.seed = 7;
    trainer.options.learning_rate = 1e-3;
    failed += train(&model, &trainer, &loss);
    failed += EXPECT(untouched(model.behind, sizeof model.behind));
    failed += EXPECT(untouched(trainer.behind, sizeof trainer.behind));

    /* What the older program could not set has its default. */
    failed += train_as_today(&loss_today);
    return failed + EXPECT(loss == loss_today);
}
