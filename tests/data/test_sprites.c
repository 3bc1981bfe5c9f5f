/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/sprite_draw.h"
#include "data/sprites.h"

enum { FACTORS = TVAE_N_SPRITE_FACTORS, FRAMES = 15, PIXELS = 64 * 64 };

static tvae_sprites_options default_options(void)
{
    tvae_sprites_options options;

    ASSERT_OK(tvae_sprites_options_init(&options, sizeof options));
    return options;
}

static tvae_dataset *create_sprites(const tvae_sprites_options *options)
{
    tvae_dataset *dataset = NULL;

    ASSERT_OK(tvae_dataset_create_sprites(options, &dataset));
    return dataset;
}

static const size_t x_shape[] = {FRAMES, 1, 64, 64}, factors_shape[] = {FRAMES, FACTORS};

static tvae_tensor *create_tensor(int32_t rank, const size_t *shape)
{
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(rank, shape, &tensor));
    return tensor;
}

/* Item whose starting image has these reduced indices. */
static size_t find_item(const tvae_dataset *dataset, const size_t *labels)
{
    const tvi_sprites *sprites = (const tvi_sprites *)dataset;
    const size_t number = tvi_sprites_number(sprites, labels);

    for (size_t item = 0; item < dataset->n_items; item++)
        if (sprites->items[item] == number)
            return item;
    ck_abort_msg("no item with number %zu", number);
    return 0;
}

/* A pixel's value by the inequalities of SPEC section 3, and how far it is from the edge.
 */
static int inside_by_definition(const tvi_sprite *sprite, double x, double y,
                                double *margin)
{
    const double dx = x - sprite->center_x, dy = y - sprite->center_y;
    const double c = cos(sprite->angle), s = sin(sprite->angle);
    const double a = (c * dx + s * dy) / sprite->scale;
    const double b = (-s * dx + c * dy) / sprite->scale;
    double excess;

    if (sprite->shape == TVI_SPRITE_SQUARE)
        excess = fmax(fabs(a), fabs(b)) / 9.6 - 1.0;
    else
        excess = (a / 12.8) * (a / 12.8) + (b / 7.2) * (b / 7.2) - 1.0;
    *margin = fabs(excess);
    return excess <= 0.0;
}

START_TEST(draw_matches_the_definition)
{
    static const size_t sizes[] = {64, 32, 17, 100};
    const size_t size = sizes[_i % 4];
    const double pixel = 64.0 / (double)size;
    tvi_sprite_point heart[TVI_HEART_POINTS];
    float *image = malloc(size * size * sizeof *image);

    tvi_heart_outline(heart);
    for (int n = 0; n < 200; n++) {
        const tvi_sprite sprite = {.shape = n / 100,
                                   .scale = 0.5 + 0.1 * (n % 6),
                                   .angle = -0.1611 * (n % 40),
                                   .center_x = 15.5 + 1.0323 * (n % 32),
                                   .center_y = 15.5 + 1.0323 * (n / 7 % 32)};
        size_t n_wrong = 0;

        tvi_sprite_draw(&sprite, heart, size, image);
        for (size_t i = 0; i < size * size; i++) {
            const double x = ((double)(i % size) + 0.5) * pixel - 0.5;
            const double y = ((double)(i / size) + 0.5) * pixel - 0.5;
            double margin;
            const int lit = inside_by_definition(&sprite, x, y, &margin);

            n_wrong += margin > 1e-9 && image[i] != (float)lit;
        }
        ck_assert_msg(n_wrong == 0, "sprite %d: %zu wrong pixels", n, n_wrong);
    }
    free(image);
}
END_TEST

static float sum_pixels(const float *image)
{
    float sum = 0.0f;

    for (size_t i = 0; i < PIXELS; i++)
        sum += image[i];
    return sum;
}

START_TEST(draw_clips_at_the_border)
{
    tvi_sprite_point heart[TVI_HEART_POINTS];
    float guarded[1 + PIXELS + 1];

    tvi_heart_outline(heart);
    for (int shape = 0; shape < 3; shape++) {
        tvi_sprite sprite = {
            .shape = shape, .scale = 1.0, .angle = 0.3, .center_x = 32, .center_y = 32};
        float whole;

        guarded[0] = guarded[PIXELS + 1] = -7.0f;
        tvi_sprite_draw(&sprite, heart, 64, guarded + 1);
        whole = sum_pixels(guarded + 1);
        for (int side = 0; side < 4; side++) {
            float quarter;

            sprite.center_x = side % 2 ? -0.5 : 63.5;
            sprite.center_y = side / 2 ? -0.5 : 63.5;
            tvi_sprite_draw(&sprite, heart, 64, guarded + 1);
            quarter = sum_pixels(guarded + 1);
            ck_assert(quarter > 0.1f * whole && quarter < 0.5f * whole);
        }
        sprite.center_x = 500.0;
        tvi_sprite_draw(&sprite, heart, 64, guarded + 1);
        ck_assert(sum_pixels(guarded + 1) == 0.0f);
        ck_assert(guarded[0] == -7.0f && guarded[PIXELS + 1] == -7.0f);
    }
}
END_TEST

