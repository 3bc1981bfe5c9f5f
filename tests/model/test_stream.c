/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "fixture.h"
#include "support.h"

enum { SEQUENCES = 2, FRAMES = 5, PIXELS = 24, LATENTS = 10 };

static tvae_tensor *frame_of(const fixture *f, size_t row)
{
    const size_t shape[] = {2, 3, 4};
    tvae_tensor *frame = NULL;

    ASSERT_OK(tvae_tensor_view(f->x, row * PIXELS, 3, shape, &frame));
    return frame;
}

static void push(tvae_stream *stream, const fixture *f, size_t row, float *t)
{
    const size_t n = LATENTS;
    tvae_tensor *frame = frame_of(f, row), *out = NULL;

    ASSERT_OK(tvae_tensor_wrap(t, 1, &n, &out));
    ASSERT_OK(tvae_stream_push(stream, frame, out));
    tvae_tensor_destroy(&frame);
    tvae_tensor_destroy(&out);
}

static void assert_equals_encode(fixture *f)
{
    float t[LATENTS];
    tvae_stream *stream = NULL;

    ASSERT_OK(tvae_model_encode(f->model, f->work, f->x, f->t));
    ASSERT_OK(tvae_stream_create(f->model, &stream));
    for (size_t i = 0; i < SEQUENCES; i++) {
        for (size_t l = 0; l < FRAMES; l++) {
            const size_t row = i * FRAMES + l;

            push(stream, f, row, t);
            assert_close("t", t, tvae_tensor_data_const(f->t) + row * LATENTS, LATENTS,
                         2e-6, 0.0);
        }
        ASSERT_OK(tvae_stream_reset(stream));
    }
    tvae_stream_destroy(&stream);
    ck_assert_ptr_null(stream);
}

START_TEST(push_equals_encoding_the_whole_sequence)
{
    const fixture_kind kinds[] = {FIXTURE_CAUSAL, FIXTURE_PREDICTIVE, FIXTURE_VAE};
    fixture f;

    fixture_create(&f, kinds[_i], TVAE_LIKELIHOOD_BERNOULLI);
    assert_equals_encode(&f);
    fixture_destroy(&f);
}
END_TEST

/* Roots of two energies are added; one looks back, the other within the frame. */
static tvae_model *create_two(int32_t capsule_boundary)
{
    const int64_t box[] = {1, 4, 1, 1};
    tvae_neighbourhood *list[2] = {NULL, NULL};
    tvae_prior_options options;
    tvae_model_options frame;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_neighbourhood_create_shifting_range(-3, -1, 2, &list[0]));
    ASSERT_OK(tvae_neighbourhood_create_stationary(box, &list[1]));
    ASSERT_OK(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = 2;
    options.capsule_dims[0] = 5;
    options.epsilon = 0.1;
    options.frame_boundary = TVAE_BOUNDARY_ZERO;
    options.capsule_boundary = capsule_boundary;
    ASSERT_OK(tvae_prior_create(&options, list, 2, &prior));
    ASSERT_OK(tvae_model_options_init(&frame, sizeof frame));
    frame.channels = 2;
    frame.height = 3;
    frame.width = 4;
    ASSERT_OK(tvae_model_create(&frame, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, 7));
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&list[0]);
    tvae_neighbourhood_destroy(&list[1]);
    return model;
}

START_TEST(push_equals_encoding_with_two_neighbourhoods)
{
    fixture f;

    fixture_adopt(&f, create_two(_i));
    assert_equals_encode(&f);
    fixture_destroy(&f);
}
END_TEST

