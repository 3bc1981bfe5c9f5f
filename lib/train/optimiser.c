/* SPDX-License-Identifier: MIT */
#include "train/optimiser.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"
#include "layer/backlog.h"
#include "train/schedule.h"

enum { GRAIN = 4096 };

static tvae_status init_slot(tvi_optimiser_slot *slot, const tvi_named_parameter *item,
                             size_t n_buffers)
{
    slot->name = item->name;
    slot->parameter = item->parameter;
    if (!item->parameter->trainable)
        return TVAE_OK;
    for (size_t i = 0; i < n_buffers; i++) {
        slot->buffers[i] = tvi_alloc_array(item->parameter->count, sizeof(float));
        if (!slot->buffers[i])
            return TVAE_E_NOMEM;
    }
    return TVAE_OK;
}

tvae_status tvi_optimiser_init(tvi_optimiser *optimiser,
                               const tvae_train_options *options,
                               const tvi_parameter_list *parameters)
{
    tvae_status st = TVAE_OK;

    optimiser->options = *options;
    optimiser->n_buffers = options->optimizer == TVAE_OPTIMIZER_SGD ? 1 : 2;
    optimiser->slots = tvi_alloc_array(parameters->n_items, sizeof *optimiser->slots);
    if (!optimiser->slots)
        return TVAE_E_NOMEM;
    optimiser->n_slots = parameters->n_items;
    for (size_t i = 0; i < parameters->n_items && st == TVAE_OK; i++)
        st = init_slot(&optimiser->slots[i], &parameters->items[i], optimiser->n_buffers);
    return st;
}

/* What waits for the buffers must not do so any longer. */
static void release_slot(const tvi_optimiser_slot *slot)
{
    if (slot->parameter && slot->buffers[0])
        tvi_backlog_end(slot->parameter, slot->buffers[0]);
    for (size_t k = 0; k < TVI_OPTIMISER_BUFFERS; k++)
        tvi_free(slot->buffers[k]);
}

void tvi_optimiser_release(tvi_optimiser *optimiser)
{
    for (size_t i = 0; i < optimiser->n_slots; i++)
        release_slot(&optimiser->slots[i]);
    tvi_free(optimiser->slots);
    optimiser->slots = NULL;
    optimiser->n_slots = 0;
}

const char *tvi_optimiser_buffer_name(const tvi_optimiser *optimiser, size_t index)
{
    if (optimiser->options.optimizer == TVAE_OPTIMIZER_SGD)
        return "momentum";
    return index == 0 ? "mean" : "square_mean";
}

/* One parameter's update, cut into ranges. */
typedef struct update {
    const tvi_kernels *kernel;
    const float *gradient;
    float *value, *buffers[TVI_OPTIMISER_BUFFERS];
    bool is_sgd;
    float rate, momentum;                                           /* SGD */
    float step_size, root_correction, beta1, beta2, epsilon, decay; /* Adam */
} update;

/* Values first .. first + n - 1, whose gradient is at hand. SPEC section 1: from a buffer
 * of zeros the first step leaves buffer = gradient. */
static void apply(const update *u, size_t first, size_t n, const float *gradient)
{
    if (u->is_sgd)
        u->kernel->sgd(n, u->rate, u->momentum, gradient, u->buffers[0] + first,
                       u->value + first);
    else
        u->kernel->adam(n, u->step_size, u->root_correction, u->beta1, u->beta2,
                        u->epsilon, u->decay, gradient, u->buffers[0] + first,
                        u->buffers[1] + first, u->value + first);
}

static void update_range(void *context, size_t begin, size_t end)
{
    const update *u = context;

    apply(u, begin, end - begin, u->gradient + begin);
}

static tvi_optimiser_slot *find_slot(const tvi_optimiser *optimiser,
                                     const tvi_parameter *parameter)
{
    for (size_t i = 0; i < optimiser->n_slots; i++)
        if (optimiser->slots[i].parameter == parameter)
            return &optimiser->slots[i];
    return NULL;
}