START_TEST(heart_is_upright_and_symmetric)
{
    const tvi_sprite sprite = {
        .shape = TVI_SPRITE_HEART, .scale = 1.0, .center_x = 31.5, .center_y = 31.5};
    tvi_sprite_point heart[TVI_HEART_POINTS];
    float image[PIXELS];
    size_t top = 64, bottom = 0, left = 64, right = 0, n_unlike = 0;

    tvi_heart_outline(heart);
    tvi_sprite_draw(&sprite, heart, 64, image);
    for (size_t i = 0; i < PIXELS; i++) {
        const size_t row = i / 64, column = i % 64;

        n_unlike += image[i] != image[row * 64 + 63 - column];
        if (image[i] > 0.0f) {
            top = row < top ? row : top;
            bottom = row > bottom ? row : bottom;
            left = column < left ? column : left;
            right = column > right ? column : right;
        }
    }
    ck_assert_uint_eq(n_unlike, 0);
    ck_assert_uint_eq(right - left + 1, 20);
    ck_assert_uint_eq(bottom - top + 1, 17);
    ck_assert(image[top * 64 + 31] == 0.0f);    /* between the lobes */
    ck_assert(image[bottom * 64 + 31] == 1.0f); /* the point */
}
END_TEST

START_TEST(defaults_are_the_papers)
{
    static const char *const names[] = {"shape", "scale", "orientation", "posX", "posY"};
    static const size_t values[] = {3, 5, 15, 15, 15};
    tvae_sprites_options options = default_options();
    tvae_dataset *train = create_sprites(NULL), *test;
    size_t shape[4];

    options.split = TVAE_SPLIT_TEST;
    test = create_sprites(&options);
    ASSERT_OK(tvae_dataset_shape(train, shape));
    ck_assert_mem_eq(shape, x_shape, sizeof shape);
    ck_assert_uint_eq(tvae_dataset_factor_count(train), FACTORS);
    for (size_t f = 0; f < FACTORS; f++) {
        ck_assert_str_eq(tvae_dataset_factor_name(train, f), names[f]);
        ck_assert_uint_eq(tvae_dataset_factor_values(train, f), values[f]);
    }
    ck_assert_uint_eq(tvae_dataset_count(test), 5062);
    ck_assert_uint_eq(tvae_dataset_count(train), 50625 - 5062);
    tvae_dataset_destroy(&train);
    tvae_dataset_destroy(&test);
}
END_TEST

/* Count the numbers of a split's starting images. */
static void count_items(unsigned char *seen, uint64_t split_seed, int32_t split)
{
    tvae_sprites_options options = default_options();
    tvae_dataset *dataset;

    options.split_seed = split_seed;
    options.split = split;
    dataset = create_sprites(&options);
    for (size_t item = 0; item < dataset->n_items; item++)
        seen[((tvi_sprites *)dataset)->items[item]]++;
    tvae_dataset_destroy(&dataset);
}

START_TEST(splits_part_the_images_by_their_seed)
{
    enum { N = 50625 };
    static unsigned char all[N], test[N], validation[N], other[N];
    size_t n_once = 0;

    count_items(all, 7, TVAE_SPLIT_TRAIN);
    count_items(all, 7, TVAE_SPLIT_TEST);
    for (size_t i = 0; i < N; i++)
        n_once += all[i] == 1;
    ck_assert_uint_eq(n_once, N);
    count_items(test, 7, TVAE_SPLIT_TEST);
    count_items(validation, 7, TVAE_SPLIT_VALIDATION);
    count_items(other, 8, TVAE_SPLIT_TEST);
    ck_assert_mem_eq(test, validation, N);
    ck_assert_mem_ne(test, other, N);
}
END_TEST

