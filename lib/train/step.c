/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "metric/metric.h"
#include "tensor/tensor.h"
#include "train/clip.h"
#include "train/step.h"
#include "train/team.h"

/* One step of a trainer. */

enum { NOISE_GRAIN = 1024 };

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

typedef struct noise_range {
    uint64_t seed, step;
    tvi_rng_purpose purpose;
    size_t first; /* place of the first value in the whole batch */
    float *values;
} noise_range;

static void fill_noise(void *context, size_t begin, size_t end)
{
    const noise_range *noise = context;

    tvi_rng_fill_normal(noise->seed, noise->purpose, noise->step, noise->first + begin,
                        end - begin, noise->values + begin);
}

/* The noise of the step that follows `n_steps` completed ones. */
static void draw_noise(const tvae_trainer *trainer, size_t first, size_t n_values)
{
    noise_range z = {trainer->optimiser.options.seed, (uint64_t)trainer->n_steps,
                     TVI_RNG_NOISE_Z, first, trainer->noise};
    noise_range u = z;

    tvi_parallel_for(n_values, NOISE_GRAIN, fill_noise, &z);
    if (!trainer->model->u_encoder)
        return;
    u.purpose = TVI_RNG_NOISE_U;
    u.values = trainer->noise + n_values;
    tvi_parallel_for(n_values, NOISE_GRAIN, fill_noise, &u);
}

tvae_status tvi_step_measure_equivariance(tvae_trainer *trainer, const tvi_batch *batch,
                                          double *terms)
{
    const tvae_prior_options *o = tvi_prior_options_of(trainer->model->prior);
    const size_t n_capsules = (size_t)o->n_capsules, d = (size_t)o->capsule_dims[0];
    double sum = 0.0;
    tvae_status st;

    terms[TVAE_TERM_EQUIVARIANCE_ERROR] = 0.0;
    if (!has_line_capsules(trainer->model))
        return TVAE_OK;
    st = tvi_grow_floats(&trainer->scratch, &trainer->n_scratch,
                         tvi_equivariance_scratch_floats(batch->n_sequences,
                                                         batch->n_frames, n_capsules, d));
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

    tvi_stopwatch_lap(sink->batch->watch, TVAE_PART_BACKWARD);
    if (sink->measured)
        return TVAE_OK;
    st = tvi_step_measure_equivariance(sink->trainer, sink->batch, sink->terms);
    sink->measured = st == TVAE_OK;
    tvi_stopwatch_lap(sink->batch->watch, TVAE_PART_EQUIVARIANCE);
    return st;
}

static tvae_status end_delivery(const update_sink *sink, tvae_status st)
{
    tvi_stopwatch_lap(sink->batch->watch, TVAE_PART_UPDATE);
    return st;
}

static tvae_status take_gradient(tvi_gradient_sink *head, tvi_parameter *parameter,
                                 float *gradient)
{
    update_sink *sink = (update_sink *)(void *)head;
    tvae_status st = begin_delivery(sink);

    if (st == TVAE_OK)
        st = tvi_optimiser_update(&sink->trainer->optimiser, sink->trainer->n_steps + 1,
                                  parameter, gradient);
    return end_delivery(sink, st);
}

static tvae_status take_product(tvi_gradient_sink *head, tvi_parameter *parameter,
                                const tvi_outer_product *product)
{
    update_sink *sink = (update_sink *)(void *)head;
    tvae_status st = begin_delivery(sink);

    if (st == TVAE_OK)
        st = tvi_optimiser_update_product(&sink->trainer->optimiser,
                                          sink->trainer->n_steps + 1, parameter, product,
                                          head->scratch, head->n_scratch);
    return end_delivery(sink, st);
}

tvae_status tvi_step_fail_not_finite(const tvae_trainer *trainer, const double *terms)
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
        name, (long long)trainer->n_steps + 1, tvae_trainer_learning_rate(trainer));
}

tvae_status tvi_step_fail_norm(const tvae_trainer *trainer, double norm)
{
    return tvi_fail(TVAE_E_NUMERIC,
                    "trainer_step: the gradient's norm is %g at step %lld, want a finite "
                    "number: the step is not taken; lower the learning rate (%g)",
                    norm, (long long)trainer->n_steps + 1,
                    tvae_trainer_learning_rate(trainer));
}

