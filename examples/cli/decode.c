/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "arrays.h"

/* tvae decode: capsules [N, S, capsules, width] (or [S, ...] of one sequence; or with the
 * latents in one axis) to frames [N, S, channels, height, width]. */

enum { ARRAY, THREADS, N_OPTIONS };
enum { MODEL, INPUT, OUTPUT, N_FILES };

/* How many axes before the capsules: 2 (sequences, frames), 1 (frames), or 0 if the
 * array does not end in this model's capsules. */
static int32_t count_leading_axes(const pipeline *p, const tvae_tensor *t)
{
    const int32_t rank = tvae_tensor_rank(t);
    size_t axes[4];
    const int32_t n_axes = capsule_axes(p, axes);
    bool fits = rank > n_axes && rank <= n_axes + 2;

    for (int32_t axis = 0; axis < n_axes && fits; axis++)
        fits = tvae_tensor_extent(t, rank - n_axes + axis) == axes[axis];
    if (fits)
        return rank - n_axes;
    if ((rank == 2 || rank == 3) && tvae_tensor_extent(t, rank - 1) == p->n_latents)
        return rank - 1;
    return 0;
}

/* The input as [sequences, frames, latents]. */
static bool view_latents(const pipeline *p, tvae_tensor *input, const char *path,
                         int32_t *n_leading, tvae_tensor **t)
{
    size_t shape[3] = {1, 1, p->n_latents};
    tvae_status status;

    *n_leading = count_leading_axes(p, input);
    if (*n_leading == 0) {
        fprintf(stderr,
                "tvae decode: the array of %s does not end in this model's capsules: "
                "want [sequences, frames, %zu, %zu",
                path, p->latents[0], p->latents[1]);
        for (int axis = 2; axis < 4 && p->latents[axis] > 1; axis++)
            fprintf(stderr, ", %zu", p->latents[axis]);
        fprintf(stderr, "], or without the axis of sequences\n");
        return false;
    }
    for (int32_t axis = 0; axis < *n_leading; axis++)
        shape[2 - *n_leading + axis] = tvae_tensor_extent(input, axis);
    status = reshape(input, 3, shape, t);
    if (status != TVAE_OK)
        (void)report_failure(status);
    return status == TVAE_OK;
}

tvae_status decode_sequences(const pipeline *p, tvae_tensor *t, tvae_tensor *x)
{
    const size_t n = tvae_tensor_extent(t, 0);
    const size_t step = sequences_at_once(n, tvae_tensor_extent(t, 1));
    tvae_status status = TVAE_OK;

    for (size_t first = 0; first < n && status == TVAE_OK; first += step) {
        const size_t n_part = n - first < step ? n - first : step;
        tvae_tensor *t_part = NULL, *x_part = NULL;

        status = view_sequences(t, first, n_part, &t_part);
        if (status == TVAE_OK)
            status = view_sequences(x, first, n_part, &x_part);
        if (status == TVAE_OK)
            status = tvae_model_decode(p->model, p->work, t_part, x_part);
        tvae_tensor_destroy(&x_part);
        tvae_tensor_destroy(&t_part);
    }
    return status;
}

static int decode_to_file(const pipeline *p, tvae_tensor *t, int32_t n_leading,
                          const char *path)
{
    static const char *const name = "x";
    const size_t shape[5] = {tvae_tensor_extent(t, 0), tvae_tensor_extent(t, 1),
                             p->frame[0], p->frame[1], p->frame[2]};
    tvae_tensor *x = NULL, *written = NULL;
    tvae_status status = tvae_tensor_create(5, shape, &x);
    int code;

    if (status == TVAE_OK)
        status = decode_sequences(p, t, x);
    if (status == TVAE_OK)
        status = reshape(x, 3 + n_leading, shape + 2 - n_leading, &written);
    code = status == TVAE_OK ? save_arrays(path, 1, &name, &written)
                             : report_failure(status);
    tvae_tensor_destroy(&written);
    tvae_tensor_destroy(&x);
    return code;
}

int command_decode(int n_words, char **words)
{
    const char *values[N_OPTIONS] = {NULL}, *files[N_FILES];
    cli_option options[N_OPTIONS] = {[ARRAY] = {.name = "--array",
                                                .takes_value = true,
                                                .values = &values[ARRAY],
                                                .max_values = 1},
                                     [THREADS] = {.name = "--threads",
                                                  .takes_value = true,
                                                  .values = &values[THREADS],
                                                  .max_values = 1}};
    tvae_tensor *input = NULL, *t = NULL;
    int64_t n_threads = 0;
    pipeline p = {0};
    int32_t n_leading;
    size_t n_files;
    int code = EXIT_FAILED;

    if (!parse_words("decode", n_words, words, options, N_OPTIONS, files, N_FILES,
                     &n_files))
        return EXIT_USAGE;
    if (n_files < N_FILES) {
        fprintf(stderr, "tvae decode: want a run or model, an input and an output\n");
        return EXIT_USAGE;
    }
    if (!check_ending("decode", files[OUTPUT]) ||
        (values[THREADS] &&
         !parse_number("--threads", values[THREADS], 0, 1024, &n_threads)))
        return EXIT_USAGE;
    if (use_threads(n_threads) != TVAE_OK)
        return report_failure(TVAE_E_INVALID);
    if (open_pipeline(files[MODEL], &p) &&
        load_array(files[INPUT], values[ARRAY], "t", &input) &&
        view_latents(&p, input, files[INPUT], &n_leading, &t))
        code = decode_to_file(&p, t, n_leading, files[OUTPUT]);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&input);
    close_pipeline(&p);
    return code;
}