/* Everything but the gradient. */
static tvae_status begin_update(const tvi_optimiser *optimiser, int64_t step,
                                const tvi_parameter *parameter, update *u)
{
    const tvae_train_options *o = &optimiser->options;
    const tvi_optimiser_slot *slot = find_slot(optimiser, parameter);
    const double t = (double)step, rate = tvi_learning_rate_at(o, step - 1);

    if (!slot)
        return tvi_fail(TVAE_E_STATE,
                        "optimiser_update: a parameter is not among the model's, want "
                        "layers that do not change after the trainer was created");
    *u = (update){.kernel = tvi_kernel(),
                  .value = parameter->value,
                  .buffers = {slot->buffers[0], slot->buffers[1]},
                  .is_sgd = o->optimizer == TVAE_OPTIMIZER_SGD,
                  .rate = (float)rate,
                  .momentum = (float)o->momentum};
    if (u->is_sgd)
        return TVAE_OK;
    /* Kingma & Ba 2015, algorithm 1, with the corrections as PyTorch places them. */
    u->step_size = (float)(rate / (1.0 - pow(o->beta1, t)));
    u->root_correction = (float)sqrt(1.0 - pow(o->beta2, t));
    u->beta1 = (float)o->beta1;
    u->beta2 = (float)o->beta2;
    u->epsilon = (float)o->epsilon;
    u->decay = o->optimizer == TVAE_OPTIMIZER_ADAMW
                   ? (float)(1.0 - rate * o->weight_decay)
                   : 1.0f;
    return TVAE_OK;
}

tvae_status tvi_optimiser_update(tvi_optimiser *optimiser, int64_t step,
                                 tvi_parameter *parameter, const float *gradient)
{
    update u;
    tvae_status st = begin_update(optimiser, step, parameter, &u);

    if (st != TVAE_OK || !parameter->trainable)
        return st;
    u.gradient = gradient;
    tvi_backlog_settle(parameter);
    tvi_parallel_for(parameter->count, GRAIN, update_range, &u);
    return TVAE_OK;
}

/* Blocks of a weight, dealt out to parts in turn, so that rows of few non-zeros go to
 * all; each part has room for one block. */
typedef struct product_update {
    const update *u;
    const tvi_outer_product *product;
    tvi_outer_blocks blocks;
    size_t n_parts;
    float *scratch;
    bool waits; /* rows without a gradient are not updated */
} product_update;

/* The gradient of a block into scratch, and from there to the weight. */
static void update_by_scratch(const product_update *p, const tvi_block *block,
                              float *gradient)
{
    const update *u = p->u;
    const size_t pitch = p->product->pitch, ld = p->blocks.n_columns;
    const tvi_target target = {.to = gradient,
                               .ld = ld,
                               .near = {{u->value, u->buffers[0], u->buffers[1]}, pitch}};

    tvi_outer_product_compute(p->product, block, &target);
    for (size_t row = block->first_row; row < block->end_row; row++)
        apply(u, row * pitch + block->first_column,
              block->end_column - block->first_column,
              gradient + (row - block->first_row) * ld);
}

static void update_block(const product_update *p, size_t index, float *scratch)
{
    const update *u = p->u;
    const tvi_momentum momentum = {.rate = u->rate,
                                   .momentum = u->momentum,
                                   .buffer = u->buffers[0],
                                   .value = u->value,
                                   .ld = p->product->pitch,
                                   .leaves_empty = p->waits};
    const tvi_block block = tvi_outer_product_block(p->product, &p->blocks, index);

    if (u->is_sgd && p->product->sparse)
        tvi_outer_product_update(p->product, &block, &momentum);
    else
        update_by_scratch(p, &block, scratch);
}

static void update_parts(void *context, size_t begin, size_t end)
{
    const product_update *p = context;
    const size_t n_floats = p->blocks.n_rows * p->blocks.n_columns;

    for (size_t part = begin; part < end; part++)
        for (size_t block = part; block < p->blocks.n_blocks; block += p->n_parts)
            update_block(p, block, p->scratch + part * n_floats);
}

tvae_status tvi_optimiser_update_product(tvi_optimiser *optimiser, int64_t step,
                                         tvi_parameter *parameter,
                                         const tvi_outer_product *product, float *scratch,
                                         size_t n_scratch)
{
    product_update p = {.product = product, .scratch = scratch};
    update u;
    size_t most_parts;
    tvae_status st = begin_update(optimiser, step, parameter, &u);

    if (st != TVAE_OK || !parameter->trainable)
        return st;
    p.u = &u;
    p.blocks = tvi_outer_product_blocks(product);
    most_parts = n_scratch / (p.blocks.n_rows * p.blocks.n_columns);
    p.n_parts = tvi_least(tvi_least(tvi_thread_count(), p.blocks.n_blocks), most_parts);
    p.waits = tvi_backlog_begin(parameter, u.is_sgd ? product->sparse : NULL,
                                u.buffers[0], u.momentum);
    tvi_parallel_for(p.n_parts, 1, update_parts, &p);
    if (p.waits)
        tvi_backlog_add(parameter, product->sparse, u.rate);
    return TVAE_OK;
}

