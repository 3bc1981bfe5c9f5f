/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arrays.h"

/* tvae encode: frames [N, S, channels, height, width], or [S, ...] of one sequence, to
 * capsules [N, S, capsules, width of a capsule]. */

enum { SAMPLE, SEED, DIVIDE, ARRAY, THREADS, N_OPTIONS };
enum { MODEL, INPUT, OUTPUT, N_FILES };

typedef struct encode_request {
    const char *files[N_FILES];
    const char *array;
    bool samples;
    int64_t seed, divisor, n_threads;
} encode_request;

static bool read_request(int n_words, char **words, encode_request *request)
{
    const char *values[N_OPTIONS] = {NULL};
    cli_option options[N_OPTIONS] = {
        [SAMPLE] = {.name = "--sample"},
        [SEED] = {.name = "--seed", .takes_value = true},
        [DIVIDE] = {.name = "--divide", .takes_value = true},
        [ARRAY] = {.name = "--array", .takes_value = true},
        [THREADS] = {.name = "--threads", .takes_value = true},
    };
    size_t n_files;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        options[i].values = &values[i];
        options[i].max_values = 1;
    }
    *request = (encode_request){.divisor = 1};
    if (!parse_words("encode", n_words, words, options, N_OPTIONS, request->files,
                     N_FILES, &n_files))
        return false;
    if (n_files < N_FILES) {
        fprintf(stderr, "tvae encode: want a run or model, an input and an output\n");
        return false;
    }
    request->samples = options[SAMPLE].n_values > 0;
    request->array = values[ARRAY];
    return check_ending("encode", request->files[OUTPUT]) &&
           (!values[SEED] ||
            parse_number("--seed", values[SEED], 0, INT64_MAX, &request->seed)) &&
           (!values[DIVIDE] ||
            parse_number("--divide", values[DIVIDE], 1, 1 << 24, &request->divisor)) &&
           (!values[THREADS] ||
            parse_number("--threads", values[THREADS], 0, 1024, &request->n_threads));
}

/* Divide, and say so if the numbers look like bytes that nobody divided. */
static void prepare_values(tvae_tensor *x, int64_t divisor)
{
    float *values = tvae_tensor_data(x);
    const size_t n = tvae_tensor_count(x);
    float largest = 0.0f;
    bool whole = true;

    for (size_t i = 0; i < n; i++) {
        if (divisor != 1)
            values[i] /= (float)divisor;
        largest = fmaxf(largest, values[i]);
        whole = whole && floorf(values[i]) == values[i];
    }
    if (whole && largest > 1.0f && largest <= 255.0f)
        fprintf(stderr,
                "tvae encode: note: the values are whole numbers up to %g; if they are "
                "bytes of a model trained on [0, 1], use --divide 255\n",
                (double)largest);
}

/* The input as [sequences, frames, channels, height, width]. */
static bool view_frames(tvae_tensor *input, const char *path, tvae_tensor **x)
{
    const int32_t rank = tvae_tensor_rank(input);
    size_t shape[5] = {1};
    tvae_status status;

    if (rank != 4 && rank != 5) {
        fprintf(stderr,
                "tvae encode: the array of %s has %d axes, want 5 (sequences, frames, "
                "channels, height, width), or 4 of one sequence\n",
                path, (int)rank);
        return false;
    }
    for (int32_t axis = 0; axis < rank; axis++)
        shape[5 - rank + axis] = tvae_tensor_extent(input, axis);
    status = reshape(input, 5, shape, x);
    if (status != TVAE_OK)
        (void)report_failure(status);
    return status == TVAE_OK;
}

/* Some sequences; noise is NULL at the posterior means. */
static tvae_status encode_part(const pipeline *p, tvae_tensor *x,
                               tvae_tensor *const *noise, size_t first, size_t n,
                               tvae_tensor *t)
{
    tvae_tensor *parts[4] = {NULL};
    tvae_tensor *const wholes[4] = {x, t, noise[0], noise[1]};
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < 4 && status == TVAE_OK; i++)
        if (wholes[i])
            status = view_sequences(wholes[i], first, n, &parts[i]);
    if (status == TVAE_OK)
        status = noise[0] ? tvae_model_sample(p->model, p->work, parts[0], parts[2],
                                              parts[3], parts[1])
                          : tvae_model_encode(p->model, p->work, parts[0], parts[1]);
    for (size_t i = 0; i < 4; i++)
        tvae_tensor_destroy(&parts[i]);
    return status;
}

static tvae_status encode(const pipeline *p, const encode_request *request,
                          tvae_tensor *x, tvae_tensor *t)
{
    const size_t n = tvae_tensor_extent(x, 0), n_frames = tvae_tensor_extent(x, 1);
    const size_t step = sequences_at_once(n, n_frames);
    const size_t shape[3] = {n, n_frames, p->n_latents};
    tvae_tensor *noise[2] = {NULL, NULL};
    tvae_status status = TVAE_OK;

    if (request->samples)
        status = draw_noise(p, shape, (uint64_t)request->seed, noise);
    for (size_t first = 0; first < n && status == TVAE_OK; first += step)
        status = encode_part(p, x, noise, first, n - first < step ? n - first : step, t);
    tvae_tensor_destroy(&noise[0]);
    tvae_tensor_destroy(&noise[1]);
    return status;
}

/* Encode x, and write the capsules with as many leading axes as the input had. */
static int encode_to_file(const pipeline *p, const encode_request *request,
                          tvae_tensor *x, bool is_one_sequence)
{
    static const char *const name = "t";
    size_t shape[6] = {tvae_tensor_extent(x, 0), tvae_tensor_extent(x, 1)};
    const int32_t rank = 2 + capsule_axes(p, shape + 2);
    tvae_tensor *t = NULL, *written = NULL;
    tvae_status status = tvae_tensor_create(rank, shape, &t);
    int code;

    if (status == TVAE_OK)
        status = encode(p, request, x, t);
    if (status == TVAE_OK)
        status = is_one_sequence ? reshape(t, rank - 1, shape + 1, &written)
                                 : reshape(t, rank, shape, &written);
    code = status == TVAE_OK ? save_arrays(request->files[OUTPUT], 1, &name, &written)
                             : report_failure(status);
    tvae_tensor_destroy(&written);
    tvae_tensor_destroy(&t);
    return code;
}

int command_encode(int n_words, char **words)
{
    tvae_tensor *input = NULL, *x = NULL;
    encode_request request;
    pipeline p = {0};
    int code = EXIT_FAILED;

    if (!read_request(n_words, words, &request))
        return EXIT_USAGE;
    if (use_threads(request.n_threads) != TVAE_OK)
        return report_failure(TVAE_E_INVALID);
    if (open_pipeline(request.files[MODEL], &p) &&
        load_array(request.files[INPUT], request.array, "x", &input) &&
        view_frames(input, request.files[INPUT], &x)) {
        prepare_values(x, request.divisor);
        code = encode_to_file(&p, &request, x, tvae_tensor_rank(input) == 4);
    }
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&input);
    close_pipeline(&p);
    return code;
}
