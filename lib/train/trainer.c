/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "metric/metric.h"
#include "tensor/tensor.h"

enum { NOISE_GRAIN = 1024 };

static const tvae_train_options default_options = {.size = sizeof(tvae_train_options),
                                                   .learning_rate = 1e-4,
                                                   .momentum = 0.9,
                                                   .beta1 = 0.9,
                                                   .beta2 = 0.999,
                                                   .epsilon = 1e-8,
                                                   .weight_decay = 0.01,
                                                   .optimizer = TVAE_OPTIMIZER_SGD};

_Static_assert(sizeof(tvae_train_options) == 72, "frozen layout of release 0.1");

tvae_status tvae_train_options_init(tvae_train_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "train_options_init");
}

static tvae_status check_range(const char *name, double value, bool fits,
                               const char *wanted)
{
    if (fits)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "trainer_create: %s is %g, want %s", name, value,
                    wanted);
}

static tvae_status check_options(const tvae_train_options *o)
{
    const double infinite = HUGE_VAL;
    const struct {
        const char *name;
        double value;
        bool fits;
        const char *wanted;
    } checks[] = {
        {"learning_rate", o->learning_rate,
         o->learning_rate > 0.0 && o->learning_rate < infinite,
         "a finite number above 0"},
        {"momentum", o->momentum, o->momentum >= 0.0 && o->momentum < 1.0,
         "0 <= momentum < 1"},
        {"beta1", o->beta1, o->beta1 >= 0.0 && o->beta1 < 1.0, "0 <= beta1 < 1"},
        {"beta2", o->beta2, o->beta2 >= 0.0 && o->beta2 < 1.0, "0 <= beta2 < 1"},
        {"epsilon", o->epsilon, o->epsilon > 0.0 && o->epsilon < infinite,
         "a finite number above 0"},
        {"weight_decay", o->weight_decay,
         o->weight_decay >= 0.0 && o->weight_decay < infinite,
         "a finite number of at least 0"},
        {"optimizer", (double)o->optimizer,
         o->optimizer >= TVAE_OPTIMIZER_SGD && o->optimizer <= TVAE_OPTIMIZER_ADAMW,
         "a TVAE_OPTIMIZER number, 0 to 2"},
        {"reserved", (double)o->reserved, o->reserved == 0, "0"}};

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const tvae_status st = check_range(checks[i].name, checks[i].value,
                                           checks[i].fits, checks[i].wanted);

        if (st != TVAE_OK)
            return st;
    }
    return TVAE_OK;
}

static void release_trainer(tvae_trainer *trainer)
{
    tvi_optimiser_release(&trainer->optimiser);
    tvae_workspace_destroy(&trainer->work);
    tvae_model_destroy(&trainer->model);
    tvi_free(trainer->noise);
    tvi_free(trainer->scratch);
    tvi_free(trainer);
}

tvae_status tvae_trainer_create(tvae_model *model, const tvae_train_options *options,
                                tvae_trainer **out)
{
    tvae_train_options o = default_options;
    tvae_trainer *trainer;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "trainer_create: out is NULL");
    *out = NULL;
    if (!model)
        return tvi_fail(TVAE_E_INVALID, "trainer_create: model is NULL");
    st = tvi_options_import(&o, sizeof o, sizeof o, options, "trainer_create");
    if (st == TVAE_OK)
        st = check_options(&o);
    if (st != TVAE_OK)
        return st;

    trainer = tvi_alloc_array(1, sizeof *trainer);
    if (!trainer)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&trainer->references);
    trainer->model = tvae_model_retain(model);
    trainer->initial_rate = o.learning_rate;
    st = tvae_workspace_create(&trainer->work);
    if (st == TVAE_OK)
        st = tvi_optimiser_init(&trainer->optimiser, &o, &model->parameters);
    if (st != TVAE_OK) {
        release_trainer(trainer);
        return st;
    }
    *out = trainer;
    return TVAE_OK;
}

void tvae_trainer_destroy(tvae_trainer **trainer)
{
    if (!trainer || !*trainer)
        return;
    if (tvi_refcount_release(&(*trainer)->references))
        release_trainer(*trainer);
    *trainer = NULL;
}

int64_t tvae_trainer_step_count(const tvae_trainer *trainer)
{
    return trainer ? trainer->n_steps : -1;
}

