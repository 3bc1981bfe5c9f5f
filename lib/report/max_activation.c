/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <string.h>

#include <tvae/metric.h>

/* At each place of the 2-D torus, the test frame whose |t| is largest there (paper Figure
 * 3). */

enum { N_FRAMES = 10000, MOST_PLACES = 1024 };

static tvae_status add_latents(void *context, size_t first, const tvae_tensor *t,
                               const tvae_tensor *factors)
{
    (void)first;
    (void)factors;
    return tvae_max_activation_add(context, t);
}

/* Copy frame `sample` (counted over the sequences) to `out`. */
static tvae_status read_frame(tvi_figures *set, uint64_t sample, float *out)
{
    const size_t n_values = set->sequence[1] * set->sequence[2] * set->sequence[3];
    const size_t item = (size_t)(sample / set->sequence[0]);
    const size_t frame = (size_t)(sample % set->sequence[0]);
    tvae_status st = tvi_figures_read(set, item);

    if (st == TVAE_OK)
        memcpy(out, tvae_tensor_data_const(set->x) + frame * n_values,
               n_values * sizeof *out);
    return st;
}

tvae_status tvi_draw_max_activation(tvi_figures *set)
{
    const size_t n_places = set->latent[1] * set->latent[2];
    const size_t n_values = set->sequence[1] * set->sequence[2] * set->sequence[3];
    const size_t shape[] = {set->latent[1], set->latent[2], set->sequence[1],
                            set->sequence[2], set->sequence[3]};
    tvae_max_activation *most = NULL;
    tvae_tensor *picture = NULL;
    tvae_status st;

    if (set->latent[0] != 1 || set->latent[1] < 2 || set->latent[2] < 2 ||
        set->latent[3] != 1 || n_places > MOST_PLACES || !set->are_images)
        return TVAE_OK;
    st = tvae_max_activation_create(n_places, &most);
    if (st == TVAE_OK)
        st = tvi_figures_visit(set, N_FRAMES / set->sequence[0] + 1, add_latents, most);
    if (st == TVAE_OK)
        st = tvae_tensor_create(5, shape, &picture);
    for (size_t i = 0; st == TVAE_OK && i < n_places; i++) {
        uint64_t sample;

        st = tvae_max_activation_find(most, i, &sample, NULL);
        if (st == TVAE_OK)
            st = read_frame(set, sample, tvae_tensor_data(picture) + i * n_values);
    }
    if (st == TVAE_OK)
        st = tvi_figures_write(set, "max_activation", picture);
    tvae_tensor_destroy(&picture);
    tvae_max_activation_destroy(&most);
    return st;
}
