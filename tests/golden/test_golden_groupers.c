/* SPDX-License-Identifier: MIT */
#include "golden.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topography/topography.h"

/* Every grouper of the reference as a prior (GOLDEN sections 1.2 to 1.4). */

enum { CS1, CS2, CS3, STAT, CAP1, NONTOPO, CAP2, CAP3 }; /* the reference's classes */
enum {
    META_CLASS,
    META_B,
    META_T,
    META_CAPSULES,
    META_DIMS,
    META_KERNEL = 7,
    META_BAND = 10
};
enum { META_HEIGHT = 11, META_WIDTH, META_TRAINABLE };

static const double forward_tolerance = 1e-5, gradient_tolerance = 1e-4;

/* A case of the file and the prior that stands for it. */
typedef struct grouper {
    const tvae_archive *archive;
    const char *name;
    int64_t meta[15];
    size_t n_sequences, n_frames, n_values, n_taps, n_neighbourhoods;
    tvae_prior_options options;
    int64_t *offsets[3]; /* [n_taps, 4] of each neighbourhood */
    tvae_prior *prior;
} grouper;

static tvae_tensor *get(const grouper *g, const char *suffix)
{
    return golden_get(g->archive, g->name, suffix);
}

static double get_scalar(const grouper *g, const char *suffix)
{
    tvae_tensor *tensor = get(g, suffix);
    const double value = (double)tvae_tensor_data(tensor)[0];

    tvae_tensor_destroy(&tensor);
    return value;
}

static void *allocate(size_t count, size_t element_bytes)
{
    void *block = calloc(count, element_bytes);

    ck_assert_ptr_nonnull(block);
    return block;
}

/* Compare with an array of the file, relative to its maximum. */
static void assert_matches(const grouper *g, const char *suffix, const float *got,
                           double tolerance)
{
    tvae_tensor *want = get(g, suffix);
    char what[300];

    (void)snprintf(what, sizeof what, "%s.%s", g->name, suffix);
    ck_assert_uint_eq(tvae_tensor_count(want), g->n_values);
    assert_close(what, got, tvae_tensor_data(want), g->n_values, tolerance, 0.0);
    tvae_tensor_destroy(&want);
}

/* The grid: frames stand alone in CS1 to CS3; spatial sites are a second axis, along
 * which nothing moves, in the one-dimensional capsules. */
static void set_grid(grouper *g, size_t n_rows)
{
    const int64_t *dims = g->meta + META_DIMS;
    const int64_t sites = g->meta[META_HEIGHT] * g->meta[META_WIDTH];
    int64_t *d = g->options.capsule_dims;

    g->n_frames = g->meta[META_CLASS] <= CS3 ? 1 : (size_t)g->meta[META_T];
    g->n_sequences = n_rows / g->n_frames;
    g->options.n_capsules = g->meta[META_CLASS] <= CS3 ? 1 : g->meta[META_CAPSULES];
    d[0] = dims[0];
    d[1] = dims[1] ? dims[1] : 1;
    d[2] = dims[2] ? dims[2] : 1;
    switch (g->meta[META_CLASS]) {
    case CS1:
        d[1] = g->meta[META_HEIGHT];
        d[2] = g->meta[META_WIDTH];
        break;
    case CS2:
        d[1] = d[0];
        break;
    case CS3:
        d[1] = d[2] = d[0];
        break;
    case STAT:
    case CAP1:
    case NONTOPO:
        d[1] = sites;
        break;
    default:
        break;
    }
}

/* Where the three axes of a kernel go, for each neighbourhood of a class: 0 frame, 1 to 3
 * the capsule's axes. */
static const int (*axes_of(int64_t class, size_t *n_neighbourhoods))[3]
{
    static const int alone[][3] = {{1, 2, 3}}, line[][3] = {{0, 1, 3}};
    static const int plane[][3] = {{0, 1, 2}, {0, 2, 1}};
    static const int space[][3] = {{0, 1, 2}, {0, 2, 3}, {0, 3, 2}};

    *n_neighbourhoods = class == CAP2 ? 2 : class == CAP3 ? 3 : 1;
    return class <= CS3 ? alone : class == CAP2 ? plane : class == CAP3 ? space : line;
}

/* Entry a of a kernel axis of k is offset floor(k / 2) - a; taps of weight zero are
 * listed too, for they have gradients. */
