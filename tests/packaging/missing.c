/* SPDX-License-Identifier: MIT */
/* What a build leaves out is refused by a sentence that names the option, and the output
 * is NULL.
 *
 *   missing OPTION...     the options that are off, of: json zip gzip png */
#include <stdio.h>
#include <string.h>

#include <tvae/tvae.h>

static tvae_status call_json(void)
{
    tvae_archive *archive = NULL;
    tvae_model *model = NULL;
    tvae_status st = tvae_archive_load("any.safetensors", &archive);

    if (st != TVAE_E_UNSUPPORTED || archive)
        return TVAE_OK;
    st = tvae_model_load("any.safetensors", &model);
    return model ? TVAE_OK : st;
}

static tvae_status call_zip(void)
{
    tvae_archive *archive = NULL;
    tvae_status st = tvae_archive_load("any.npz", &archive);

    return archive ? TVAE_OK : st;
}

/* The guard of a floor's header tells whether the build has the floor. */

#ifdef TVAE_TRAIN_H
static tvae_status call_gzip(void)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options grid;
    tvae_model_options frame;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;
    tvae_trainer *trainer = NULL;
    tvae_status st = tvae_neighbourhood_create_shifting(1, 1, 0, &neighbourhood);

    (void)tvae_prior_options_init(&grid, sizeof grid);
    (void)tvae_model_options_init(&frame, sizeof frame);
    grid.n_capsules = grid.capsule_dims[0] = 1;
    frame.channels = frame.height = frame.width = 1;
    if (st == TVAE_OK)
        st = tvae_prior_create(&grid, &neighbourhood, 1, &prior);
    if (st == TVAE_OK)
        st = tvae_model_create(&frame, prior, &model);
    if (st == TVAE_OK)
        st = tvae_trainer_create(model, NULL, &trainer);
    if (st == TVAE_OK)
        st = tvae_trainer_load(trainer, "any.safetensors");
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return st;
}
#endif

#ifdef TVAE_REPORT_H
static tvae_status call_png(void)
{
    const size_t shape[] = {1, 1, 1, 1, 1};
    tvae_tensor *frame = NULL;
    tvae_status st = tvae_tensor_create(5, shape, &frame);

    if (st == TVAE_OK)
        st = tvae_picture_write("any.png", frame, 1);
    tvae_tensor_destroy(&frame);
    return st;
}
#endif

static const struct {
    const char *option;
    tvae_status (*call)(void);
} calls[] = {
    {"json", call_json},
    {"zip", call_zip},
#ifdef TVAE_TRAIN_H
    {"gzip", call_gzip},
#endif
#ifdef TVAE_REPORT_H
    {"png", call_png},
#endif
};

static int check(const char *option)
{
    char wanted[64];
    tvae_status st = TVAE_E_NOT_FOUND;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].option, option) == 0)
            st = calls[i].call();
    (void)snprintf(wanted, sizeof wanted, "-D%s=enabled", option);
    if (st == TVAE_E_UNSUPPORTED && strstr(tvae_last_error(), wanted))
        return 0;
    (void)fprintf(stderr, "%s: %s: \"%s\", want TVAE_E_UNSUPPORTED and %s\n", option,
                  tvae_status_name(st), tvae_last_error(), wanted);
    return 1;
}

int main(int n_arguments, char **arguments)
{
    int n_failed = 0;

    for (int i = 1; i < n_arguments; i++)
        n_failed += check(arguments[i]);
    return n_failed > 0;
}
