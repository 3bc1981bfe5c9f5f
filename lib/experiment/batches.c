/* SPDX-License-Identifier: MIT */
#include "experiment/batches.h"

#include <math.h>
#include <string.h>

#include <tvae/metric.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "model/model.h"

enum { BATCH = 32, NOISE_GRAIN = 1024 };

static void release_views(tvi_batch_views *v)
{
    tvae_tensor_destroy(&v->x);
    tvae_tensor_destroy(&v->labels);
    tvae_tensor_destroy(&v->noise_z);
    tvae_tensor_destroy(&v->noise_u);
    tvae_tensor_destroy(&v->t);
}

void tvi_batches_close(tvi_batches *b)
{
    release_views(&b->now);
    release_views(&b->whole);
    tvae_workspace_destroy(&b->work);
    tvae_loader_destroy(&b->loader);
    tvae_dataset_destroy(&b->data);
}

static tvae_status create_tensors(tvi_batches *b, bool has_u)
{
    const size_t *f = b->frame_shape, *l = b->latent_shape;
    const size_t n_labels = tvae_dataset_factor_count(b->data);
    const size_t x_shape[5] = {b->batch, f[0], f[1], f[2], f[3]};
    const size_t t_shape[4] = {b->batch, f[0], l[0], l[1] * l[2] * l[3]};
    const size_t label_shape[3] = {b->batch, f[0], n_labels};
    tvae_status st = tvae_tensor_create(5, x_shape, &b->whole.x);

    if (st == TVAE_OK && n_labels)
        st = tvae_tensor_create(3, label_shape, &b->whole.labels);
    if (st == TVAE_OK)
        st = tvae_tensor_create(4, t_shape, &b->whole.t);
    if (st == TVAE_OK && !b->options.at_means)
        st = tvae_tensor_create(4, t_shape, &b->whole.noise_z);
    if (st == TVAE_OK && !b->options.at_means && has_u)
        st = tvae_tensor_create(4, t_shape, &b->whole.noise_u);
    return st;
}

static size_t count_ranks(const tvi_batches *b)
{
    return b->options.exchange ? (size_t)b->options.exchange->table.n_ranks : 1;
}

static tvae_status open_data(tvi_batches *b, const tvi_settings *settings,
                             const char *call)
{
    tvi_settings s = *settings;
    size_t n;
    tvae_status st = tvi_settings_open_data(&s, b->options.split, &b->data);

    if (st == TVAE_OK)
        st = tvi_settings_fit_data(&s, b->data, call);
    if (st == TVAE_OK)
        st = tvae_dataset_shape(b->data, b->frame_shape);
    if (st != TVAE_OK)
        return st;
    n = tvae_dataset_count(b->data);
    if ((uint64_t)b->options.n_sequences < n)
        n = (size_t)b->options.n_sequences;
    if (n == 0)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: that split of the data is empty, want another", call);
    b->n_sequences = n;
    n = (n + count_ranks(b) - 1) / count_ranks(b);
    b->batch = n < BATCH ? n : BATCH;
    return TVAE_OK;
}

tvae_status tvi_batches_open(tvi_batches *b, const tvi_settings *settings,
                             const tvae_model *model, const tvi_batches_options *options,
                             const char *call)
{
    tvae_status st;

    b->options = *options;
    b->n_latents = model->n_latents;
    st = tvae_model_latent_shape(model, b->latent_shape);
    if (st == TVAE_OK)
        st = tvae_workspace_create(&b->work);
    if (st == TVAE_OK)
        st = open_data(b, settings, call);
    if (st != TVAE_OK)
        return st;
    b->one_axis =
        b->latent_shape[2] == 1 && b->latent_shape[3] == 1 && b->frame_shape[0] >= 2;
    st = create_tensors(b, model->u_encoder != NULL);
    return st == TVAE_OK ? tvi_batches_restart(b) : st;
}

