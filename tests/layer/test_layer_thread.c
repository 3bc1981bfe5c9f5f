/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <pthread.h>
#include <string.h>

enum { N_ROWS = 120, N_INPUTS = 150, N_HIDDEN = 301, N_OUTPUTS = 156, N_HOSTS = 4 };

/* Large enough for every loop to be split: linear, relu, linear of 3 biases, sigmoid, and
 * convolutions of 3 channels of 4 x 13, there and back. */
static tvae_layer *create_net(void)
{
    const tvae_conv2d_options images = conv2d_options(3, 4, 13, 3, 3, 1, 1);
    tvae_layer *children[6] = {
        create_linear(N_INPUTS, N_HIDDEN),
        NULL,
        create_linear_with(N_HIDDEN, N_OUTPUTS, 3, TVAE_WEIGHT_IN_OUT, 0),
        NULL,
        create_conv2d(&images, false),
        create_conv2d(&images, true)};
    tvae_layer *net;

    ASSERT_OK(tvae_layer_create_relu(&children[1]));
    ASSERT_OK(tvae_layer_create_sigmoid(&children[3]));
    net = create_chain(children, 6);
    ASSERT_OK(tvae_layer_initialise(net, 6));
    return net;
}

/* Everything the two passes give, one after the other. */
typedef struct results {
    float y[N_ROWS * N_OUTPUTS];
    float dx[N_ROWS * N_INPUTS];
    float d_weight[N_INPUTS * N_HIDDEN], d_bias[N_HIDDEN], d_last_bias[3];
    float d_conv[3 * 3 * 9], d_transposed[3 * 3 * 9];
} results;

static void copy_gradient(const tvae_layer *net, const char *name, float *values)
{
    tvae_tensor *gradient = copy_parameter(net, name);

    ASSERT_OK(tvae_layer_get_gradient(net, name, gradient));
    memcpy(values, tvae_tensor_data(gradient),
           tvae_tensor_count(gradient) * sizeof *values);
    tvae_tensor_destroy(&gradient);
}

static void run_passes(int32_t n_threads, results *r)
{
    tvae_layer *net = create_net();
    tvae_tensor *x = create_matrix(N_ROWS, N_INPUTS),
                *y = create_matrix(N_ROWS, N_OUTPUTS);
    tvae_tensor *dx = create_matrix(N_ROWS, N_INPUTS);
    tvae_workspace *work = NULL;

    ASSERT_OK(tvae_set_threads(n_threads));
    ASSERT_OK(tvae_workspace_create(&work));
    fill_uniform(tvae_tensor_data(x), N_ROWS * N_INPUTS, -1.0, 1.0, 7);
    ASSERT_OK(tvae_layer_forward(net, work, x, y));
    ASSERT_OK(tvae_layer_backward(net, work, x, y, y, dx));
    memcpy(r->y, tvae_tensor_data(y), sizeof r->y);
    memcpy(r->dx, tvae_tensor_data(dx), sizeof r->dx);
    copy_gradient(net, "0.weight", r->d_weight);
    copy_gradient(net, "0.bias", r->d_bias);
    copy_gradient(net, "2.bias", r->d_last_bias);
    copy_gradient(net, "4.weight", r->d_conv);
    copy_gradient(net, "5.weight", r->d_transposed);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&dx);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&net);
}

START_TEST(passes_agree_for_any_thread_count)
{
    static results one, three, again;

    run_passes(1, &one);
    run_passes(3, &three);
    run_passes(3, &again);
    assert_close("y", three.y, one.y, N_ROWS * N_OUTPUTS, 1e-6, 0.0);
    assert_close("dx", three.dx, one.dx, N_ROWS * N_INPUTS, 1e-5, 0.0);
    assert_close("d_weight", three.d_weight, one.d_weight, N_INPUTS * N_HIDDEN, 1e-5,
                 0.0);
    assert_close("d_bias", three.d_bias, one.d_bias, N_HIDDEN, 1e-5, 0.0);
    assert_close("d_last_bias", three.d_last_bias, one.d_last_bias, 3, 1e-5, 0.0);
    assert_close("d_conv", three.d_conv, one.d_conv, 81, 1e-5, 0.0);
    assert_close("d_transposed", three.d_transposed, one.d_transposed, 81, 1e-5, 0.0);
    ck_assert_mem_eq(&again, &three, sizeof again);
}
END_TEST

/* One host thread: its own workspace and outputs, the common layer and inputs. */
typedef struct host {
    const tvae_layer *net;
    const tvae_tensor *x;
    tvae_tensor *y;
    tvae_workspace *work;
    tvae_status status;
} host;

static void *run_host(void *argument)
{
    host *h = argument;

    for (int i = 0; i < 10 && h->status == TVAE_OK; i++)
        h->status = tvae_layer_forward(h->net, h->work, h->x, h->y);
    return NULL;
}

START_TEST(host_threads_share_one_layer)
{
    tvae_layer *net = create_net();
    tvae_tensor *x = create_matrix(N_ROWS, N_INPUTS);
    pthread_t threads[N_HOSTS];
    host hosts[N_HOSTS];

    fill_uniform(tvae_tensor_data(x), N_ROWS * N_INPUTS, -1.0, 1.0, 8);
    for (size_t i = 0; i < N_HOSTS; i++) {
        hosts[i] = (host){.net = net, .x = x, .y = create_matrix(N_ROWS, N_OUTPUTS)};
        ASSERT_OK(tvae_workspace_create(&hosts[i].work));
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_host, &hosts[i]), 0);
    }
    for (size_t i = 0; i < N_HOSTS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(hosts[i].status, TVAE_OK);
        ck_assert_mem_eq(tvae_tensor_data(hosts[i].y), tvae_tensor_data(hosts[0].y),
                         N_ROWS * N_OUTPUTS * sizeof(float));
    }
    for (size_t i = 0; i < N_HOSTS; i++) {
        tvae_tensor_destroy(&hosts[i].y);
        tvae_workspace_destroy(&hosts[i].work);
    }
    tvae_tensor_destroy(&x);
    tvae_layer_destroy(&net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer threads");
    TCase *tc = tcase_create("layer threads");

    tcase_add_test(tc, passes_agree_for_any_thread_count);
    tcase_add_test(tc, host_threads_share_one_layer);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
