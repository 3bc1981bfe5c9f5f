/* SPDX-License-Identifier: MIT */
#include "train/optimiser.h"

#include <math.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"

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

void tvi_optimiser_release(tvi_optimiser *optimiser)
{
    for (size_t i = 0; i < optimiser->n_slots; i++)
        for (size_t k = 0; k < TVI_OPTIMISER_BUFFERS; k++)
            tvi_free(optimiser->slots[i].buffers[k]);
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
    float rate, momentum;                                           /* SGD */
    float step_size, root_correction, beta1, beta2, epsilon, decay; /* Adam */
} update;

/* SPEC section 1: from a buffer of zeros the first step leaves buffer = gradient. */
static void update_sgd(void *context, size_t begin, size_t end)
{
    const update *u = context;

    u->kernel->sgd(end - begin, u->rate, u->momentum, u->gradient + begin,
                   u->buffers[0] + begin, u->value + begin);
}

static void update_adam(void *context, size_t begin, size_t end)
{
    const update *u = context;

    u->kernel->adam(end - begin, u->step_size, u->root_correction, u->beta1, u->beta2,
                    u->epsilon, u->decay, u->gradient + begin, u->buffers[0] + begin,
                    u->buffers[1] + begin, u->value + begin);
}

static tvi_optimiser_slot *find_slot(const tvi_optimiser *optimiser,
                                     const tvi_parameter *parameter)
{
    for (size_t i = 0; i < optimiser->n_slots; i++)
        if (optimiser->slots[i].parameter == parameter)
            return &optimiser->slots[i];
    return NULL;
}

tvae_status tvi_optimiser_update(tvi_optimiser *optimiser, int64_t step,
                                 tvi_parameter *parameter, const float *gradient)
{
    const tvae_train_options *o = &optimiser->options;
    tvi_optimiser_slot *slot = find_slot(optimiser, parameter);
    const double t = (double)step;
    update u;

    if (!slot)
        return tvi_fail(TVAE_E_STATE,
                        "optimiser_update: a parameter is not among the model's, want "
                        "layers that do not change after the trainer was created");
    if (!parameter->trainable)
        return TVAE_OK;
    u = (update){.kernel = tvi_kernel(), .gradient = gradient, .value = parameter->value};
    u.buffers[0] = slot->buffers[0];
    u.buffers[1] = slot->buffers[1];
    if (o->optimizer == TVAE_OPTIMIZER_SGD) {
        u.rate = (float)o->learning_rate;
        u.momentum = (float)o->momentum;
        tvi_parallel_for(parameter->count, GRAIN, update_sgd, &u);
        return TVAE_OK;
    }
    /* Kingma & Ba 2015, algorithm 1, with the corrections as PyTorch places them. */
    u.step_size = (float)(o->learning_rate / (1.0 - pow(o->beta1, t)));
    u.root_correction = (float)sqrt(1.0 - pow(o->beta2, t));
    u.beta1 = (float)o->beta1;
    u.beta2 = (float)o->beta2;
    u.epsilon = (float)o->epsilon;
    u.decay = o->optimizer == TVAE_OPTIMIZER_ADAMW
                  ? (float)(1.0 - o->learning_rate * o->weight_decay)
                  : 1.0f;
    tvi_parallel_for(parameter->count, GRAIN, update_adam, &u);
    return TVAE_OK;
}