tvae_status tvae_trainer_set_learning_rate(tvae_trainer *trainer, double rate)
{
    if (!trainer)
        return tvi_fail(TVAE_E_INVALID, "trainer_set_learning_rate: trainer is NULL");
    if (!(rate > 0.0 && rate < HUGE_VAL))
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_set_learning_rate: rate is %g, want a finite number "
                        "above 0",
                        rate);
    trainer->optimiser.options.learning_rate = rate;
    return TVAE_OK;
}

/* ---- one step ---- */

static tvae_status check_frames(const tvae_trainer *trainer, const tvae_tensor *x)
{
    const tvae_model_options *o = &trainer->model->options;
    const size_t shape[5] = {tvae_tensor_extent(x, 0), tvae_tensor_extent(x, 1),
                             (size_t)o->channels, (size_t)o->height, (size_t)o->width};

    if (tvae_tensor_rank(x) != 5)
        return tvi_fail(TVAE_E_SHAPE,
                        "trainer_step: x has %d axes, want 5: sequences, frames, "
                        "channels, height, width",
                        tvae_tensor_rank(x));
    return tvi_tensor_check(x, 5, shape, "trainer_step", "x");
}

/* Capsules whose inside is a single axis: what the equivariance error is defined for. */
static bool has_line_capsules(const tvae_model *model)
{
    const tvae_prior_options *o = tvi_prior_options_of(model->prior);

    return o->capsule_dims[1] == 1 && o->capsule_dims[2] == 1;
}

/* Make room for `count` floats; what they held is lost. */
static tvae_status grow(float **values, size_t *capacity, size_t count)
{
    float *larger;

    if (count <= *capacity)
        return TVAE_OK;
    larger = tvi_alloc_array(count, sizeof *larger);
    if (!larger)
        return TVAE_E_NOMEM;
    tvi_free(*values);
    *values = larger;
    *capacity = count;
    return TVAE_OK;
}

typedef struct noise_range {
    uint64_t seed, step;
    tvi_rng_purpose purpose;
    float *values;
} noise_range;

static void fill_noise(void *context, size_t begin, size_t end)
{
    const noise_range *noise = context;

    tvi_rng_fill_normal(noise->seed, noise->purpose, noise->step, begin, end - begin,
                        noise->values + begin);
}

/* The noise of the step that follows `n_steps` completed ones. */
static void draw_noise(const tvae_trainer *trainer, size_t n_values)
{
    noise_range z = {trainer->optimiser.options.seed, (uint64_t)trainer->n_steps,
                     TVI_RNG_NOISE_Z, trainer->noise};
    noise_range u = z;

    tvi_parallel_for(n_values, NOISE_GRAIN, fill_noise, &z);
    if (!trainer->model->u_encoder)
        return;
    u.purpose = TVI_RNG_NOISE_U;
    u.values = trainer->noise + n_values;
    tvi_parallel_for(n_values, NOISE_GRAIN, fill_noise, &u);
}

static tvae_status measure_equivariance(tvae_trainer *trainer, const tvi_batch *batch,
                                        double *terms)
{
    const tvae_prior_options *o = tvi_prior_options_of(trainer->model->prior);
    const size_t n_capsules = (size_t)o->n_capsules, d = (size_t)o->capsule_dims[0];
    double sum = 0.0;
    tvae_status st;

    terms[TVAE_TERM_EQUIVARIANCE_ERROR] = 0.0;
    if (!has_line_capsules(trainer->model))
        return TVAE_OK;
    st = grow(&trainer->scratch, &trainer->n_scratch,
              tvi_equivariance_scratch_floats(batch->n_sequences, batch->n_frames,
                                              n_capsules, d));
    if (st != TVAE_OK)
        return st;
    tvi_equivariance_error(batch->n_sequences, batch->n_frames, n_capsules, d,
                           tvi_model_last_latents(trainer->work), trainer->scratch, &sum);
    terms[TVAE_TERM_EQUIVARIANCE_ERROR] = sum / (double)batch->n_sequences;
    if (!isfinite(sum))
        return tvi_fail(TVAE_E_NUMERIC, "trainer_step: the topographic latent is not "
                                        "finite");
    return TVAE_OK;
}

/* A sink that updates each parameter as soon as its gradient is there. The first
 * delivery is also the last moment at which a step can be refused whole. */
typedef struct update_sink {
    tvi_gradient_sink head;
    tvae_trainer *trainer;
    const tvi_batch *batch;
    double *terms;
    bool measured;
} update_sink;

