/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/data.h"
#include "data/mnist_sequence.h"
#include "data/numpy_split.h"
#include "data/warp.h"
#include "io/io.h"

enum { MIN_LABELS = 10 };

/* Images and labels of one pair of files, and which of them belong to the split. */
typedef struct mnist_dataset {
    tvae_dataset head;
    tvi_idx images;  /* [files' images, height, width] */
    tvi_idx labels;  /* [files' images] */
    uint32_t *order; /* item -> image; the first item is order[first_item] */
    size_t first_item;
    int32_t transform;
} mnist_dataset;

_Static_assert(sizeof(tvae_mnist_options) ==
                   sizeof(size_t) + sizeof(uint64_t) + sizeof(double) + 8,
               "tvae_mnist_options has padding");

static const tvae_mnist_options default_options = {.size = sizeof(tvae_mnist_options),
                                                   .split_seed = 1,
                                                   .validation_fraction = 0.2,
                                                   .split = TVAE_SPLIT_TRAIN,
                                                   .transform = TVAE_TRANSFORM_RANDOM};

tvae_status tvae_mnist_options_init(tvae_mnist_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "mnist_options_init");
}

static void get_image(const mnist_dataset *mnist, const unsigned char *image, float *x)
{
    const size_t n_pixels = mnist->head.shape[2] * mnist->head.shape[3];

    for (size_t i = 0; i < n_pixels; i++)
        x[i] = (float)image[i] / 255.0f;
}

static tvae_status get_sequence(const mnist_dataset *mnist, const unsigned char *image,
                                tvi_rng *rng, float *x, float *factors)
{
    const size_t height = mnist->head.shape[2], width = mnist->head.shape[3];
    const size_t n_padded = tvi_warp_padded_count(height, width);
    float *scratch = tvi_alloc_array(n_padded + height * width, sizeof *scratch);
    tvi_mnist_choice choice;

    if (!scratch)
        return TVAE_E_NOMEM;
    tvi_mnist_draw(rng, mnist->transform, &choice);
    tvi_warp_pad_bytes(height, width, image, scratch);
    tvi_mnist_render(&choice, height, width, scratch, scratch + n_padded, x);
    tvi_free(scratch);
    for (uint32_t frame = 0; factors && frame < TVI_MNIST_N_FRAMES; frame++) {
        uint32_t values[TVI_MNIST_N_FACTORS];

        tvi_mnist_frame_values(&choice, frame, values);
        for (size_t factor = 0; factor < TVI_MNIST_N_FACTORS; factor++)
            if (tvi_mnist_factor_name(mnist->transform, factor))
                *factors++ = (float)values[factor];
    }
    return TVAE_OK;
}

static tvae_status get_item(const tvae_dataset *dataset, size_t item, tvi_rng *rng,
                            float *x, float *factors)
{
    const mnist_dataset *mnist = (const mnist_dataset *)dataset;
    const size_t index = mnist->order[mnist->first_item + item];
    const unsigned char *image =
        mnist->images.values + index * dataset->shape[2] * dataset->shape[3];

    if (mnist->transform != TVAE_TRANSFORM_NONE)
        return get_sequence(mnist, image, rng, x, factors);
    get_image(mnist, image, x);
    if (factors)
        factors[0] = (float)mnist->labels.values[index];
    return TVAE_OK;
}

static void release_mnist(tvae_dataset *dataset)
{
    mnist_dataset *mnist = (mnist_dataset *)dataset;

    tvi_idx_release(&mnist->images);
    tvi_idx_release(&mnist->labels);
    tvi_free(mnist->order);
}

static const tvi_dataset_class mnist_class = {.get = get_item, .release = release_mnist};

static tvae_status check_options(const tvae_mnist_options *options)
{
    const double fraction = options->validation_fraction;

    if (options->split < TVAE_SPLIT_TRAIN || options->split > TVAE_SPLIT_TEST)
        return tvi_fail(TVAE_E_INVALID,
                        "dataset_create_mnist: split is %d, want a TVAE_SPLIT, 0 to 2",
                        (int)options->split);
    if (options->transform < TVAE_TRANSFORM_NONE ||
        options->transform > TVAE_TRANSFORM_ROTATION)
        return tvi_fail(
            TVAE_E_INVALID,
            "dataset_create_mnist: transform is %d, want a TVAE_TRANSFORM, 0 to 4",
            (int)options->transform);
    if (!(fraction >= 0.0 && fraction < 1.0))
        return tvi_fail(TVAE_E_INVALID,
                        "dataset_create_mnist: validation_fraction is %g, want at least "
                        "0 and less than 1",
                        fraction);
    if (options->split_seed > UINT32_MAX)
        return tvi_fail(TVAE_E_INVALID,
                        "dataset_create_mnist: split_seed is %llu, want at most %lu, "
                        "which is all that NumPy's generator takes",
                        (unsigned long long)options->split_seed,
                        (unsigned long)UINT32_MAX);
    return TVAE_OK;
}

