/* SPDX-License-Identifier: MIT */
#ifndef TVAE_DATA_H
#define TVAE_DATA_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 8: sequences of transformed images. A *dataset* gives, for an item and a draw,
 * one sequence `[frames, channels, height, width]` in [0, 1] with its factors
 * `[frames, factors]`; a *loader* prepares batches of them in the background.
 *
 * What an item's sequence looks like depends only on (item, seed, draw), never on
 * threads.
 */
typedef struct tvae_dataset tvae_dataset; /**< Sequences, by item and draw. */
typedef struct tvae_loader tvae_loader;   /**< Batches, prepared in the background. */

/** Parts of a dataset. */
enum {
    TVAE_SPLIT_TRAIN = 0,      /**< What training sees. */
    TVAE_SPLIT_VALIDATION = 1, /**< Held out of the training data. */
    TVAE_SPLIT_TEST = 2        /**< MNIST: the test files; others: as validation. */
};

/** Sequence transforms of image datasets; SPEC section 3. A dataset has one: to train
 *  under one and test under another, create a dataset of each split with its own. */
enum {
    TVAE_TRANSFORM_NONE = 0,   /**< One frame, one channel: the image itself. */
    TVAE_TRANSFORM_RANDOM = 1, /**< One of rotation, scale and hue runs, the others are
                                    fixed. */
    TVAE_TRANSFORM_DUAL = 2,   /**< Rotation and hue run together; the scale is 1. */
    TVAE_TRANSFORM_PERSPECTIVE = 3, /**< A turn in perspective and hue run together. */
    TVAE_TRANSFORM_ROTATION = 4 /**< Rotation runs; scale and hue are fixed at random. */
};

/** Shape of the sprites dataset's factors, in the order of their labels. */
enum {
    TVAE_FACTOR_SHAPE = 0,       /**< 3: square, ellipse, heart */
    TVAE_FACTOR_SCALE = 1,       /**< 6 */
    TVAE_FACTOR_ORIENTATION = 2, /**< 40 */
    TVAE_FACTOR_POS_X = 3,       /**< 32 */
    TVAE_FACTOR_POS_Y = 4,       /**< 32 */
    TVAE_N_SPRITE_FACTORS = 5
};

/** Options of tvae_dataset_create_mnist(). */
typedef struct tvae_mnist_options {
    size_t size;         /**< filled by tvae_mnist_options_init() */
    uint64_t split_seed; /**< of the train/validation split: NumPy's legacy seed, at
                              most 2^32 - 1; default 1 */
    double validation_fraction; /**< of the training files, held out; 0 to less than 1;
                                     default 0.2 */
    int32_t split;              /**< a TVAE_SPLIT; default train */
    int32_t transform;          /**< a TVAE_TRANSFORM; default random */
} tvae_mnist_options;

/**
 * Options of the sprites datasets.
 *
 * Of each factor's original values 0, 1, ... those at start, start + stride, ... below
 * max_values are kept; a running factor moves on by one kept value a frame, so that
 * stride is its speed. A factor with a single kept value is not available: it stays at
 * start in every sequence (max_values = start + 1 does that for any start). Among the
 * others, those of @c varying may run; the rest differ between items and stay within one.
 */
typedef struct tvae_sprites_options {
    size_t size;                          /**< filled by tvae_sprites_options_init() */
    int64_t image_size;                   /**< pixels a side; default 64 */
    int64_t n_frames;                     /**< frames a sequence; default 15 */
    int64_t start[TVAE_N_SPRITE_FACTORS]; /**< first value kept; default 0, 1, 0, 0, 0 */
    int64_t
        stride[TVAE_N_SPRITE_FACTORS]; /**< step between those; default 1, 1, 2, 2, 2 */
    int64_t max_values[TVAE_N_SPRITE_FACTORS]; /**< original values looked at at most,
                                                  before the stride; default 30 each */
    uint64_t split_seed;                       /**< of the held-out part; default 1 */
    double test_fraction;                      /**< of the starting images; default 0.1 */
    int32_t varying; /**< bit f set: factor f may run; default all
                          but the shape (0x1e) */
    int32_t split;   /**< a TVAE_SPLIT; default train */
} tvae_sprites_options;