/* Every parameter by its stored gradient, once the whole gradient is known to be finite
 * and no longer than max_gradient_norm. */
static tvae_status update_clipped(tvae_trainer *trainer)
{
    const tvi_parameter_list *list = &trainer->model->parameters;
    const double longest = trainer->optimiser.options.max_gradient_norm;
    const double norm = tvi_gradient_norm(list, trainer->block_sums);
    tvae_status st = TVAE_OK;

    if (!isfinite(norm))
        return tvi_step_fail_norm(trainer, norm);
    if (norm > longest)
        tvi_gradient_scale(list, (float)(longest / norm));
    for (size_t i = 0; i < list->n_items && st == TVAE_OK; i++) {
        tvi_parameter *parameter = list->items[i].parameter;

        st = tvi_optimiser_update(&trainer->optimiser, trainer->n_steps + 1, parameter,
                                  parameter->gradient);
    }
    return st;
}

/* Clipping needs the whole gradient before the first update: so it is stored. */
static tvae_status step_clipped(tvae_trainer *trainer, const tvi_batch *batch,
                                double *terms)
{
    const tvi_parameter_list *list = &trainer->model->parameters;
    tvi_gradient_sink store = {0};
    tvae_status st = tvi_parameter_list_allocate_gradients(list);

    if (st != TVAE_OK)
        return st;
    if (!trainer->block_sums)
        trainer->block_sums =
            tvi_alloc_array(tvi_gradient_norm_blocks(list), sizeof(double));
    if (!trainer->block_sums)
        return TVAE_E_NOMEM;
    tvi_parameter_list_zero_gradients(list);
    st = tvi_model_loss(trainer->model, trainer->work, batch, terms, &store);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_BACKWARD);
    if (st == TVAE_OK)
        st = tvi_step_measure_equivariance(trainer, batch, terms);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_EQUIVARIANCE);
    if (st == TVAE_E_NUMERIC)
        return tvi_step_fail_not_finite(trainer, terms);
    if (st == TVAE_OK)
        st = update_clipped(trainer);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_UPDATE);
    return st;
}

/* Each parameter is updated while its gradient is at hand. */
static tvae_status step_at_once(tvae_trainer *trainer, const tvi_batch *batch,
                                double *terms)
{
    update_sink sink = {.head = {.take = take_gradient, .take_product = take_product},
                        .trainer = trainer,
                        .batch = batch,
                        .terms = terms};
    tvae_status st =
        tvi_model_loss(trainer->model, trainer->work, batch, terms, &sink.head);

    if (st == TVAE_E_NUMERIC && !sink.measured)
        return tvi_step_fail_not_finite(trainer, terms);
    return st;
}

tvae_status tvi_trainer_step_batch(tvae_trainer *trainer, const tvi_batch *batch,
                                   double *terms)
{
    const bool clips = trainer->optimiser.options.max_gradient_norm > 0.0;
    const tvae_status st = trainer->team ? tvi_team_step(trainer, batch, terms)
                           : clips       ? step_clipped(trainer, batch, terms)
                                         : step_at_once(trainer, batch, terms);

    if (st != TVAE_OK)
        return st;
    trainer->n_steps++;
    return TVAE_OK;
}

/* The noise of the batch, of which sequence 0 is number `first` of all ranks'. */
static tvae_status prepare_batch(tvae_trainer *trainer, size_t first, tvi_batch *batch)
{
    const size_t n_latents = trainer->model->n_latents, n_frames = batch->n_frames;
    size_t n_values, n_first;
    tvae_status st;

    if (!tvi_multiply(batch->n_sequences * n_frames, n_latents, &n_values) ||
        n_values > SIZE_MAX / 2 || !tvi_multiply(first, n_frames, &n_first) ||
        !tvi_multiply(n_first, n_latents, &n_first))
        return tvi_fail(TVAE_E_SHAPE, "trainer_step: x has too many frames");
    st = tvi_grow_floats(&trainer->noise, &trainer->n_noise, 2 * n_values);
    if (st != TVAE_OK)
        return st;
    draw_noise(trainer, n_first, n_values);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_NOISE);
    batch->noise_z = trainer->noise;
    batch->noise_u = trainer->model->u_encoder ? trainer->noise + n_values : NULL;
    return TVAE_OK;
}

