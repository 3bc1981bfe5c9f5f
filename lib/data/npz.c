/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/split.h"
#include "io/io.h"
#include "tensor/tensor.h"

enum { MAX_LABEL = 65535 };

static const char *const call = "dataset_create_npz";

/* Sequences of a file. Tensors share the archive's memory. */
typedef struct npz_dataset {
    tvae_dataset head;
    tvae_tensor *x;        /* [sequences, ...], a sequence being head.shape in order */
    tvae_tensor *factors;  /* [sequences, frames, n_file_factors] or NULL */
    tvae_tensor *labels;   /* [sequences] or NULL */
    uint32_t *items;       /* [head.n_items] */
    size_t n_file_factors; /* head.n_factors less the label */
} npz_dataset;

_Static_assert(sizeof(tvae_npz_options) ==
                   sizeof(size_t) + sizeof(uint64_t) + sizeof(double) + 8,
               "tvae_npz_options has padding");

static const tvae_npz_options default_options = {.size = sizeof(tvae_npz_options),
                                                 .split_seed = 1,
                                                 .test_fraction = 0.1,
                                                 .split = TVAE_SPLIT_TRAIN,
                                                 .random_split = 1};

tvae_status tvae_npz_options_init(tvae_npz_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "npz_options_init");
}

static tvae_status get_item(const tvae_dataset *dataset, size_t item, tvi_rng *rng,
                            float *x, float *factors)
{
    const npz_dataset *npz = (const npz_dataset *)dataset;
    const size_t n_x = tvi_dataset_sequence_count(dataset);
    const size_t n_frames = dataset->shape[0], n_read = npz->n_file_factors;
    const size_t sequence = npz->items[item];

    (void)rng;
    memcpy(x, npz->x->data + sequence * n_x, n_x * sizeof *x);
    for (size_t frame = 0; factors && frame < n_frames; frame++) {
        float *target = factors + frame * dataset->n_factors;

        if (npz->factors)
            memcpy(target, npz->factors->data + (sequence * n_frames + frame) * n_read,
                   n_read * sizeof *target);
        if (npz->labels)
            target[n_read] = npz->labels->data[sequence];
    }
    return TVAE_OK;
}

static void release_npz(tvae_dataset *dataset)
{
    npz_dataset *npz = (npz_dataset *)dataset;

    tvae_tensor_destroy(&npz->x);
    tvae_tensor_destroy(&npz->factors);
    tvae_tensor_destroy(&npz->labels);
    tvi_free(npz->items);
}

static const tvi_dataset_class npz_class = {.get = get_item, .release = release_npz};

/* The array of a name; NULL, which is no error, if the file has none. */
static tvae_status find_array(const tvae_archive *archive, const char *name,
                              tvae_tensor **out)
{
    for (size_t i = 0; i < tvae_archive_count(archive); i++)
        if (strcmp(tvae_archive_name(archive, i), name) == 0)
            return tvae_archive_get(archive, name, out);
    return TVAE_OK;
}

/* The only array of least to most axes, `factors` and `labels` apart; NULL, which is no
 * error, if there is none. */
static tvae_status find_only_array(const tvae_archive *archive, const char *path,
                                   int32_t least, int32_t most, tvae_tensor **out)
{
    const char *found = NULL;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < tvae_archive_count(archive); i++) {
        const char *name = tvae_archive_name(archive, i);
        tvae_tensor *tensor = NULL;

        if (strcmp(name, "factors") == 0 || strcmp(name, "labels") == 0)
            continue;
        st = tvae_archive_get(archive, name, &tensor);
        if (st != TVAE_OK || tensor->rank < least || tensor->rank > most) {
            tvae_tensor_destroy(&tensor);
        } else if (found) {
            st = tvi_fail(TVAE_E_FORMAT,
                          "%s: both \"%.60s\" and \"%.60s\" in %s could be the "
                          "sequences; call the one that is meant \"x\"",
                          call, found, name, path);
            tvae_tensor_destroy(&tensor);
        } else {
            found = name;
            *out = tensor;
        }
    }
    return st;
}

static tvae_status find_sequences(npz_dataset *npz, const tvae_archive *archive,
                                  const char *path)
{
    tvae_status st = find_array(archive, "x", &npz->x);

    if (st == TVAE_OK && !npz->x)
        st = find_only_array(archive, path, 5, 5, &npz->x);
    if (st == TVAE_OK && !npz->x)
        st = find_only_array(archive, path, 2, 3, &npz->x);
    if (st == TVAE_OK && !npz->x)
        st = tvi_fail(TVAE_E_FORMAT,
                      "%s: no array in %s can be the sequences, want \"x\" of "
                      "[sequences, frames, channels, height, width], [sequences, frames, "
                      "d] or [n, d]",
                      call, path);
    return st;
}

/* Frames, channels, height, width of the sequences. */
static tvae_status describe_sequences(npz_dataset *npz, const char *path)
{
    const size_t *from = npz->x->shape;
    char got[TVI_SHAPE_TEXT];
    size_t *shape = npz->head.shape;

    if (from[0] > UINT32_MAX)
        return tvi_fail(TVAE_E_UNSUPPORTED,
                        "%s: %s holds %zu sequences, want at most %lu", call, path,
                        from[0], (unsigned long)UINT32_MAX);
    for (size_t axis = 0; axis < 4; axis++)
        shape[axis] = 1;
    if (npz->x->rank == 5) {
        memcpy(shape, from + 1, 4 * sizeof *shape);
    } else if (npz->x->rank == 3) {
        shape[0] = from[1];
        shape[3] = from[2];
    } else if (npz->x->rank == 2) {
        shape[3] = from[1];
    } else {
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: x in %s is %s, want [sequences, frames, channels, height, "
                        "width], [sequences, frames, d] or [n, d]",
                        call, path, tvi_shape_text(npz->x->rank, from, got));
    }
    return TVAE_OK;
}