/** Options of tvae_dataset_create_npz(). */
typedef struct tvae_npz_options {
    size_t size;          /**< filled by tvae_npz_options_init() */
    uint64_t split_seed;  /**< of the held-out part; default 1 */
    double test_fraction; /**< of the sequences; 0 to less than 1; default 0.1 */
    int32_t split;        /**< a TVAE_SPLIT; default train */
    int32_t random_split; /**< 1 (default): the held-out part is drawn by split_seed, and
                               items are in a shuffled order; 0: it is the end of the
                               file, and items are in the file's order (for sequences cut
                               from one recording) */
} tvae_npz_options;

/** Options of tvae_loader_create(). */
typedef struct tvae_loader_options {
    size_t size;         /**< filled by tvae_loader_options_init() */
    int64_t batch_size;  /**< sequences a batch, >= 1; default 8 */
    uint64_t seed;       /**< of order and draws; default 0 */
    int64_t first_batch; /**< batches already taken, for a resumed run; default 0 */
    int64_t n_prefetch;  /**< batches prepared ahead; 0 prepares on demand; default 4 */
    int32_t shuffle;     /**< 1 (default): a new order every epoch; 0: items in order */
    int32_t drop_last;   /**< 1 (default): epochs end at the last full batch; 0: with a
                              smaller one */
    int32_t n_shards;    /**< ranks that share each batch, which then has batch_size *
                              n_shards sequences; >= 1; default 1 */
    int32_t shard; /**< whose part this loader gives, 0 to n_shards - 1; default 0 */
} tvae_loader_options;

/** Fill with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_mnist_options_init(tvae_mnist_options *options, size_t size);

/** Fill with the defaults (the paper's dSprites). Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_sprites_options_init(tvae_sprites_options *options,
                                               size_t size);

/** Fill with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_npz_options_init(tvae_npz_options *options, size_t size);

/** Fill with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_loader_options_init(tvae_loader_options *options, size_t size);

/**
 * MNIST (or any images and labels in its format) as transformed sequences.
 *
 * With a transform an item is 18 frames of 3 channels, and its factors are indices 0..17
 * into the lists of values; a running factor starts anywhere, moves on by one a frame and
 * wraps. TVAE_TRANSFORM_RANDOM: rotation, scale, hue, of which one runs.
 * TVAE_TRANSFORM_ROTATION: the same three, and always rotation runs.
 * TVAE_TRANSFORM_DUAL: the same three, so that a model trained under RANDOM can be tested
 * on them; rotation and hue run with independent starts, and the scale, which is exactly
 * 1, has the index of 0.99, the nearest in the list. TVAE_TRANSFORM_PERSPECTIVE:
 * perspective and hue, which both run. (CapCorr takes one running factor a sequence:
 * where two run, give it the column of one at a time.) With TVAE_TRANSFORM_NONE an item
 * is the image itself, one frame of one channel, and its factor is its label. Only the
 * files of the split are read: `t10k` for the test split, `train` for the others.
 *
 * @param[in]  folder   Holds {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or
 * `.gz`.
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The dataset; the images stay in memory as bytes.
 *
 * @retval TVAE_OK           Created.
 * @retval TVAE_E_INVALID    NULL argument, an option out of range, or an empty split.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_NOT_FOUND  A file is missing; the message names it and how to get it.
 * @retval TVAE_E_IO         A file cannot be read.
 * @retval TVAE_E_FORMAT     Wrong magic number, truncated, or images and labels that
 * differ in number.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Numerics:  SPEC section 3; transforms as GOLDEN section 5.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_dataset_create_mnist(const char *folder,
                                               const tvae_mnist_options *options,
                                               tvae_dataset **out);

/**
 * Procedural sprites: the dSprites images drawn from their factors, no file needed.
 *
 * Items are the kept starting images; in a sequence one factor runs, starting at the
 * item's own value and wrapping; which one is drawn among those of @c varying with more
 * than one kept value (with none, nothing runs). Factors: the five of TVAE_FACTOR, as
 * indices among the kept values. Pixels are 0 or 1; of an image_size other than 64, each
 * stands for the centre of the block of original pixels that it covers.
 *
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The dataset.
 *
 * Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM, TVAE_E_UNSUPPORTED. Ownership: one
 * reference for the caller. Threads: any. Numerics: SPEC section 3. Since: 0.1
 */