/* Original values of a running factor from the stand-in examples of the reference. */
static void check_run(size_t factor, const size_t *wanted, size_t stride, size_t start)
{
    const size_t labels[FACTORS] = {2, 4, 14, 14, 14};
    tvae_sprites_options options = default_options();
    tvae_tensor *x = create_tensor(4, x_shape), *f = create_tensor(2, factors_shape);
    tvae_dataset *dataset;

    options.test_fraction = 0.0;
    options.varying = 1 << factor;
    dataset = create_sprites(&options);
    ASSERT_OK(tvae_dataset_get(dataset, find_item(dataset, labels), 1, 1, x, f));
    for (size_t frame = 0; frame < FRAMES; frame++)
        for (size_t g = 0; g < FACTORS; g++) {
            const float got = tvae_tensor_data(f)[frame * FACTORS + g];

            if (g == factor)
                ck_assert_uint_eq(start + stride * (size_t)got, wanted[frame]);
            else
                ck_assert_uint_eq((size_t)got, labels[g]);
        }
    tvae_dataset_destroy(&dataset);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
}

START_TEST(get_runs_as_the_reference)
{
    static const size_t rows[FRAMES] = {28, 0,  2,  4,  6,  8,  10, 12,
                                        14, 16, 18, 20, 22, 24, 26};
    static const size_t scales[FRAMES] = {5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4};

    check_run(TVAE_FACTOR_POS_Y, rows, 2, 0);
    check_run(TVAE_FACTOR_SCALE, scales, 1, 1);
}
END_TEST

START_TEST(get_draws_the_frames_of_its_factors)
{
    tvae_tensor *x = create_tensor(4, x_shape), *f = create_tensor(2, factors_shape);
    tvae_dataset *dataset = create_sprites(NULL);
    const tvi_sprites *sprites = (const tvi_sprites *)dataset;
    size_t running[FACTORS] = {0};
    float image[PIXELS];

    for (uint64_t draw = 0; draw < 60; draw++) {
        const float *factors = tvae_tensor_data(f);

        ASSERT_OK(tvae_dataset_get(dataset, (size_t)draw * 31, 3, draw, x, f));
        for (size_t g = 0; g < FACTORS; g++)
            running[g] +=
                factors[g] < factors[FACTORS + g] || factors[g] > factors[FACTORS + g];
        for (size_t frame = 0; frame < FRAMES; frame++) {
            size_t labels[FACTORS];

            for (size_t g = 0; g < FACTORS; g++)
                labels[g] = (size_t)factors[frame * FACTORS + g];
            sprites->draw(sprites, labels, image);
            ck_assert_mem_eq(image, tvae_tensor_data(x) + frame * PIXELS, sizeof image);
        }
    }
    ck_assert_uint_eq(running[0], 0);
    for (size_t g = 1; g < FACTORS; g++)
        ck_assert_uint_ge(running[g], 5);
    ck_assert_uint_eq(running[1] + running[2] + running[3] + running[4], 60);
    tvae_dataset_destroy(&dataset);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
}
END_TEST

START_TEST(get_depends_on_item_seed_and_draw_alone)
{
    tvae_tensor *a = create_tensor(4, x_shape), *b = create_tensor(4, x_shape);
    tvae_dataset *first = create_sprites(NULL), *second = create_sprites(NULL);
    const size_t n_bytes = FRAMES * PIXELS * sizeof(float);
    size_t n_draws_alike = 0, n_seeds_alike = 0;

    for (uint64_t draw = 0; draw < 20; draw++) {
        ASSERT_OK(tvae_dataset_get(first, 99, 5, draw, a, NULL));
        ASSERT_OK(tvae_dataset_get(second, 99, 5, draw, b, NULL));
        ck_assert_mem_eq(tvae_tensor_data(a), tvae_tensor_data(b), n_bytes);
        ASSERT_OK(tvae_dataset_get(second, 99, 5, draw + 1, b, NULL));
        n_draws_alike += !memcmp(tvae_tensor_data(a), tvae_tensor_data(b), n_bytes);
        ASSERT_OK(tvae_dataset_get(second, 99, 6, draw, b, NULL));
        n_seeds_alike += !memcmp(tvae_tensor_data(a), tvae_tensor_data(b), n_bytes);
    }
    ck_assert_uint_lt(n_draws_alike, 15);
    ck_assert_uint_lt(n_seeds_alike, 15);
    tvae_dataset_destroy(&first);
    tvae_dataset_destroy(&second);
    tvae_tensor_destroy(&a);
    tvae_tensor_destroy(&b);
}
END_TEST

