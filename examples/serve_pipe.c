/* SPDX-License-Identifier: MIT */
/* Serve a model over a pipe: sequences of frames in, capsules out.
 *
 *   serve_pipe MODEL.safetensors [FRAMES] < frames > capsules
 *
 * Both sides are raw float32 in the machine's own byte order. A request is one sequence:
 * FRAMES frames (default 1) of [channels, height, width], values in [0, 1]; its answer
 * are as many rows of [capsules, d1, d2, d3], flushed at once, so that a client may wait
 * for each answer before it sends the next sequence. The sizes go to stderr first. It
 * ends at the end of the input; one that ends within a sequence is an error. */
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

static void log_message(void *user, int32_t level, const char *text)
{
    (void)user;
    (void)fprintf(stderr, "%s: %s\n", level == TVAE_LOG_WARNING ? "warning" : "info",
                  text);
}

static void print_sizes(const size_t frames[5], const size_t latents[6])
{
    (void)fprintf(stderr,
                  "request: [%zu, %zu, %zu, %zu] floats; answer: [%zu, %zu, %zu, %zu, "
                  "%zu] floats\n",
                  frames[1], frames[2], frames[3], frames[4], latents[1], latents[2],
                  latents[3], latents[4], latents[5]);
}

/* One request and its answer; 0 at the end of the input. */
static int serve_one(const tvae_model *model, tvae_workspace *work, tvae_tensor *x,
                     tvae_tensor *t)
{
    const size_t n_in = tvae_tensor_count(x), n_out = tvae_tensor_count(t);
    const size_t n_read = fread(tvae_tensor_data(x), sizeof(float), n_in, stdin);

    if (n_read == 0 && feof(stdin))
        return 0;
    if (n_read < n_in) {
        (void)fprintf(stderr, "the input ends after %zu of a sequence's %zu floats\n",
                      n_read, n_in);
        exit(EXIT_FAILURE);
    }
    require(tvae_model_encode(model, work, x, t));
    if (fwrite(tvae_tensor_data(t), sizeof(float), n_out, stdout) < n_out ||
        fflush(stdout)) {
        perror("the answer cannot be written");
        exit(EXIT_FAILURE);
    }
    return 1;
}

int main(int argc, char **argv)
{
    const long n_frames = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    const tvae_log_hook hook = {sizeof hook, NULL, log_message};
    size_t frames[5] = {1}, latents[6] = {1};
    tvae_tensor *x = NULL, *t = NULL;
    tvae_workspace *work = NULL;
    tvae_model *model = NULL;

    if (argc < 2 || argc > 3 || n_frames < 1) {
        (void)fprintf(stderr, "usage: serve_pipe MODEL.safetensors [FRAMES]\n");
        return 2;
    }
    require(tvae_set_log_hook(&hook));
    require(tvae_model_load(argv[1], &model));
    frames[1] = latents[1] = (size_t)n_frames;
    require(tvae_model_frame_shape(model, frames + 2));
    require(tvae_model_latent_shape(model, latents + 2));
    print_sizes(frames, latents);
    require(tvae_workspace_create(&work));
    require(tvae_tensor_create(5, frames, &x));
    require(tvae_tensor_create(6, latents, &t));
    while (serve_one(model, work, x, t))
        continue;
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&t);
    tvae_workspace_destroy(&work);
    tvae_model_destroy(&model);
    return EXIT_SUCCESS;
}