TVAE_API tvae_status tvae_dataset_create_sprites(const tvae_sprites_options *options,
                                                 tvae_dataset **out);

/**
 * The real dSprites file, `dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz`.
 *
 * The archive is read once as a stream; only the images that @p options keep stay in
 * memory, one bit a pixel. image_size must be 64.
 *
 * @param[in]  path     The file.
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The dataset.
 *
 * Statuses: as tvae_dataset_create_mnist(). Ownership: one reference for the caller.
 * Threads: any. Since: 0.1
 */
TVAE_API tvae_status tvae_dataset_create_dsprites(const char *path,
                                                  const tvae_sprites_options *options,
                                                  tvae_dataset **out);

/**
 * A user's own sequences from a file: images of any size, or any vectors.
 *
 * The sequences are the array `x`, or, without one of that name, the only array of five
 * axes; in a file without five axes anywhere, the only array of two or three besides
 * `factors` and `labels`. Five axes are [sequences, frames, channels, height, width];
 * [sequences, frames, d] (features of another network, say) is taken as frames of
 * [1, 1, d], and [n, d] as n sequences of one frame. Optional arrays beside it: `factors`
 * [sequences, frames, factors], named factor0, factor1, ...; and `labels` [sequences],
 * whole numbers from 0, which become the last factor, "label". An item is the same in
 * every draw. Values are used as they are (a Bernoulli likelihood wants [0, 1]: divide
 * bytes by 255 before saving), and must be finite.
 *
 * @param[in]  path     `.npz`; also `.safetensors`, or a `.npy` of the sequences alone.
 * Every array of the file is read, and must be of a type that tvae_archive_load() takes.
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The dataset; its arrays stay in memory as float32.
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL argument, an option out of range, or an empty split.
 * @retval TVAE_E_NOT_FOUND    No such file.
 * @retval TVAE_E_IO           The file cannot be read.
 * @retval TVAE_E_FORMAT       The file contradicts its format, no array or several could
 * be the sequences, or a label is not a whole number from 0 to 65535.
 * @retval TVAE_E_SHAPE        An array's shape is none of the above.
 * @retval TVAE_E_NUMERIC      A value is not finite.
 * @retval TVAE_E_UNSUPPORTED  An ending or element type this build cannot read, 2^32
 * sequences or more, or options of a newer library.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_dataset_create_npz(const char *path,
                                             const tvae_npz_options *options,
                                             tvae_dataset **out);

/**
 * A host application's own sequences. An item is the same in every draw; the factors are
 * called "factor0", "factor1", ..., and how many values they have is unknown.
 *
 * @param[in]  x        [sequences, frames, channels, height, width].
 * @param[in]  factors  [sequences, frames, factors], at most 16, or NULL for none.
 * @param[out] out      The dataset.
 *
 * Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_SHAPE, TVAE_E_NOMEM.
 * Ownership: both tensors are kept alive, not copied. Threads: any. Since: 0.1
 */
TVAE_API tvae_status tvae_dataset_create_memory(tvae_tensor *x, tvae_tensor *factors,
                                                tvae_dataset **out);

/** Add a reference; returns @p dataset. Threads: any. Since: 0.1 */
TVAE_API tvae_dataset *tvae_dataset_retain(tvae_dataset *dataset);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_dataset_destroy(tvae_dataset **dataset);

