/* SPDX-License-Identifier: MIT */
#include "train/clip.h"

#include <math.h>

#include "base/parallel.h"
#include "kernel/kernel.h"

enum { BLOCK = 16384, GRAIN = 4096 };

static size_t count_blocks(const tvi_parameter *parameter)
{
    return (parameter->count - 1) / BLOCK + 1;
}

size_t tvi_gradient_norm_blocks(const tvi_parameter_list *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        const size_t blocks = count_blocks(list->items[i].parameter);

        n = blocks > n ? blocks : n;
    }
    return n;
}

typedef struct norm_job {
    const tvi_parameter *parameter;
    double *block_sums;
} norm_job;

static void sum_blocks(void *context, size_t begin, size_t end)
{
    const norm_job *job = context;

    for (size_t block = begin; block < end; block++) {
        const size_t first = block * BLOCK, rest = job->parameter->count - first;
        const float *gradient = job->parameter->gradient + first;

        job->block_sums[block] =
            tvi_kernel()->dot(rest < BLOCK ? rest : BLOCK, gradient, gradient);
    }
}

double tvi_gradient_norm(const tvi_parameter_list *list, double *block_sums)
{
    double sum = 0.0;

    for (size_t i = 0; i < list->n_items; i++) {
        norm_job job = {list->items[i].parameter, block_sums};
        const size_t n_blocks = count_blocks(job.parameter);

        if (!job.parameter->trainable)
            continue;
        tvi_parallel_for(n_blocks, 1, sum_blocks, &job);
        for (size_t block = 0; block < n_blocks; block++)
            sum += block_sums[block];
    }
    return sqrt(sum);
}

typedef struct scale_job {
    float *gradient;
    float factor;
} scale_job;

static void scale_range(void *context, size_t begin, size_t end)
{
    const scale_job *job = context;

    for (size_t i = begin; i < end; i++)
        job->gradient[i] *= job->factor;
}

void tvi_gradient_scale(const tvi_parameter_list *list, float factor)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const tvi_parameter *parameter = list->items[i].parameter;
        scale_job job = {parameter->gradient, factor};

        if (parameter->trainable)
            tvi_parallel_for(parameter->count, GRAIN, scale_range, &job);
    }
}