START_TEST(subsets_and_sizes_are_respected)
{
    static const size_t values[] = {2, 2, 13, 1, 16}, small[] = {4, 1, 16, 16};
    tvae_sprites_options options = default_options();
    tvae_tensor *x = create_tensor(4, small);
    tvae_dataset *dataset;

    options.image_size = 16;
    options.n_frames = 4;
    options.test_fraction = 0.0;
    memcpy(options.start, (int64_t[]){1, 2, 1, 31, 0}, sizeof options.start);
    memcpy(options.stride, (int64_t[]){1, 3, 3, 9, 2}, sizeof options.stride);
    memcpy(options.max_values, (int64_t[]){9, 9, 99, 99, 99}, sizeof options.max_values);
    options.varying = 1 << TVAE_FACTOR_POS_X;
    dataset = create_sprites(&options);
    for (size_t f = 0; f < FACTORS; f++)
        ck_assert_uint_eq(tvae_dataset_factor_values(dataset, f), values[f]);
    ck_assert_uint_eq(tvae_dataset_count(dataset), 832);
    /* posX has one value, so nothing runs. */
    ASSERT_OK(tvae_dataset_get(dataset, 0, 0, 0, x, NULL));
    ck_assert_mem_eq(tvae_tensor_data(x), tvae_tensor_data(x) + 256, 1024);
    tvae_dataset_destroy(&dataset);
    tvae_tensor_destroy(&x);
}
END_TEST

/* A factor stays at original value `start`: it is not available. */
static void fix_factor(tvae_sprites_options *options, size_t factor, int64_t start)
{
    options->start[factor] = start;
    options->max_values[factor] = start + 1;
}

/* Draw sequences; each must be one of a single factor among `varying` that runs over the
 * original values start, start + stride, ... and show what all factors' original values
 * say. Every such factor must have run. */
static void check_subset(const tvae_sprites_options *options, size_t n_items)
{
    tvae_sprites_options whole = default_options();
    tvae_tensor *x = create_tensor(4, x_shape), *f = create_tensor(2, factors_shape);
    tvae_dataset *dataset = create_sprites(options), *all;
    size_t n_runs[FACTORS] = {0};
    float image[PIXELS];

    memset(whole.start, 0, sizeof whole.start);
    for (size_t g = 0; g < FACTORS; g++) {
        whole.stride[g] = 1;
        whole.max_values[g] = 40;
    }
    all = create_sprites(&whole);
    ck_assert_uint_eq(tvae_dataset_count(dataset), n_items);
    for (uint64_t draw = 0; draw < 60; draw++) {
        const float *factors = tvae_tensor_data(f);
        size_t running = FACTORS;

        ASSERT_OK(tvae_dataset_get(dataset, (size_t)draw % n_items, 3, draw, x, f));
        for (size_t g = 0; g < FACTORS; g++)
            if (factors[g] < factors[FACTORS + g] || factors[g] > factors[FACTORS + g])
                running = g;
        ck_assert_uint_lt(running, FACTORS);
        n_runs[running]++;
        for (size_t frame = 0; frame < FRAMES; frame++) {
            size_t originals[FACTORS];

            for (size_t g = 0; g < FACTORS; g++) {
                const size_t n_values = tvae_dataset_factor_values(dataset, g);
                const size_t index =
                    ((size_t)factors[g] + (g == running ? frame : 0)) % n_values;

                ck_assert_uint_eq((size_t)factors[frame * FACTORS + g], index);
                originals[g] =
                    (size_t)options->start[g] + index * (size_t)options->stride[g];
            }
            ((tvi_sprites *)all)->draw((tvi_sprites *)all, originals, image);
            ck_assert_mem_eq(image, tvae_tensor_data(x) + frame * PIXELS, sizeof image);
        }
    }
    for (size_t g = 0; g < FACTORS; g++) {
        const bool may_run =
            options->varying >> g & 1 && tvae_dataset_factor_values(dataset, g) > 1;

        ck_assert_msg(may_run == (n_runs[g] > 0), "factor %zu ran %zu times", g,
                      n_runs[g]);
    }
    tvae_dataset_destroy(&dataset);
    tvae_dataset_destroy(&all);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
}

/* Columns alone move, everything else is the same in all data. */
START_TEST(one_factor_can_be_available_alone)
{
    tvae_sprites_options options = default_options();

    options.test_fraction = 0.0;
    fix_factor(&options, TVAE_FACTOR_SHAPE, 2);
    fix_factor(&options, TVAE_FACTOR_SCALE, 3);
    fix_factor(&options, TVAE_FACTOR_ORIENTATION, 39);
    fix_factor(&options, TVAE_FACTOR_POS_Y, 17);
    check_subset(&options, 15);
}
END_TEST

/* Two factors run at speeds and from starts of their own; two differ between items only,
 * and one is not available although it may vary. */
