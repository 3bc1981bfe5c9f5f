/* SPDX-License-Identifier: MIT */
/* A program outside of the tree: the library's version is the headers', and a model
 * encodes a frame. */
#include <stdio.h>
#include <string.h>

#include <tvae/tvae.h>

static tvae_status create_model(tvae_model **model)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options grid;
    tvae_model_options frame;
    tvae_prior *prior = NULL;
    tvae_status st = tvae_neighbourhood_create_shifting(3, 3, 1, &neighbourhood);

    (void)tvae_prior_options_init(&grid, sizeof grid);
    grid.n_capsules = 3;
    grid.capsule_dims[0] = 5;
    if (st == TVAE_OK)
        st = tvae_prior_create(&grid, &neighbourhood, 1, &prior);
    (void)tvae_model_options_init(&frame, sizeof frame);
    frame.channels = 1;
    frame.height = 8;
    frame.width = 8;
    if (st == TVAE_OK)
        st = tvae_model_create(&frame, prior, model);
    if (st == TVAE_OK)
        st = tvae_model_initialise(*model, 1);
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return st;
}

static tvae_status encode_one(const tvae_model *model)
{
    const size_t x_shape[] = {1, 1, 1, 8, 8}, t_shape[] = {1, 1, 3, 5, 1, 1};
    tvae_workspace *work = NULL;
    tvae_tensor *x = NULL, *t = NULL;
    tvae_status st = tvae_workspace_create(&work);

    if (st == TVAE_OK)
        st = tvae_tensor_create(5, x_shape, &x);
    if (st == TVAE_OK)
        st = tvae_tensor_create(6, t_shape, &t);
    if (st == TVAE_OK)
        st = tvae_model_encode(model, work, x, t);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&t);
    tvae_workspace_destroy(&work);
    return st;
}

int main(void)
{
    tvae_model *model = NULL;
    tvae_status st = create_model(&model);

    if (st == TVAE_OK)
        st = encode_one(model);
    tvae_model_destroy(&model);
    if (st != TVAE_OK) {
        (void)fprintf(stderr, "%s: %s\n", tvae_status_name(st), tvae_last_error());
        return 1;
    }
    if (strcmp(tvae_version(), TVAE_VERSION_STRING) != 0) {
        (void)fprintf(stderr, "library %s, headers %s\n", tvae_version(),
                      TVAE_VERSION_STRING);
        return 1;
    }
    printf("consumer of tvae %s\n", tvae_version());
    return 0;
}