static tvae_status describe_factors(npz_dataset *npz, const char *path)
{
    const size_t n_most = TVI_MAX_FACTORS - (npz->labels ? 1 : 0);
    const tvae_tensor *factors = npz->factors;
    char got[TVI_SHAPE_TEXT];

    if (!factors)
        return TVAE_OK;
    if (factors->rank != 3 || factors->shape[0] != npz->x->shape[0] ||
        factors->shape[1] != npz->head.shape[0] || factors->shape[2] > n_most)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: factors in %s is %s, want [%zu, %zu, factors] with 1 to %zu "
                        "factors",
                        call, path, tvi_shape_text(factors->rank, factors->shape, got),
                        npz->x->shape[0], npz->head.shape[0], n_most);
    npz->n_file_factors = factors->shape[2];
    for (size_t factor = 0; factor < npz->n_file_factors; factor++) {
        char name[TVI_FACTOR_NAME];

        (void)snprintf(name, sizeof name, "factor%u", (unsigned)factor);
        tvi_dataset_add_factor(&npz->head, name, 0);
    }
    return TVAE_OK;
}

static tvae_status describe_labels(npz_dataset *npz, const char *path)
{
    const tvae_tensor *labels = npz->labels;
    char got[TVI_SHAPE_TEXT];
    size_t n_labels = 0;

    if (!labels)
        return TVAE_OK;
    if (labels->rank != 1 || labels->count != npz->x->shape[0])
        return tvi_fail(TVAE_E_SHAPE, "%s: labels in %s is %s, want [%zu]", call, path,
                        tvi_shape_text(labels->rank, labels->shape, got),
                        npz->x->shape[0]);
    for (size_t i = 0; i < labels->count; i++) {
        const float label = labels->data[i];

        if (!(label >= 0.0f && label <= MAX_LABEL && floorf(label) == label))
            return tvi_fail(TVAE_E_FORMAT,
                            "%s: label %zu in %s is %g, want a whole number from 0 to %d",
                            call, i, path, (double)label, MAX_LABEL);
        if ((size_t)label >= n_labels)
            n_labels = (size_t)label + 1;
    }
    tvi_dataset_add_factor(&npz->head, "label", n_labels);
    return TVAE_OK;
}

static tvae_status check_finite(const tvae_tensor *tensor, const char *name,
                                const char *path)
{
    size_t place;

    if (!tensor)
        return TVAE_OK;
    place = tvi_first_non_finite(tensor->data, tensor->count);
    if (place == tensor->count)
        return TVAE_OK;
    return tvi_fail(TVAE_E_NUMERIC,
                    "%s: %s in %s has a value in sequence %zu that is not finite as "
                    "float32, want finite values",
                    call, name, path, place / (tensor->count / tensor->shape[0]));
}

static tvae_status read_arrays(npz_dataset *npz, const char *path)
{
    tvae_archive *archive = NULL;
    tvae_status st = tvae_archive_load(path, &archive);

    if (st == TVAE_OK)
        st = find_sequences(npz, archive, path);
    if (st == TVAE_OK)
        st = find_array(archive, "factors", &npz->factors);
    if (st == TVAE_OK)
        st = find_array(archive, "labels", &npz->labels);
    tvae_archive_destroy(&archive);
    if (st == TVAE_OK)
        st = describe_sequences(npz, path);
    if (st == TVAE_OK)
        st = describe_factors(npz, path);
    if (st == TVAE_OK)
        st = describe_labels(npz, path);
    if (st == TVAE_OK)
        st = check_finite(npz->x, "x", path);
    return st == TVAE_OK ? check_finite(npz->factors, "factors", path) : st;
}

tvae_status tvae_dataset_create_npz(const char *path, const tvae_npz_options *options,
                                    tvae_dataset **out)
{
    tvae_npz_options o = default_options;
    tvae_dataset *dataset;
    npz_dataset *npz;
    tvi_split split;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!path)
        return tvi_fail(TVAE_E_INVALID, "%s: path is NULL", call);
    st = tvi_options_import(&o, sizeof o, sizeof o, options, call);
    if (st == TVAE_OK)
        st = tvi_split_check(o.split, o.test_fraction, call);
    if (st == TVAE_OK && o.random_split != 0 && o.random_split != 1)
        st = tvi_fail(TVAE_E_INVALID, "%s: random_split is %d, want 0 or 1", call,
                      (int)o.random_split);
    if (st != TVAE_OK)
        return st;
    dataset = tvi_dataset_alloc(sizeof *npz, &npz_class);
    if (!dataset)
        return TVAE_E_NOMEM;
    npz = (npz_dataset *)dataset;
    st = read_arrays(npz, path);
    split = (tvi_split){.seed = o.split_seed,
                        .test_fraction = o.test_fraction,
                        .part = o.split,
                        .in_order = !o.random_split};
    if (st == TVAE_OK)
        st = tvi_split_items(&split, npz->x->shape[0], call, &npz->items,
                             &dataset->n_items);
    if (st != TVAE_OK)
        tvae_dataset_destroy(&dataset);
    *out = dataset;
    return st;
}