/** Number of items; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_dataset_count(const tvae_dataset *dataset);

/** Extents of a sequence [4]: frames, channels, height, width. Statuses: TVAE_OK,
 *  TVAE_E_INVALID. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_dataset_shape(const tvae_dataset *dataset, size_t *shape);

/** Number of factors; 0 for none or NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_dataset_factor_count(const tvae_dataset *dataset);

/** Name of a factor ("posX", "rotation"), NULL past the end. Ownership: the dataset's.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API const char *tvae_dataset_factor_name(const tvae_dataset *dataset, size_t factor);

/** Number of values of a factor; 0 if unknown. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_dataset_factor_values(const tvae_dataset *dataset, size_t factor);

/**
 * One sequence.
 *
 * @param[in]  dataset  Read only.
 * @param[in]  item     0 to count - 1.
 * @param[in]  seed     The run's seed.
 * @param[in]  draw     Which random transform: equal (item, seed, draw) give equal
 *                      sequences.
 * @param[out] x        [frames, channels, height, width].
 * @param[out] factors  [frames, factors]; may be NULL.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL or out of range.
 * @retval TVAE_E_SHAPE    A shape does not fit.
 * @retval TVAE_E_NOMEM    No scratch memory.
 *
 * Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_dataset_get(const tvae_dataset *dataset, size_t item,
                                      uint64_t seed, uint64_t draw, tvae_tensor *x,
                                      tvae_tensor *factors);

/**
 * Start preparing batches.
 *
 * Sequence i of batch b has draw b * batch_size + i of @c seed; its item is that place in
 * the epoch's order, which depends on seed and epoch alone. The batches are the same for
 * every n_prefetch, and first_batch starts among them where it says. Of a batch that is
 * shared among n_shards loaders, each gives batch_size sequences that follow one another,
 * and all together those that a single loader of batch_size * n_shards would give.
 *
 * @param[in]  dataset  What the sequences are taken from.
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The loader.
 *
 * @retval TVAE_OK             Started.
 * @retval TVAE_E_INVALID      NULL, an option out of range, or a batch larger than the
 * data while drop_last is 1.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library, or 2^32 items or more.
 * @retval TVAE_E_NOMEM        No memory, or no thread could be started.
 *
 * Ownership: one reference for the caller; the loader keeps the dataset alive.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_loader_create(tvae_dataset *dataset,
                                        const tvae_loader_options *options,
                                        tvae_loader **out);

/** Stop the background work, drop the loader and null the pointer. Threads:
 * one-at-a-time. Since: 0.1 */
TVAE_API void tvae_loader_destroy(tvae_loader **loader);

/** Batches an epoch; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_loader_batches_per_epoch(const tvae_loader *loader);

/**
 * Take the next batch; epochs follow each other without end.
 *
 * A batch whose preparation failed is reported by the call that would have given it; the
 * next call goes on with the batch after it.
 *
 * @param[in,out] loader       Moves on by a batch.
 * @param[out]    x            [batch_size, frames, channels, height, width].
 * @param[out]    factors      [batch_size, frames, factors]; may be NULL.
 * @param[out]    n_sequences  Sequences written: batch_size, fewer only in a last batch
 *                             that is not dropped (none, perhaps, of one shard), the rest
 *                             of @p x and @p factors then stays as it was; may be NULL.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL; no batch is used up.
 * @retval TVAE_E_SHAPE    A shape does not fit; no batch is used up.
 * @retval TVAE_E_NOMEM    A sequence could not be prepared.
 * @retval TVAE_E_STATE    The process is a fork() of the one that created the loader, and
 * has no background thread (n_prefetch 0 has no such limit).
 *
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_loader_next(tvae_loader *loader, tvae_tensor *x,
                                      tvae_tensor *factors, size_t *n_sequences);

/**
 * Where the batch of the latest tvae_loader_next() lies in that of all shards, as
 * tvae_trainer_step_part() wants to know it.
 *
 * @param[in]  loader   Read only.
 * @param[out] first    Place of its first sequence; may be NULL.
 * @param[out] n_total  Sequences of all shards together; may be NULL.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL loader.
 * @retval TVAE_E_STATE    No batch has been taken yet.
 *
 * Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_loader_place(const tvae_loader *loader, size_t *first,
                                       size_t *n_total);

#ifdef __cplusplus
}
#endif

#endif