START_TEST(factors_can_differ_in_speed_and_role)
{
    tvae_sprites_options options = default_options();

    options.test_fraction = 0.0;
    options.varying =
        1 << TVAE_FACTOR_ORIENTATION | 1 << TVAE_FACTOR_POS_X | 1 << TVAE_FACTOR_SCALE;
    options.start[TVAE_FACTOR_ORIENTATION] = 4; /* 4, 9, ... 39 */
    options.stride[TVAE_FACTOR_ORIENTATION] = 5;
    options.max_values[TVAE_FACTOR_ORIENTATION] = 40;
    options.start[TVAE_FACTOR_POS_X] = 1; /* 1, 4, ... 31 */
    options.stride[TVAE_FACTOR_POS_X] = 3;
    options.max_values[TVAE_FACTOR_POS_X] = 32;
    options.stride[TVAE_FACTOR_POS_Y] = 16; /* 0, 16 */
    fix_factor(&options, TVAE_FACTOR_SCALE, 5);
    check_subset(&options, 3 * 8 * 11 * 2);
}
END_TEST

/* Even the shape can run, and a sequence then repeats it. */
START_TEST(all_factors_can_run)
{
    tvae_sprites_options options = default_options();

    options.test_fraction = 0.0;
    options.varying = 0x1f;
    options.stride[TVAE_FACTOR_ORIENTATION] = 20;
    options.stride[TVAE_FACTOR_POS_X] = 10;
    options.stride[TVAE_FACTOR_POS_Y] = 10;
    check_subset(&options, 3 * 5 * 2 * 3 * 3);
}
END_TEST

static void assert_refused(tvae_sprites_options options, const char *word)
{
    tvae_dataset *dataset = NULL;

    ASSERT_STATUS(tvae_dataset_create_sprites(&options, &dataset), TVAE_E_INVALID);
    ck_assert_ptr_null(dataset);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), word));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

/* Refused when `member` has `value`; the sentence names `word`. */
#define ASSERT_REFUSED(member, value, word)                \
    do {                                                   \
        tvae_sprites_options options_ = default_options(); \
        options_.member = (value);                         \
        assert_refused(options_, word);                    \
    } while (0)

START_TEST(create_rejects_bad_options)
{
    tvae_dataset *dataset = NULL;
    tvae_sprites_options options = default_options();

    ASSERT_REFUSED(image_size, 0, "image_size");
    ASSERT_REFUSED(image_size, 100000, "image_size");
    ASSERT_REFUSED(n_frames, 0, "n_frames");
    ASSERT_REFUSED(varying, 0x20, "varying");
    ASSERT_REFUSED(varying, -1, "varying");
    ASSERT_REFUSED(split, 3, "split");
    ASSERT_REFUSED(test_fraction, (double)NAN, "test_fraction");
    ASSERT_REFUSED(test_fraction, 1.0, "test_fraction");
    ASSERT_REFUSED(start[1], 6, "scale");
    ASSERT_REFUSED(start[2], 30, "orientation");
    ASSERT_REFUSED(start[4], -1, "posY");
    ASSERT_REFUSED(stride[3], 0, "posX");
    ASSERT_REFUSED(max_values[0], 0, "shape");
    options.test_fraction = 0.0;
    options.split = TVAE_SPLIT_TEST;
    assert_refused(options, "test_fraction");
    ASSERT_STATUS(tvae_dataset_create_sprites(NULL, NULL), TVAE_E_INVALID);
    options.size = 3;
    ASSERT_STATUS(tvae_dataset_create_sprites(&options, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_sprites_options_init(NULL, sizeof options), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_sprites_options_init(&options, 3), TVAE_E_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sprites");
    TCase *cases = tcase_create("sprites");

    tcase_add_loop_test(cases, draw_matches_the_definition, 0, 4);
    tcase_add_test(cases, draw_clips_at_the_border);
    tcase_add_test(cases, heart_is_upright_and_symmetric);
    tcase_add_test(cases, defaults_are_the_papers);
    tcase_add_test(cases, splits_part_the_images_by_their_seed);
    tcase_add_test(cases, get_runs_as_the_reference);
    tcase_add_test(cases, get_draws_the_frames_of_its_factors);
    tcase_add_test(cases, get_depends_on_item_seed_and_draw_alone);
    tcase_add_test(cases, subsets_and_sizes_are_respected);
    tcase_add_test(cases, one_factor_can_be_available_alone);
    tcase_add_test(cases, factors_can_differ_in_speed_and_role);
    tcase_add_test(cases, all_factors_can_run);
    tcase_add_test(cases, create_rejects_bad_options);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