tvae_status tvi_batches_restart(tvi_batches *b)
{
    tvae_loader_options options;
    tvae_status st = tvae_loader_options_init(&options, sizeof options);

    if (st != TVAE_OK)
        return st;
    options.batch_size = (int64_t)b->batch;
    options.seed = b->options.seed;
    options.shuffle = b->options.shuffle;
    options.drop_last = 0;
    if (b->options.exchange) {
        options.n_shards = b->options.exchange->table.n_ranks;
        options.shard = b->options.exchange->table.rank;
    }
    b->all_first = b->all_n = b->first = b->n = 0;
    tvae_loader_destroy(&b->loader);
    return tvae_loader_create(b->data, &options, &b->loader);
}

/* ---- noise ---- */

typedef struct noise_range {
    uint64_t seed, sample;
    tvi_rng_purpose purpose;
    size_t first; /* place of the first value among all sequences */
    float *values;
} noise_range;

static void fill_range(void *context, size_t begin, size_t end)
{
    const noise_range *noise = context;

    tvi_rng_fill_normal(noise->seed, noise->purpose, noise->sample, noise->first + begin,
                        end - begin, noise->values + begin);
}

void tvi_batches_noise(void *batches, size_t sample, size_t n_values, float *noise_z,
                       float *noise_u)
{
    const tvi_batches *b = batches;
    noise_range noise = {b->options.seed, sample, TVI_RNG_SAMPLE_Z,
                         b->first * b->frame_shape[0] * b->n_latents, noise_z};

    tvi_parallel_for(n_values, NOISE_GRAIN, fill_range, &noise);
    if (!noise_u)
        return;
    noise.purpose = TVI_RNG_SAMPLE_U;
    noise.values = noise_u;
    tvi_parallel_for(n_values, NOISE_GRAIN, fill_range, &noise);
}

/* ---- a batch ---- */

static tvae_status view_first(tvae_tensor *whole, size_t n, tvae_tensor **out)
{
    size_t shape[TVAE_MAX_RANK];
    const int32_t rank = tvae_tensor_rank(whole);

    *out = NULL;
    if (!whole)
        return TVAE_OK;
    shape[0] = n;
    for (int32_t i = 1; i < rank; i++)
        shape[i] = tvae_tensor_extent(whole, i);
    return tvae_tensor_view(whole, 0, rank, shape, out);
}

static tvae_status view_batch(tvi_batches *b)
{
    tvi_batch_views *whole = &b->whole, *now = &b->now;
    tvae_status st;

    release_views(now);
    st = view_first(whole->x, b->n, &now->x);
    if (st == TVAE_OK)
        st = view_first(whole->labels, b->n, &now->labels);
    if (st == TVAE_OK)
        st = view_first(whole->noise_z, b->n, &now->noise_z);
    if (st == TVAE_OK)
        st = view_first(whole->noise_u, b->n, &now->noise_u);
    if (st == TVAE_OK)
        st = view_first(whole->t, b->n, &now->t);
    return st;
}

tvae_status tvi_batches_next(tvi_batches *b)
{
    size_t n = 0, first = 0, n_all = 0;
    tvae_status st;

    b->all_first += b->all_n;
    b->all_n = b->n = 0;
    st = tvae_loader_next(b->loader, b->whole.x, b->whole.labels, &n);
    if (st == TVAE_OK)
        st = tvae_loader_place(b->loader, &first, &n_all);
    if (st != TVAE_OK)
        return st;
    b->all_n = tvi_least(n_all, b->n_sequences - b->all_first);
    b->first = b->all_first + tvi_least(first, b->all_n);
    b->n = tvi_least(n, b->all_first + b->all_n - b->first);
    if (b->n == 0) {
        release_views(&b->now);
        return TVAE_OK;
    }
    st = view_batch(b);
    if (st == TVAE_OK && b->now.noise_z)
        tvi_batches_noise(b, 0, tvae_tensor_count(b->now.noise_z),
                          tvae_tensor_data(b->now.noise_z),
                          tvae_tensor_data(b->now.noise_u));
    return st;
}