static tvae_status begin_delivery(update_sink *sink)
{
    tvae_status st;

    if (sink->measured)
        return TVAE_OK;
    st = measure_equivariance(sink->trainer, sink->batch, sink->terms);
    sink->measured = st == TVAE_OK;
    return st;
}

static tvae_status take_gradient(tvi_gradient_sink *head, tvi_parameter *parameter,
                                 float *gradient)
{
    update_sink *sink = (update_sink *)(void *)head;
    const tvae_status st = begin_delivery(sink);

    if (st != TVAE_OK)
        return st;
    return tvi_optimiser_update(&sink->trainer->optimiser, sink->trainer->n_steps + 1,
                                parameter, gradient);
}

static tvae_status take_product(tvi_gradient_sink *head, tvi_parameter *parameter,
                                const tvi_outer_product *product)
{
    update_sink *sink = (update_sink *)(void *)head;
    const tvae_status st = begin_delivery(sink);

    if (st != TVAE_OK)
        return st;
    return tvi_optimiser_update_product(&sink->trainer->optimiser,
                                        sink->trainer->n_steps + 1, parameter, product,
                                        head->scratch);
}

/* The finite ones of the terms tell where it began; with all of them finite it is t. */
static tvae_status fail_not_finite(const tvae_trainer *trainer, const double *terms)
{
    static const struct {
        size_t term;
        const char *name;
    } parts[] = {{TVAE_TERM_NEG_LOG_PX, "neg_log_px"},
                 {TVAE_TERM_KL_Z, "kl_z"},
                 {TVAE_TERM_KL_U, "kl_u"}};
    const char *name = "the topographic latent";

    for (size_t i = sizeof parts / sizeof *parts; i-- > 0;)
        if (!isfinite(terms[parts[i].term]))
            name = parts[i].name;
    return tvi_fail(
        TVAE_E_NUMERIC,
        "trainer_step: %s is not finite at step %lld, want a finite loss: the "
        "step is not taken; lower the learning rate (%g), or look for NaN in "
        "the data",
        name, (long long)trainer->n_steps + 1, trainer->optimiser.options.learning_rate);
}

tvae_status tvi_trainer_step_batch(tvae_trainer *trainer, const tvi_batch *batch,
                                   double *terms)
{
    update_sink sink = {.head = {.take = take_gradient, .take_product = take_product},
                        .trainer = trainer,
                        .batch = batch,
                        .terms = terms};
    tvae_status st =
        tvi_model_loss(trainer->model, trainer->work, batch, terms, &sink.head);

    if (st == TVAE_E_NUMERIC && !sink.measured)
        return fail_not_finite(trainer, terms);
    if (st != TVAE_OK)
        return st;
    trainer->n_steps++;
    return TVAE_OK;
}

tvae_status tvae_trainer_step(tvae_trainer *trainer, const tvae_tensor *x, double *terms,
                              size_t n_terms)
{
    double all_terms[TVAE_N_TERMS] = {0};
    tvi_batch batch;
    size_t n_values;
    tvae_status st;

    if (!trainer || !x || (!terms && n_terms > 0))
        return tvi_fail(TVAE_E_INVALID, "trainer_step: %s is NULL",
                        !trainer ? "trainer"
                        : !x     ? "x"
                                 : "terms");
    if (n_terms > TVAE_N_TERMS)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_step: n_terms is %zu, want at most TVAE_N_TERMS (%d)",
                        n_terms, TVAE_N_TERMS);
    st = check_frames(trainer, x);
    if (st != TVAE_OK)
        return st;
    batch = (tvi_batch){.n_sequences = tvae_tensor_extent(x, 0),
                        .n_frames = tvae_tensor_extent(x, 1),
                        .x = tvae_tensor_data_const(x)};
    if (!tvi_multiply(batch.n_sequences * batch.n_frames, trainer->model->n_latents,
                      &n_values) ||
        n_values > SIZE_MAX / 2)
        return tvi_fail(TVAE_E_SHAPE, "trainer_step: x has too many frames");
    st = grow(&trainer->noise, &trainer->n_noise, 2 * n_values);
    if (st != TVAE_OK)
        return st;
    draw_noise(trainer, n_values);
    batch.noise_z = trainer->noise;
    batch.noise_u = trainer->model->u_encoder ? trainer->noise + n_values : NULL;

    st = tvi_trainer_step_batch(trainer, &batch, all_terms);
    if (n_terms > 0)
        memcpy(terms, all_terms, n_terms * sizeof *terms);
    return st;
}