static void list_offsets(const grouper *g, const int axes[3], int64_t *offsets)
{
    const int64_t *k = g->meta + META_KERNEL;

    for (size_t i = 0; i < g->n_taps; i++) {
        const int64_t tap = (int64_t)i;
        const int64_t at[] = {tap / (k[1] * k[2]), tap / k[2] % k[1], tap % k[2]};

        for (int j = 0; j < 3; j++)
            offsets[i * TVAE_OFFSET_AXES + (size_t)axes[j]] = k[j] / 2 - at[j];
    }
}

static void create_grouper(grouper *g, const tvae_archive *archive, const char *name)
{
    tvae_neighbourhood *list[3] = {NULL, NULL, NULL};
    tvae_tensor *z, *w;
    const int(*axes)[3];

    *g = (grouper){.archive = archive, .name = name};
    for (size_t i = 0; i < 15; i++)
        g->meta[i] = golden_meta(archive, name, i);
    z = get(g, "z");
    w = get(g, "W");
    g->n_values = tvae_tensor_count(z);
    g->n_taps = tvae_tensor_count(w);
    ASSERT_OK(tvae_prior_options_init(&g->options, sizeof g->options));
    set_grid(g, tvae_tensor_extent(z, 0));
    if (g->meta[META_CLASS] != NONTOPO) {
        g->options.mu_init = get_scalar(g, "mu");
        g->options.epsilon = get_scalar(g, "eps");
        axes = axes_of(g->meta[META_CLASS], &g->n_neighbourhoods);
        for (size_t j = 0; j < g->n_neighbourhoods; j++) {
            g->offsets[j] = allocate(g->n_taps * TVAE_OFFSET_AXES, sizeof(int64_t));
            list_offsets(g, axes[j], g->offsets[j]);
            ASSERT_OK(tvae_neighbourhood_create_offsets(g->n_taps, g->offsets[j],
                                                        tvae_tensor_data(w), &list[j]));
        }
    }
    ASSERT_OK(tvae_prior_create(&g->options, list, g->n_neighbourhoods, &g->prior));
    ck_assert_uint_eq(g->n_sequences * g->n_frames * tvae_prior_n_latents(g->prior),
                      g->n_values);
    for (size_t j = 0; j < 3; j++)
        tvae_neighbourhood_destroy(&list[j]);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&w);
}

static void destroy_grouper(grouper *g)
{
    for (size_t j = 0; j < 3; j++)
        free(g->offsets[j]);
    tvae_prior_destroy(&g->prior);
}

static float *make_scratch(const grouper *g)
{
    return allocate(tvi_prior_scratch_floats(g->prior, g->n_sequences, g->n_frames),
                    sizeof(float));
}

static void check_energies(const grouper *g)
{
    float *scratch = make_scratch(g), *v = allocate(g->n_values, sizeof *v);
    tvae_tensor *u = get(g, "u");

    for (size_t j = 0; j < g->n_neighbourhoods; j++) {
        char suffix[4] = "v";

        if (g->n_neighbourhoods > 1)
            suffix[1] = (char)('1' + j);
        tvi_prior_energy(g->prior, j, g->n_sequences, g->n_frames, tvae_tensor_data(u), v,
                         scratch);
        assert_matches(g, suffix, v, forward_tolerance);
    }
    tvae_tensor_destroy(&u);
    free(scratch);
    free(v);
}

/* View of an array of the case as [sequences, frames, latents]. */
static tvae_tensor *get_latents(const grouper *g, const char *suffix)
{
    const size_t shape[] = {g->n_sequences, g->n_frames, tvae_prior_n_latents(g->prior)};
    tvae_tensor *whole = get(g, suffix), *view = NULL;

    ASSERT_OK(tvae_tensor_view(whole, 0, 3, shape, &view));
    tvae_tensor_destroy(&whole);
    return view;
}

static tvae_tensor *make_latents(const grouper *g)
{
    const size_t shape[] = {g->n_sequences, g->n_frames, tvae_prior_n_latents(g->prior)};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(3, shape, &tensor));
    return tensor;
}

static void check_construction(const grouper *g)
{
    const bool plain = g->n_neighbourhoods == 0;
    tvae_tensor *z = get_latents(g, "z"), *u = plain ? NULL : get_latents(g, "u");
    tvae_tensor *s = make_latents(g);

    ASSERT_OK(tvae_prior_apply(g->prior, z, u, s));
    assert_matches(g, "s", tvae_tensor_data(s), forward_tolerance);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&s);
}

