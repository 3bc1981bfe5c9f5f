/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "arrays.h"

/* tvae sample: draw z and u from N(0, 1) over whole sequences, construct t by the
 * model's prior, decode. A .npz or .safetensors gets the frames "x" and the capsules "t".
 */

enum { COUNT, FRAMES, SEED, THREADS, N_OPTIONS };
enum { MODEL, OUTPUT, N_FILES };

typedef struct sample_request {
    const char *files[N_FILES];
    int64_t n_sequences, n_frames; /* n_frames 0: by the model */
    int64_t seed, n_threads;
} sample_request;

static bool read_request(int n_words, char **words, sample_request *request)
{
    static const char *const names[N_OPTIONS] = {"--n", "--frames", "--seed",
                                                 "--threads"};
    static const int64_t lows[N_OPTIONS] = {1, 1, 0, 0};
    static const int64_t highs[N_OPTIONS] = {1 << 24, 1 << 24, INT64_MAX, 1024};
    int64_t *const numbers[N_OPTIONS] = {&request->n_sequences, &request->n_frames,
                                         &request->seed, &request->n_threads};
    const char *values[N_OPTIONS] = {NULL};
    cli_option options[N_OPTIONS] = {{.name = NULL}};
    size_t n_files;

    *request = (sample_request){.n_sequences = 16};
    for (size_t i = 0; i < N_OPTIONS; i++)
        options[i] = (cli_option){
            .name = names[i], .takes_value = true, .values = &values[i], .max_values = 1};
    if (!parse_words("sample", n_words, words, options, N_OPTIONS, request->files,
                     N_FILES, &n_files))
        return false;
    if (n_files < N_FILES) {
        fprintf(stderr, "tvae sample: want a run or model, and an output\n");
        return false;
    }
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (values[i] &&
            !parse_number(names[i], values[i], lows[i], highs[i], numbers[i]))
            return false;
    return check_ending("sample", request->files[OUTPUT]);
}

/* As many frames as a capsule is wide, so that a sequence goes round once; one frame
 * where capsules are no lines. */
static size_t choose_frames(const pipeline *p, int64_t wanted)
{
    if (wanted > 0)
        return (size_t)wanted;
    return p->latents[2] == 1 && p->latents[3] == 1 ? p->latents[1] : 1;
}

static tvae_status draw_capsules(const pipeline *p, const size_t shape[3], uint64_t seed,
                                 tvae_tensor *t)
{
    tvae_tensor *noise[2] = {NULL, NULL};
    tvae_prior *prior = NULL;
    tvae_status status = draw_noise(p, shape, seed, noise);

    if (status == TVAE_OK)
        status = tvae_model_prior(p->model, &prior);
    if (status == TVAE_OK)
        status = tvae_prior_apply(prior, noise[0], noise[1], t);
    tvae_prior_destroy(&prior);
    tvae_tensor_destroy(&noise[0]);
    tvae_tensor_destroy(&noise[1]);
    return status;
}

static int sample_to_file(const pipeline *p, const sample_request *request)
{
    static const char *const names[2] = {"x", "t"};
    const size_t n = (size_t)request->n_sequences;
    const size_t n_frames = choose_frames(p, request->n_frames);
    const size_t x_shape[5] = {n, n_frames, p->frame[0], p->frame[1], p->frame[2]};
    size_t t_shape[6] = {n, n_frames, p->n_latents};
    tvae_tensor *tensors[2] = {NULL, NULL}, *t = NULL;
    tvae_status status = tvae_tensor_create(3, t_shape, &t);
    int code;

    if (status == TVAE_OK)
        status = tvae_tensor_create(5, x_shape, &tensors[0]);
    if (status == TVAE_OK)
        status = draw_capsules(p, t_shape, (uint64_t)request->seed, t);
    if (status == TVAE_OK)
        status = decode_sequences(p, t, tensors[0]);
    if (status == TVAE_OK)
        status = reshape(t, 2 + capsule_axes(p, t_shape + 2), t_shape, &tensors[1]);
    code = status == TVAE_OK ? save_arrays(request->files[OUTPUT], 2, names, tensors)
                             : report_failure(status);
    tvae_tensor_destroy(&tensors[1]);
    tvae_tensor_destroy(&tensors[0]);
    tvae_tensor_destroy(&t);
    return code;
}

int command_sample(int n_words, char **words)
{
    sample_request request;
    pipeline p = {0};
    int code = EXIT_FAILED;

    if (!read_request(n_words, words, &request))
        return EXIT_USAGE;
    if (use_threads(request.n_threads) != TVAE_OK)
        return report_failure(TVAE_E_INVALID);
    if (open_pipeline(request.files[MODEL], &p))
        code = sample_to_file(&p, &request);
    close_pipeline(&p);
    return code;
}