static tvae_status read_file(const char *folder, const char *name, int32_t rank,
                             tvi_idx *idx)
{
    char *path = tvi_path_join(folder, name);
    tvae_status st;

    if (!path)
        return TVAE_E_NOMEM;
    st = tvi_idx_read(path, rank, idx);
    if (st == TVAE_E_NOT_FOUND)
        st = tvi_fail(TVAE_E_NOT_FOUND,
                      "dataset_create_mnist: there is neither %s nor %s.gz: download "
                      "MNIST with \"sh examples/fetch-data.sh mnist %s\"",
                      path, path, folder);
    tvi_free(path);
    return st;
}

static tvae_status read_files(mnist_dataset *mnist, const char *folder, bool test_files)
{
    const char *images_name =
        test_files ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte";
    const char *labels_name =
        test_files ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte";
    tvae_status st = read_file(folder, images_name, 3, &mnist->images);

    if (st == TVAE_OK)
        st = read_file(folder, labels_name, 1, &mnist->labels);
    if (st == TVAE_OK && mnist->images.shape[0] != mnist->labels.shape[0])
        st = tvi_fail(TVAE_E_FORMAT,
                      "dataset_create_mnist: %s has %zu images and %s has %zu labels in "
                      "%s, want as many labels as images: download both files again",
                      images_name, mnist->images.shape[0], labels_name,
                      mnist->labels.shape[0], folder);
    if (st == TVAE_OK && mnist->images.shape[0] > UINT32_MAX)
        st = tvi_fail(TVAE_E_UNSUPPORTED,
                      "dataset_create_mnist: %s has %zu images, want at most %lu",
                      images_name, mnist->images.shape[0], (unsigned long)UINT32_MAX);
    return st;
}

/* Training files: the first floor(fraction * n) of the reference's shuffled order are
 * held out. Test files: all, as they come. */
static tvae_status choose_items(mnist_dataset *mnist, const tvae_mnist_options *options)
{
    const size_t n = mnist->images.shape[0];
    const size_t n_held_out = (size_t)floor(options->validation_fraction * (double)n);

    mnist->order = tvi_alloc_array(n, sizeof *mnist->order);
    if (!mnist->order)
        return TVAE_E_NOMEM;
    if (options->split == TVAE_SPLIT_TEST) {
        for (size_t i = 0; i < n; i++)
            mnist->order[i] = (uint32_t)i;
        mnist->head.n_items = n;
    } else {
        const bool held_out = options->split == TVAE_SPLIT_VALIDATION;

        tvi_numpy_shuffle((uint32_t)options->split_seed, n, mnist->order);
        mnist->first_item = held_out ? 0 : n_held_out;
        mnist->head.n_items = held_out ? n_held_out : n - n_held_out;
    }
    if (mnist->head.n_items == 0)
        return tvi_fail(TVAE_E_INVALID,
                        "dataset_create_mnist: split %d is empty: validation_fraction is "
                        "%g of %zu images",
                        (int)options->split, options->validation_fraction, n);
    return TVAE_OK;
}

static void describe_items(mnist_dataset *mnist)
{
    const bool sequences = mnist->transform != TVAE_TRANSFORM_NONE;
    tvae_dataset *head = &mnist->head;
    size_t n_labels = MIN_LABELS;

    head->shape[0] = sequences ? TVI_MNIST_N_FRAMES : 1;
    head->shape[1] = sequences ? TVI_MNIST_N_CHANNELS : 1;
    head->shape[2] = mnist->images.shape[1];
    head->shape[3] = mnist->images.shape[2];
    for (size_t factor = 0; sequences && factor < TVI_MNIST_N_FACTORS; factor++) {
        const char *name = tvi_mnist_factor_name(mnist->transform, factor);

        if (name)
            tvi_dataset_add_factor(head, name, TVI_MNIST_N_FRAMES);
    }
    if (sequences)
        return;
    for (size_t i = 0; i < mnist->labels.count; i++)
        if (mnist->labels.values[i] >= n_labels)
            n_labels = (size_t)mnist->labels.values[i] + 1;
    tvi_dataset_add_factor(head, "label", n_labels);
}

tvae_status tvae_dataset_create_mnist(const char *folder,
                                      const tvae_mnist_options *options,
                                      tvae_dataset **out)
{
    tvae_mnist_options o = default_options;
    tvae_dataset *dataset;
    mnist_dataset *mnist;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "dataset_create_mnist: out is NULL");
    *out = NULL;
    if (!folder)
        return tvi_fail(TVAE_E_INVALID, "dataset_create_mnist: folder is NULL");
    st = tvi_options_import(&o, sizeof o, sizeof o, options, "dataset_create_mnist");
    if (st == TVAE_OK)
        st = check_options(&o);
    if (st != TVAE_OK)
        return st;
    dataset = tvi_dataset_alloc(sizeof *mnist, &mnist_class);
    if (!dataset)
        return TVAE_E_NOMEM;
    mnist = (mnist_dataset *)dataset;
    mnist->transform = o.transform;
    st = read_files(mnist, folder, o.split == TVAE_SPLIT_TEST);
    if (st == TVAE_OK)
        st = choose_items(mnist, &o);
    if (st != TVAE_OK) {
        tvae_dataset_destroy(&dataset);
        return st;
    }
    describe_items(mnist);
    *out = dataset;
    return TVAE_OK;
}