/* The index of the neighbour of a value at an offset; all axes are rings. */
static size_t find_neighbour(const grouper *g, size_t index, const int64_t *offset)
{
    const int64_t extents[] = {(int64_t)g->n_frames, g->options.n_capsules,
                               g->options.capsule_dims[0], g->options.capsule_dims[1],
                               g->options.capsule_dims[2]};
    const int64_t steps[] = {offset[0], 0, offset[1], offset[2], offset[3]};
    int64_t rest = (int64_t)index, found = 0, stride = 1;

    for (int axis = 4; axis >= 0; axis--) {
        const int64_t n = extents[axis], place = rest % n + steps[axis];

        found += (place % n + n) % n * stride;
        stride *= n;
        rest /= n;
    }
    return (size_t)(found + rest * stride);
}

/* Add |dv_j u^2| of every term of every tap: what the gradient by W is measured against.
 */
static void sum_absolute_terms(const grouper *g, size_t j, const double *dv,
                               const float *u, double *sums)
{
    for (size_t tap = 0; tap < g->n_taps; tap++)
        for (size_t i = 0; i < g->n_values; i++) {
            const size_t from =
                find_neighbour(g, i, g->offsets[j] + tap * TVAE_OFFSET_AXES);

            sums[tap] += fabs(dv[i]) * (double)u[from] * (double)u[from];
        }
}

/* dv_j from the file's energies: -g (z + mu) / R^2 / (2 sqrt(v_j + eps)). */
static void find_dv(const grouper *g, size_t j, double *dv)
{
    const double mu = get_scalar(g, "mu"), eps = get_scalar(g, "eps");
    tvae_tensor *z = get(g, "z"), *up = get(g, "g"), *v[3] = {NULL, NULL, NULL};

    for (size_t k = 0; k < g->n_neighbourhoods; k++) {
        char suffix[4] = "v";

        if (g->n_neighbourhoods > 1)
            suffix[1] = (char)('1' + k);
        v[k] = get(g, suffix);
    }
    for (size_t i = 0; i < g->n_values; i++) {
        double root_sum = 0.0;

        for (size_t k = 0; k < g->n_neighbourhoods; k++)
            root_sum += sqrt((double)tvae_tensor_data(v[k])[i] + eps);
        dv[i] = -(double)tvae_tensor_data(up)[i] * ((double)tvae_tensor_data(z)[i] + mu) /
                (root_sum * root_sum) / 2.0 /
                sqrt((double)tvae_tensor_data(v[j])[i] + eps);
    }
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&up);
    for (size_t k = 0; k < 3; k++)
        tvae_tensor_destroy(&v[k]);
}

/* The reference's kernel is one for all neighbourhoods: their gradients add up. */
static void check_weight_gradient(const grouper *g, const float *dweights)
{
    double *scale = allocate(g->n_taps, sizeof *scale);
    double *dv = allocate(g->n_values, sizeof *dv);
    tvae_tensor *want = get(g, "gW"), *u = get(g, "u");

    ck_assert_uint_eq(tvae_tensor_count(want), g->n_taps);
    for (size_t j = 0; j < g->n_neighbourhoods; j++) {
        find_dv(g, j, dv);
        sum_absolute_terms(g, j, dv, tvae_tensor_data(u), scale);
    }
    for (size_t tap = 0; tap < g->n_taps; tap++) {
        double got = 0.0;

        for (size_t j = 0; j < g->n_neighbourhoods; j++)
            got += (double)dweights[j * g->n_taps + tap];
        assert_near(g->name, got, (double)tvae_tensor_data(want)[tap], 0.0,
                    gradient_tolerance * scale[tap]);
    }
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&u);
    free(scale);
    free(dv);
}

static double sum_absolute(const tvae_tensor *x)
{
    double sum = 0.0;

    for (size_t i = 0; i < tvae_tensor_count(x); i++)
        sum += fabs((double)tvae_tensor_data_const(x)[i]);
    return sum;
}

static void check_gradient(const grouper *g)
{
    const size_t n_weights = g->n_neighbourhoods * g->n_taps;
    tvae_tensor *z = get_latents(g, "z"), *u = get_latents(g, "u");
    tvae_tensor *up = get_latents(g, "g"), *dz = make_latents(g), *du = make_latents(g);
    tvae_tensor *dweights = NULL;
    double dmu;

    ASSERT_OK(tvae_tensor_create(1, &n_weights, &dweights));
    ASSERT_OK(tvae_prior_gradient(g->prior, z, u, up, dz, du, &dmu, dweights));
    assert_matches(g, "gz", tvae_tensor_data(dz), gradient_tolerance);
    assert_matches(g, "gu", tvae_tensor_data(du), gradient_tolerance);
    assert_near(g->name, dmu, get_scalar(g, "gmu"), 0.0,
                gradient_tolerance * sum_absolute(dz));
    if (golden_has(g->archive, g->name, "gW"))
        check_weight_gradient(g, tvae_tensor_data(dweights));
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&up);
    tvae_tensor_destroy(&dz);
    tvae_tensor_destroy(&du);
    tvae_tensor_destroy(&dweights);
}

