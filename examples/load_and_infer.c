/* SPDX-License-Identifier: MIT */
/* Inference in a host program: load a model file, encode frames into capsules, roll the
 * capsules of the first frame, decode what the model expects of the frames after it.
 *
 *   load_and_infer [MODEL.safetensors]
 *
 * Without a file, an untrained model is written and loaded back. */
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

enum { N_FRAMES = 5 };

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

/* 3 capsules of 5 places over frames of 8 x 8 pixels. */
static void write_untrained(const char *path)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options grid;
    tvae_model_options frame;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    require(tvae_neighbourhood_create_shifting(3, 3, 1, &neighbourhood));
    require(tvae_prior_options_init(&grid, sizeof grid));
    grid.n_capsules = 3;
    grid.capsule_dims[0] = 5;
    require(tvae_prior_create(&grid, &neighbourhood, 1, &prior));
    require(tvae_model_options_init(&frame, sizeof frame));
    frame.channels = 1;
    frame.height = 8;
    frame.width = 8;
    require(tvae_model_create(&frame, prior, &model));
    require(tvae_model_initialise(model, 1));
    require(tvae_model_save(model, path));
    tvae_model_destroy(&model);
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
}

/* The latents of the first frame, rolled by 0, 1, 2, ... along the capsules' first axis:
 * what the model expects of frames 0, 1, 2, ... */
static void roll_first_frame(const tvae_model *model, tvae_tensor *t, tvae_tensor *rolled)
{
    size_t shape[6] = {1, N_FRAMES};
    int64_t dims[3], shifts[N_FRAMES];
    tvae_tensor *repeated = NULL;
    tvae_roll *roll = NULL;

    require(tvae_model_latent_shape(model, shape + 2));
    for (size_t axis = 0; axis < 3; axis++)
        dims[axis] = (int64_t)shape[3 + axis];
    require(tvae_tensor_create(6, shape, &repeated));
    for (size_t i = 0; i < tvae_tensor_count(t); i++)
        tvae_tensor_data(repeated)[i] =
            tvae_tensor_data(t)[i % (tvae_tensor_count(t) / N_FRAMES)];
    for (int64_t i = 0; i < N_FRAMES; i++)
        shifts[i] = i;
    require(tvae_roll_create(dims, 0, &roll));
    require(tvae_roll_apply(roll, repeated, shifts, N_FRAMES, rolled));
    tvae_roll_destroy(&roll);
    tvae_tensor_destroy(&repeated);
}

/* A bright bar that moves one pixel a frame, in every channel. */
static void draw_frames(const size_t shape[5], float *x)
{
    const size_t height = shape[3], width = shape[4];

    for (size_t i = 0; i < N_FRAMES * shape[2] * height * width; i++) {
        const size_t column = i % width, frame = i / (shape[2] * height * width);

        x[i] = column == frame % width ? 1.0f : 0.0f;
    }
}

static void print_difference(const tvae_tensor *x, const tvae_tensor *decoded)
{
    const size_t n = tvae_tensor_count(x) / N_FRAMES;

    for (size_t frame = 0; frame < N_FRAMES; frame++) {
        double sum = 0.0;

        for (size_t i = frame * n; i < (frame + 1) * n; i++) {
            const double error = (double)tvae_tensor_data_const(x)[i] -
                                 (double)tvae_tensor_data_const(decoded)[i];

            sum += error * error;
        }
        (void)printf("frame %zu: mean squared error of the rolled decoding %.4f\n", frame,
                     sum / (double)n);
    }
}

int main(int argc, char **argv)
{
    static const char own_file[] = "load_and_infer.safetensors";
    size_t frames[5] = {1, N_FRAMES}, latents[6] = {1, N_FRAMES};
    tvae_tensor *x = NULL, *t = NULL, *rolled = NULL, *decoded = NULL;
    tvae_workspace *work = NULL;
    tvae_model *model = NULL;

    if (argc < 2)
        write_untrained(own_file);
    require(tvae_model_load(argc < 2 ? own_file : argv[1], &model));
    require(tvae_workspace_create(&work));
    require(tvae_model_frame_shape(model, frames + 2));
    require(tvae_model_latent_shape(model, latents + 2));
    require(tvae_tensor_create(5, frames, &x));
    require(tvae_tensor_create(5, frames, &decoded));
    require(tvae_tensor_create(6, latents, &t));
    require(tvae_tensor_create(6, latents, &rolled));
    draw_frames(frames, tvae_tensor_data(x));
    require(tvae_model_encode(model, work, x, t));
    roll_first_frame(model, t, rolled);
    require(tvae_model_decode(model, work, rolled, decoded));
    print_difference(x, decoded);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&rolled);
    tvae_tensor_destroy(&decoded);
    tvae_workspace_destroy(&work);
    tvae_model_destroy(&model);
    if (argc < 2 && remove(own_file)) {
        (void)fprintf(stderr, "%s: cannot be removed\n", own_file);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