static tvae_status check_pointers(const tvae_trainer *trainer, const double *terms,
                                  size_t n_terms)
{
    if (!trainer || (!terms && n_terms > 0))
        return tvi_fail(TVAE_E_INVALID, "trainer_step: %s is NULL",
                        !trainer ? "trainer" : "terms");
    if (n_terms > TVAE_N_TERMS)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_step: n_terms is %zu, want at most TVAE_N_TERMS (%d)",
                        n_terms, TVAE_N_TERMS);
    return TVAE_OK;
}

/* Sequences first .. of n_total; `x` was checked. */
static tvae_status take_step(tvae_trainer *trainer, const tvae_tensor *x, size_t n_frames,
                             size_t first, size_t n_total, double *terms, size_t n_terms)
{
    double all_terms[TVAE_N_TERMS] = {0};
    tvi_batch batch = {.n_sequences = x ? tvae_tensor_extent(x, 0) : 1,
                       .n_frames = n_frames,
                       .n_total = n_total,
                       .x = tvae_tensor_data_const(x),
                       .kl_weight = tvae_trainer_kl_weight(trainer),
                       .watch = &trainer->watch};
    tvae_status st = TVAE_OK;

    tvi_stopwatch_start(&trainer->watch);
    if (!x)
        st = tvi_team_idle_batch(trainer, &batch);
    if (st == TVAE_OK)
        st = prepare_batch(trainer, first, &batch);
    if (st == TVAE_OK)
        st = tvi_trainer_step_batch(trainer, &batch, all_terms);
    else if (trainer->team)
        st = tvi_team_decline(trainer, st);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_BACKWARD);
    if (n_terms > 0)
        memcpy(terms, all_terms, n_terms * sizeof *terms);
    return st;
}

tvae_status tvae_trainer_step(tvae_trainer *trainer, const tvae_tensor *x, double *terms,
                              size_t n_terms)
{
    size_t n, n_ranks = 1, rank = 0;
    tvae_status st = check_pointers(trainer, terms, n_terms);

    if (st != TVAE_OK)
        return st;
    if (!x)
        return tvi_fail(TVAE_E_INVALID, "trainer_step: x is NULL");
    st = check_frames(trainer, x);
    if (st != TVAE_OK)
        return st;
    if (trainer->team)
        tvi_team_size(trainer, &rank, &n_ranks);
    n = tvae_tensor_extent(x, 0);
    if (n > SIZE_MAX / n_ranks)
        return tvi_fail(TVAE_E_SHAPE, "trainer_step: x has too many sequences");
    return take_step(trainer, x, tvae_tensor_extent(x, 1), rank * n, n_ranks * n, terms,
                     n_terms);
}

/* A part's size and place. */
static tvae_status check_part(const tvae_trainer *trainer, const tvae_tensor *x,
                              size_t n_frames, size_t first, size_t n_total)
{
    const size_t n = x ? tvae_tensor_extent(x, 0) : 0;

    if (!x && n_frames < 1)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_step_part: x is NULL and n_frames is 0, want one of "
                        "them");
    if (x && n_frames)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_step_part: n_frames is %zu, want 0 beside x", n_frames);
    if (n_total < 1 || first > n_total || n > n_total - first)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_step_part: first is %zu and n_total is %zu, want room "
                        "for %zu sequences from first on",
                        first, n_total, n);
    if (!trainer->team && n != n_total)
        return tvi_fail(TVAE_E_STATE,
                        "trainer_step_part: x has %zu of %zu sequences, but the trainer "
                        "has no exchange: call trainer_set_exchange() before",
                        n, n_total);
    return TVAE_OK;
}

tvae_status tvae_trainer_step_part(tvae_trainer *trainer, const tvae_tensor *x,
                                   size_t n_frames, size_t first, size_t n_total,
                                   double *terms, size_t n_terms)
{
    tvae_status st = check_pointers(trainer, terms, n_terms);

    if (st == TVAE_OK && x)
        st = check_frames(trainer, x);
    if (st == TVAE_OK)
        st = check_part(trainer, x, n_frames, first, n_total);
    if (st != TVAE_OK)
        return st;
    return take_step(trainer, x, x ? tvae_tensor_extent(x, 1) : n_frames, first, n_total,
                     terms, n_terms);
}