/* ---- gradients from other ranks ---- */

enum { FLOATS_AT_ONCE = 1024 };

typedef struct row_update {
    const update *u;
    const tvi_row_gradient *gradient;
    size_t pitch;
} row_update;

/* Values first .. first + n - 1 by gradients that begin at `place` of those exchanged. */
static void apply_exchanged(const update *u, const tvi_row_gradient *gradient,
                            size_t first, size_t n, size_t place)
{
    const float *floats = (const float *)gradient->values + place;
    const uint16_t *halves = (const uint16_t *)gradient->values + place;
    float some[FLOATS_AT_ONCE];

    if (!gradient->is_bfloat16 && gradient->factor == 1.0f) {
        apply(u, first, n, floats);
        return;
    }
    for (size_t done = 0; done < n; done += FLOATS_AT_ONCE) {
        const size_t count = tvi_least(n - done, FLOATS_AT_ONCE);

        if (gradient->is_bfloat16)
            u->kernel->from_bfloat16(count, halves + done, some);
        else
            memcpy(some, floats + done, count * sizeof *some);
        for (size_t i = 0; gradient->factor != 1.0f && i < count; i++)
            some[i] *= gradient->factor;
        apply(u, first + done, count, some);
    }
}

static void apply_zeros(const update *u, size_t first, size_t n)
{
    static const float zeros[FLOATS_AT_ONCE] = {0};

    for (size_t done = 0; done < n; done += FLOATS_AT_ONCE)
        apply(u, first + done, tvi_least(n - done, FLOATS_AT_ONCE), zeros);
}

/* All rows: one stretch of values. */
static void update_stretch(void *context, size_t begin, size_t end)
{
    const row_update *job = context;

    apply_exchanged(job->u, job->gradient, job->gradient->first_row * job->pitch + begin,
                    end - begin, begin);
}

static void update_lit_rows(void *context, size_t begin, size_t end)
{
    const row_update *job = context;
    const tvi_row_gradient *gradient = job->gradient;
    const size_t pitch = job->pitch,
                 start = tvi_lit_before(gradient->lit, gradient->first_row);

    for (size_t row = gradient->first_row + begin; row < gradient->first_row + end; row++)
        if (tvi_is_lit(gradient->lit, row))
            apply_exchanged(job->u, gradient, row * pitch, pitch,
                            (tvi_lit_before(gradient->lit, row) - start) * pitch);
        else if (!gradient->leaves_unlit)
            apply_zeros(job->u, row * pitch, pitch);
}

bool tvi_optimiser_begin_rows(const tvi_optimiser *optimiser,
                              const tvi_parameter *parameter, const tvi_sparse_rows *lit)
{
    const tvi_optimiser_slot *slot = find_slot(optimiser, parameter);
    const bool is_sgd = optimiser->options.optimizer == TVAE_OPTIMIZER_SGD;

    return slot && tvi_backlog_begin(parameter, is_sgd ? lit : NULL, slot->buffers[0],
                                     (float)optimiser->options.momentum);
}

void tvi_optimiser_end_rows(const tvi_optimiser *optimiser, int64_t step,
                            const tvi_parameter *parameter, const tvi_sparse_rows *lit)
{
    tvi_backlog_add(parameter, lit,
                    (float)tvi_learning_rate_at(&optimiser->options, step - 1));
}

tvae_status tvi_optimiser_update_rows(tvi_optimiser *optimiser, int64_t step,
                                      tvi_parameter *parameter,
                                      const tvi_row_gradient *gradient)
{
    const size_t n_rows = gradient->end_row - gradient->first_row;
    update u;
    row_update job = {&u, gradient, parameter->pitch};
    const tvae_status st = begin_update(optimiser, step, parameter, &u);

    if (st != TVAE_OK)
        return st;
    if (gradient->lit)
        tvi_parallel_for(n_rows, 1, update_lit_rows, &job);
    else
        tvi_parallel_for(n_rows * parameter->pitch, GRAIN, update_stretch, &job);
    return TVAE_OK;
}