/* What u^2 = 1 at one place of the first capsule does to each energy of that capsule is a
 * column of A; what it does at the origin is an entry of row0. */
static void check_coefficients(const grouper *g)
{
    const size_t width = tvae_prior_n_latents(g->prior);
    const size_t n_places = width / (size_t)g->options.n_capsules;
    const size_t n = g->n_frames * n_places;
    tvae_tensor *row = get(g, "row0");
    tvae_tensor *dense = golden_has(g->archive, g->name, "A") ? get(g, "A") : NULL;
    float *scratch = make_scratch(g), *u = allocate(g->n_frames * width, sizeof *u);
    float *v = allocate(g->n_frames * width, sizeof *v);

    ck_assert_uint_eq(tvae_tensor_count(row), n);
    for (size_t from = 0; from < n; from++) {
        const size_t at = from / n_places * width + from % n_places;

        u[at] = 1.0f;
        tvi_prior_energy(g->prior, 0, 1, g->n_frames, u, v, scratch);
        u[at] = 0.0f;
        assert_near(g->name, (double)v[0], (double)tvae_tensor_data(row)[from], 1e-6,
                    1e-7);
        for (size_t to = 0; dense && to < n; to++)
            assert_near(g->name, (double)v[to / n_places * width + to % n_places],
                        (double)tvae_tensor_data(dense)[to * n + from], 1e-6, 1e-7);
    }
    tvae_tensor_destroy(&row);
    tvae_tensor_destroy(&dense);
    free(scratch);
    free(u);
    free(v);
}

/* Where the reference's weights are all of a band or box, the same by its short form. */
static void check_short_form(const grouper *g)
{
    const int64_t *k = g->meta + META_KERNEL, class = g->meta[META_CLASS];
    const int64_t box[] = {class == STAT ? k[0] : 1, class == STAT ? k[1] : k[0],
                           class == STAT ? 1 : k[1], class == STAT ? 1 : k[2]};
    tvae_neighbourhood *neighbourhood = NULL;
    grouper short_form = *g;

    if (class == CAP1)
        ASSERT_OK(tvae_neighbourhood_create_shifting(k[0], k[1], g->meta[META_BAND],
                                                     &neighbourhood));
    else
        ASSERT_OK(tvae_neighbourhood_create_stationary(box, &neighbourhood));
    ASSERT_OK(tvae_prior_create(&g->options, &neighbourhood, 1, &short_form.prior));
    check_construction(&short_form);
    tvae_prior_destroy(&short_form.prior);
    tvae_neighbourhood_destroy(&neighbourhood);
}

static void check_case(const tvae_archive *archive, const char *name)
{
    grouper g;

    create_grouper(&g, archive, name);
    check_construction(&g);
    if (g.n_neighbourhoods) {
        check_energies(&g);
        check_gradient(&g);
        if (golden_has(archive, name, "row0"))
            check_coefficients(&g);
        if (g.n_neighbourhoods == 1 && !g.meta[META_TRAINABLE])
            check_short_form(&g);
    } else { /* t = z: u is in the file, but nothing depends on it */
        tvae_tensor *up = get_latents(&g, "g"), *dz = make_latents(&g);

        ASSERT_OK(tvae_prior_gradient(g.prior, up, NULL, up, dz, NULL, NULL, NULL));
        assert_matches(&g, "gz", tvae_tensor_data(dz), gradient_tolerance);
        tvae_tensor_destroy(&up);
        tvae_tensor_destroy(&dz);
    }
    destroy_grouper(&g);
}

START_TEST(prior_matches_every_grouper)
{
    tvae_archive *archive = golden_open("groupers.npz");

    if (!archive)
        return;
    ck_assert_uint_gt(golden_each_case(archive, check_case), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_groupers");
    TCase *tc = tcase_create("golden_groupers");

    tcase_set_timeout(tc, 120.0);
    tcase_add_test(tc, prior_matches_every_grouper);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