START_TEST(push_takes_constant_memory)
{
    float t[LATENTS];
    tvae_stream *stream = NULL;
    size_t n_blocks;
    fixture f;

    fixture_create(&f, FIXTURE_CAUSAL, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_OK(tvae_stream_create(f.model, &stream));
    tvae_model_destroy(&f.model);
    push(stream, &f, 0, t);
    n_blocks = tvi_live_blocks();
    for (size_t i = 0; i < 1000; i++)
        push(stream, &f, i % FRAMES, t);
    ck_assert_uint_eq(tvi_live_blocks(), n_blocks);
    tvae_stream_destroy(&stream);
    fixture_destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(failed_pushes_leave_the_stream_as_it_was)
{
    const size_t n = LATENTS, one = 1, bad_shape[] = {1, 3, 4};
    float want[LATENTS], got[LATENTS];
    tvae_tensor *frame, *bad = NULL, *t = NULL, *small = NULL, *broken = NULL;
    tvae_stream *stream = NULL, *same = NULL;
    fixture f;

    fixture_create(&f, FIXTURE_CAUSAL, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_OK(tvae_tensor_create(1, &n, &t));
    ASSERT_OK(tvae_tensor_create(1, &one, &small));
    ASSERT_OK(tvae_tensor_create(3, bad_shape, &bad));
    ASSERT_OK(tvae_stream_create(f.model, &stream));
    ASSERT_OK(tvae_stream_create(f.model, &same));
    push(stream, &f, 0, got);
    push(same, &f, 0, want);
    frame = frame_of(&f, 1);
    broken = frame_of(&f, 9);
    tvae_tensor_data(broken)[3] = NAN;
    ASSERT_STATUS(tvae_stream_push(NULL, frame, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_stream_push(stream, NULL, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_stream_push(stream, frame, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_stream_push(stream, bad, t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_stream_push(stream, frame, small), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_stream_push(stream, broken, t), TVAE_E_NUMERIC);
    push(stream, &f, 1, got);
    push(same, &f, 1, want);
    ck_assert_mem_eq(got, want, sizeof got);
    tvae_tensor_destroy(&frame);
    tvae_tensor_destroy(&bad);
    tvae_tensor_destroy(&broken);
    tvae_tensor_destroy(&small);
    tvae_tensor_destroy(&t);
    tvae_stream_destroy(&stream);
    tvae_stream_destroy(&same);
    fixture_destroy(&f);
}
END_TEST

START_TEST(create_refuses_models_that_look_ahead)
{
    const fixture_kind kinds[] = {FIXTURE_TVAE_ODD, FIXTURE_TVAE_EVEN, FIXTURE_BUBBLE};
    tvae_stream *stream = NULL, *second;
    tvae_model *model;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        model = fixture_model(kinds[i], TVAE_LIKELIHOOD_BERNOULLI, 0);
        ASSERT_STATUS(tvae_stream_create(model, &stream), TVAE_E_INVALID);
        ck_assert_ptr_null(stream);
        tvae_model_destroy(&model);
    }
    model = fixture_model(FIXTURE_TORUS, TVAE_LIKELIHOOD_BERNOULLI, 0);
    ASSERT_STATUS(tvae_stream_create(model, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_stream_create(NULL, &stream), TVAE_E_INVALID);
    ASSERT_OK(tvae_stream_create(model, &stream));
    second = tvae_stream_retain(stream);
    ck_assert_ptr_eq(second, stream);
    ck_assert_ptr_null(tvae_stream_retain(NULL));
    ASSERT_STATUS(tvae_stream_reset(NULL), TVAE_E_INVALID);
    tvae_stream_destroy(&second);
    tvae_stream_destroy(&stream);
    tvae_stream_destroy(&stream);
    tvae_stream_destroy(NULL);
    tvae_model_destroy(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tc = tcase_create("stream");

    tcase_add_loop_test(tc, push_equals_encoding_the_whole_sequence, 0, 3);
    tcase_add_loop_test(tc, push_equals_encoding_with_two_neighbourhoods, 0, 2);
    tcase_add_test(tc, push_takes_constant_memory);
    tcase_add_test(tc, failed_pushes_leave_the_stream_as_it_was);
    tcase_add_test(tc, create_refuses_models_that_look_ahead);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