tvae_status tvi_batches_measure(tvi_batches *b, const tvae_model *model,
                                double terms[TVAE_N_TERMS])
{
    const tvi_batch_views *v = &b->now;
    double error = NAN;
    tvae_status st = tvae_model_elbo(model, b->work, v->x, v->noise_z, v->noise_u, terms,
                                     TVAE_N_TERMS);

    if (st == TVAE_OK)
        st = v->noise_z
                 ? tvae_model_sample(model, b->work, v->x, v->noise_z, v->noise_u, v->t)
                 : tvae_model_encode(model, b->work, v->x, v->t);
    if (st == TVAE_OK && b->one_axis)
        st = tvae_equivariance_error(v->t, &error);
    terms[TVAE_TERM_EQUIVARIANCE_ERROR] = error;
    return st;
}

tvae_status tvi_batches_reduce(const tvi_batches *b, tvae_status own, double *sums,
                               size_t n_sums, const char *call)
{
    tvi_exchange *exchange = b->options.exchange;
    const size_t n_ranks = count_ranks(b);
    double *all;
    tvae_status st = own;

    if (!exchange)
        return own;
    all = tvi_alloc_array(n_ranks * n_sums, sizeof *all);
    if (own == TVAE_OK && !all)
        st = TVAE_E_NOMEM;
    st = tvi_exchange_settle(exchange, st, call);
    if (st == TVAE_OK)
        st = tvi_exchange_gather_bytes(exchange, sums, n_sums * sizeof *sums, all, call);
    for (size_t i = 0; i < n_sums && st == TVAE_OK; i++) {
        sums[i] = 0.0;
        for (size_t rank = 0; rank < n_ranks; rank++)
            sums[i] += all[rank * n_sums + i];
    }
    tvi_free(all);
    return st;
}

/* In the order of the ranks, so that all have the same bits; `own` and `part` have room
 * for the block. */
static tvae_status merge_ranks(tvi_exchange *exchange, const tvi_gathered *gathered,
                               double *own, double *part, const char *call)
{
    const size_t n = gathered->n_values;
    tvae_status st = TVAE_OK;

    memcpy(own, gathered->values, n * sizeof *own);
    memset(gathered->values, 0, n * sizeof *own);
    for (int32_t rank = 0; rank < exchange->table.n_ranks && st == TVAE_OK; rank++) {
        double *values = rank == exchange->table.rank ? own : part;

        st = tvi_exchange_broadcast_doubles(exchange, values, n, rank, call);
        if (st == TVAE_OK)
            gathered->merge(gathered->accumulator, values);
    }
    return st;
}

tvae_status tvi_batches_merge(const tvi_batches *b, const tvi_gathered *gathered,
                              const char *call)
{
    tvi_exchange *exchange = b->options.exchange;
    double *room;
    tvae_status st;

    if (!exchange)
        return TVAE_OK;
    room = tvi_alloc_array(2 * gathered->n_values, sizeof *room);
    st = tvi_exchange_settle(exchange, room ? TVAE_OK : TVAE_E_NOMEM, call);
    if (st == TVAE_OK)
        st = merge_ranks(exchange, gathered, room, room + gathered->n_values, call);
    tvi_free(room);
    return st;
}

tvae_status tvi_batches_column(const tvi_batches *b, size_t factor, tvae_tensor **out)
{
    const size_t shape[3] = {b->n, b->frame_shape[0], 1};
    const size_t n_factors = tvae_dataset_factor_count(b->data);
    const float *labels = tvae_tensor_data_const(b->now.labels);
    tvae_status st = tvae_tensor_create(3, shape, out);

    for (size_t row = 0; st == TVAE_OK && row < shape[0] * shape[1]; row++)
        tvae_tensor_data(*out)[row] = labels[row * n_factors + factor];
    return st;
}
