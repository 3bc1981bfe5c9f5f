/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fixture.h"
#include "io/io.h"
#include "model/config.h"
#include "support.h"

static char *read_bytes(const char *path, size_t *n)
{
    char *bytes = NULL;

    ASSERT_OK(tvi_file_read(path, 1 << 24, &bytes, n));
    return bytes;
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

/* Sampled capsules, and the frames decoded from them (which replace x). */
static void assert_same_outputs(const fixture *f, tvae_model *loaded)
{
    fixture other;

    fixture_adopt(&other, tvae_model_retain(loaded));
    ASSERT_OK(tvae_model_sample(f->model, f->work, f->x, f->noise_z, f->noise_u, f->t));
    ASSERT_OK(tvae_model_sample(other.model, other.work, other.x, other.noise_z,
                                other.noise_u, other.t));
    ck_assert_mem_eq(tvae_tensor_data(f->t), tvae_tensor_data(other.t),
                     tvae_tensor_count(f->t) * sizeof(float));
    ASSERT_OK(tvae_model_decode(f->model, f->work, f->t, f->x));
    ASSERT_OK(tvae_model_decode(other.model, other.work, other.t, other.x));
    ck_assert_mem_eq(tvae_tensor_data(f->x), tvae_tensor_data(other.x),
                     tvae_tensor_count(f->x) * sizeof(float));
    fixture_destroy(&other);
}

/* Save, load and save again: equal bytes, equal outputs. */
static void check_round_trip(const fixture *f)
{
    char first[256], second[256], *a, *b;
    size_t n_a, n_b;
    tvae_model *loaded = NULL;

    (void)fixture_path("first.safetensors", first);
    (void)fixture_path("second.safetensors", second);
    ASSERT_OK(tvae_model_save(f->model, first));
    ASSERT_OK(tvae_model_load(first, &loaded));
    ASSERT_OK(tvae_model_save(loaded, second));
    a = read_bytes(first, &n_a);
    b = read_bytes(second, &n_b);
    ck_assert_uint_eq(n_a, n_b);
    ck_assert_mem_eq(a, b, n_a);
    assert_same_outputs(f, loaded);
    tvi_free(a);
    tvi_free(b);
    tvae_model_destroy(&loaded);
    (void)remove(first);
    (void)remove(second);
}

START_TEST(load_gives_back_what_save_wrote)
{
    fixture f;

    fixture_adopt(&f, fixture_model((fixture_kind)(_i / 2), _i % 2, _i != 0));
    check_round_trip(&f);
    fixture_destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(numbers_survive_a_locale_with_decimal_commas)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR"};
    bool found = false;
    fixture f;

    for (size_t i = 0; !found && i < sizeof names / sizeof *names; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found)
        printf("SKIP numbers in a locale with decimal commas: none is installed\n");
    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_GAUSSIAN);
    f.model->options.gaussian_scale = 1.0 / 3.0;
    check_round_trip(&f);
    fixture_destroy(&f);
    (void)setlocale(LC_ALL, "C");
}
END_TEST

/* ---- composed models ---- */

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    options.init_bound = 0.1;
    ASSERT_OK(tvae_layer_create_linear(&options, &layer));
    return layer;
}

START_TEST(composed_chains_are_saved)
{
    tvae_layer *inner = fixture_chain(10, 7, 24), *decoder = NULL;
    fixture f;

    ASSERT_OK(tvae_layer_create_sequential(&inner, 1, &decoder));
    fixture_adopt(&f,
                  fixture_compose(decoder, FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI, 0));
    check_round_trip(&f);
    fixture_destroy(&f);
    tvae_layer_destroy(&decoder);
    tvae_layer_destroy(&inner);
}
END_TEST

/* 10 latents to 3 channels of 2 x 3, to 2 of 3 x 4, by a layer of every other kind. */
static tvae_model *create_convolutional(void)
{
    tvae_layer *parts[6] = {create_linear(10, 18), NULL}, *decoder = NULL;
    tvae_conv2d_options options;
    tvae_model *model;

    ASSERT_OK(tvae_layer_create_leaky_relu(0.3, &parts[1]));
    ASSERT_OK(tvae_conv2d_options_init(&options, sizeof options));
    options.in_channels = 3;
    options.out_channels = 2;
    options.input_height = 2;
    options.input_width = 3;
    options.kernel_height = options.kernel_width = 2;
    ASSERT_OK(tvae_layer_create_conv_transpose2d(&options, &parts[2]));
    ASSERT_OK(tvae_layer_create_tanh(&parts[3]));
    options.in_channels = 2;
    options.input_height = 3;
    options.input_width = 4;
    options.kernel_height = options.kernel_width = 3;
    options.padding = 1;
    options.bias = 0;
    options.init_bound = 0.5;
    ASSERT_OK(tvae_layer_create_conv2d(&options, &parts[4]));
    ASSERT_OK(tvae_layer_create_softplus(&parts[5]));
    ASSERT_OK(tvae_layer_create_sequential(parts, 6, &decoder));
    model = fixture_compose(decoder, FIXTURE_VAE, TVAE_LIKELIHOOD_GAUSSIAN, 0);
    for (size_t i = 0; i < 6; i++)
        tvae_layer_destroy(&parts[i]);
    tvae_layer_destroy(&decoder);
    return model;
}

START_TEST(layers_of_every_kind_are_saved)
{
    fixture f;

    fixture_adopt(&f, create_convolutional());
    check_round_trip(&f);
    fixture_destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static size_t same_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs;
}

static tvae_status copy_rows(void *user, const float *const *parameters, size_t n_rows,
                             size_t n_inputs, const float *x, float *y)
{
    (void)user;
    (void)parameters;
    memcpy(y, x, n_rows * n_inputs * sizeof *y);
    return TVAE_OK;
}

static tvae_status copy_back(void *user, const float *const *parameters, size_t n_rows,
                             size_t n_inputs, const float *x, const float *y,
                             const float *dy, float *dx, float *const *gradients)
{
    (void)x;
    (void)y;
    (void)gradients;
    return dx ? copy_rows(user, parameters, n_rows, n_inputs, dy, dx) : TVAE_OK;
}

START_TEST(custom_layers_are_unsupported)
{
    const tvae_custom_layer identity = {.size = sizeof identity,
                                        .output_width = same_width,
                                        .forward = copy_rows,
                                        .backward = copy_back};
    tvae_layer *parts[2] = {create_linear(10, 24), NULL}, *decoder = NULL;
    tvae_model *model;
    char path[256];

    ASSERT_OK(tvae_layer_create_custom(&identity, &parts[1]));
    ASSERT_OK(tvae_layer_create_sequential(parts, 2, &decoder));
    model = fixture_compose(decoder, FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI, 0);
    ASSERT_STATUS(tvae_model_save(model, fixture_path("custom.safetensors", path)),
                  TVAE_E_UNSUPPORTED);
    ck_assert(!tvi_file_exists(path));
    tvae_model_destroy(&model);
    tvae_layer_destroy(&decoder);
    tvae_layer_destroy(&parts[0]);
    tvae_layer_destroy(&parts[1]);
}
END_TEST

/* ---- hostile files ---- */

START_TEST(save_and_load_reject_bad_arguments)
{
    tvae_model *model = fixture_model(FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI, 0);
    tvae_model *loaded = NULL;
    char path[256];

    ASSERT_STATUS(tvae_model_save(NULL, "m.safetensors"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_save(model, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_save(model, "model.npz"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_save(model, "no/such/folder/m.safetensors"), TVAE_E_IO);
    ASSERT_STATUS(tvae_model_load(NULL, &loaded), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_load("m.safetensors", NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_load(fixture_path("none.safetensors", path), &loaded),
                  TVAE_E_NOT_FOUND);
    ck_assert_ptr_null(loaded);
    tvae_model_destroy(&model);
}
END_TEST

/* A damaged file may load, if the damage is in a number, or fail in words; nothing else.
 */
static void load_damaged(const char *path, const char *bytes, size_t n)
{
    tvae_model *loaded = NULL;
    tvae_status st;

    write_bytes(path, bytes, n);
    st = tvae_model_load(path, &loaded);
    ck_assert_msg(st == TVAE_OK || st == TVAE_E_FORMAT || st == TVAE_E_NUMERIC ||
                      st == TVAE_E_UNSUPPORTED,
                  "%s (%s)", tvae_status_name(st), tvae_last_error());
    ck_assert((st == TVAE_OK) == (loaded != NULL));
    tvae_model_destroy(&loaded);
}

START_TEST(load_survives_damaged_files)
{
    static const char noise[] = {'\0', '\xff', '9', '"', '{', '['};
    tvae_model *model = fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0);
    char path[256], *bytes, kept;
    size_t n;

    ASSERT_OK(tvae_model_save(model, fixture_path("damaged.safetensors", path)));
    tvae_model_destroy(&model);
    bytes = read_bytes(path, &n);
    for (size_t length = 0; length < n; length += length < 200 ? 1 : 61) {
        tvae_model *loaded = NULL;

        write_bytes(path, bytes, length);
        ASSERT_STATUS(tvae_model_load(path, &loaded), TVAE_E_FORMAT);
    }
    for (size_t place = 0; place < n; place += place < 6000 ? 5 : 211) {
        kept = bytes[place];
        bytes[place] = noise[place % sizeof noise];
        load_damaged(path, bytes, n);
        bytes[place] = kept;
    }
    tvi_free(bytes);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
    (void)remove(path);
}
END_TEST

/* The configuration of a small model with one piece of its text replaced. */
static void replace_text(const char *text, const char *old, const char *new_text,
                         char *edited, size_t capacity)
{
    const char *place = strstr(text, old);

    ck_assert_msg(place != NULL, "\"%s\" is not in %s", old, text);
    (void)snprintf(edited, capacity, "%.*s%s%s", (int)(place - text), text, new_text,
                   place + strlen(old));
}

typedef struct text_edit {
    const char *old, *replacement;
    tvae_status status;
} text_edit;

/* Save the model, which it takes, and load it with each edit in turn. */
static void check_edits(tvae_model *model, const text_edit *edits, size_t n_edits)
{
    tvae_archive *archive = NULL;
    char path[256], edited[8192], *text;

    ASSERT_OK(tvae_model_save(model, fixture_path("config.safetensors", path)));
    tvae_model_destroy(&model);
    ASSERT_OK(tvae_archive_load(path, &archive));
    text = tvi_copy_string(tvae_archive_metadata(archive, "tvae"));
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n_edits; i++) {
        tvae_status st;

        replace_text(text, edits[i].old, edits[i].replacement, edited, sizeof edited);
        ASSERT_OK(tvae_archive_set_metadata(archive, "tvae", edited));
        ASSERT_OK(tvae_archive_save(archive, path));
        st = tvae_model_load(path, &model);
        ck_assert_msg(st == edits[i].status, "%s -> %s: %s (%s)", edits[i].old,
                      edits[i].replacement, tvae_status_name(st), tvae_last_error());
        ck_assert_ptr_null(model);
        ck_assert_msg(strstr(tvae_last_error(), path) != NULL, "%s", tvae_last_error());
    }
    tvi_free(text);
    tvae_archive_destroy(&archive);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
    (void)remove(path);
}

START_TEST(configurations_that_make_no_model_are_refused)
{
    static const text_edit edits[] = {
        {"{\"format\":1", "[{\"format\":1", TVAE_E_FORMAT},
        {"\"format\":1", "\"format\":\"1\"", TVAE_E_FORMAT},
        {"\"format\":1", "\"format\":0", TVAE_E_FORMAT},
        {"\"format\":1", "\"format\":2", TVAE_E_UNSUPPORTED},
        {"\"channels\":2", "\"channels\":0", TVAE_E_FORMAT},
        {"\"channels\":2", "\"channels\":2147483647", TVAE_E_FORMAT},
        {"\"channels\":2", "\"channels\":99999999999999999999", TVAE_E_FORMAT},
        {"\"height\":3,", "", TVAE_E_FORMAT},
        {"bernoulli", "poisson", TVAE_E_FORMAT},
        {"\"gaussian_scale\":", "\"gaussian_scale\":-", TVAE_E_FORMAT},
        {"\"bias_per_pixel\":false", "\"bias_per_pixel\":7", TVAE_E_FORMAT},
        {"\"n_capsules\":2", "\"n_capsules\":-2", TVAE_E_FORMAT},
        {"\"n_capsules\":2", "\"n_capsules\":2000000000", TVAE_E_FORMAT},
        {"\"capsule_dims\":[5,1,1]", "\"capsule_dims\":[5,1]", TVAE_E_FORMAT},
        {"\"capsule_dims\":[5,1,1]", "\"capsule_dims\":[5,1,true]", TVAE_E_FORMAT},
        {"\"capsule_dims\":[5,1,1]", "\"capsule_dims\":[1,1,5000000000]", TVAE_E_FORMAT},
        {"\"mu_init\":1.5", "\"mu_init\":\"1.5\"", TVAE_E_FORMAT},
        {"\"epsilon\":", "\"epsilon\":-", TVAE_E_FORMAT},
        {"\"learn_mu\":true", "\"learn_mu\":null", TVAE_E_FORMAT},
        {"\"frame_boundary\":\"circular\"", "\"frame_boundary\":\"round\"",
         TVAE_E_FORMAT},
        {"[[[", "[[[0,0,0,0],[0,0,0,0],[", TVAE_E_FORMAT},
        {"[[[", "[[[1.5,0,0,0],[", TVAE_E_FORMAT},
        {"[[[", "[[[4096,4096,4096,4096],[", TVAE_E_FORMAT},
        {"[[[", "[[[5000,0,0,0],[", TVAE_E_FORMAT},
        {"[[[", "[[[1,0,0],[", TVAE_E_FORMAT},
        {"\"neighbourhoods\":[", "\"neighbourhoods\":[[],", TVAE_E_FORMAT},
        {"\"neighbourhoods\":[", "\"none\":[", TVAE_E_FORMAT},
        {"\"kind\":\"relu\"", "\"kind\":\"conv\"", TVAE_E_FORMAT},
        {"\"kind\":\"relu\"", "\"kind\":\"sequential\",\"layers\":[]", TVAE_E_FORMAT},
        {"\"n_inputs\":24", "\"n_inputs\":25", TVAE_E_FORMAT},
        {"\"n_outputs\":30", "\"n_outputs\":2000000000", TVAE_E_FORMAT},
        {"\"n_biases\":", "\"n_biases\":-", TVAE_E_FORMAT},
        {"\"kernel_height\":3", "\"kernel_height\":7", TVAE_E_FORMAT},
        {"\"weight_order\":\"out_in\"", "\"weight_order\":1", TVAE_E_FORMAT},
        {"\"init_bound\":", "\"init_bound\":-1e308,\"b\":", TVAE_E_FORMAT},
        {"\"u_encoder\":{", "\"u_encoder\":null,\"v_encoder\":{", TVAE_E_FORMAT},
        {"\"decoder\":{", "\"coder\":{", TVAE_E_FORMAT}};

    check_edits(fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0), edits,
                sizeof edits / sizeof *edits);
}
END_TEST

START_TEST(layers_that_are_none_are_refused)
{
    static const text_edit edits[] = {
        {"\"kind\":\"conv2d\"", "\"kind\":\"conv3d\"", TVAE_E_FORMAT},
        {"\"kind\":\"tanh\"", "\"kind\":\"leaky_relu\"", TVAE_E_FORMAT},
        {"\"kind\":\"tanh\"", "\"kind\":\"custom\"", TVAE_E_FORMAT},
        {"\"negative_slope\":", "\"negative_slope\":\"\",\"\":", TVAE_E_FORMAT},
        {"\"negative_slope\":0", "\"negative_slope\":1e300,\"\":0", TVAE_E_FORMAT},
        {"\"in_channels\":3", "\"in_channels\":-3", TVAE_E_FORMAT},
        {"\"in_channels\":3", "\"in_channels\":2147483647", TVAE_E_FORMAT},
        {"\"kernel_height\":2", "\"kernel_height\":1000000000", TVAE_E_FORMAT},
        {"\"kernel_height\":2", "\"kernel_height\":3", TVAE_E_FORMAT},
        {"\"input_width\":3", "\"input_width\":4", TVAE_E_FORMAT},
        {"\"stride\":1", "\"stride\":0", TVAE_E_FORMAT},
        {"\"padding\":0", "\"padding\":2147483647", TVAE_E_FORMAT},
        {"\"output_padding\":0", "\"output_padding\":1", TVAE_E_FORMAT},
        {"\"bias\":true", "\"bias\":1", TVAE_E_FORMAT},
        {"\"bias\":false", "\"bias\":true", TVAE_E_FORMAT},
        {"\"bias\":true", "\"bias\":false", TVAE_E_FORMAT}};

    check_edits(create_convolutional(), edits, sizeof edits / sizeof *edits);
}
END_TEST

START_TEST(deep_and_wide_configurations_are_refused)
{
    enum { DEPTH = 1000 };
    static const char open[] = "{\"kind\":\"sequential\",\"layers\":[";
    char *text = calloc(DEPTH * (sizeof open + 2) + 1024, 1);
    tvae_model *model = NULL;

    ck_assert_ptr_nonnull(text);
    strcpy(text, "{\"format\":1,\"model\":{\"channels\":1,\"height\":1,\"width\":2,"
                 "\"likelihood\":\"gaussian\",\"gaussian_scale\":1,"
                 "\"bias_per_pixel\":false},\"prior\":{\"n_capsules\":1,"
                 "\"capsule_dims\":[1,1,1],\"mu_init\":0,\"epsilon\":1,"
                 "\"learn_mu\":true,\"learn_weights\":false,"
                 "\"frame_boundary\":\"zero\",\"capsule_boundary\":\"zero\"},"
                 "\"neighbourhoods\":[],\"z_encoder\":");
    for (int i = 0; i < DEPTH; i++)
        strcat(text, open);
    ASSERT_STATUS(tvi_config_read(text, 1000, &model), TVAE_E_FORMAT);
    for (int i = 0; i < DEPTH; i++)
        strcat(text, "]}");
    strcat(text, "}");
    ASSERT_STATUS(tvi_config_read(text, 1000, &model), TVAE_E_FORMAT);
    ck_assert_ptr_null(model);
    free(text);
}
END_TEST

/* Load the file with one tensor exchanged (NULL: taken away, by another name). */
static void load_exchanged(const char *path, const char *name, tvae_tensor *tensor,
                           tvae_status status)
{
    tvae_archive *archive = NULL, *changed = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_archive_load(path, &archive));
    ASSERT_OK(tvae_archive_create(&changed));
    for (size_t i = 0; i < tvae_archive_count(archive); i++) {
        const char *each = tvae_archive_name(archive, i);
        tvae_tensor *value = NULL;

        if (strcmp(each, name) == 0)
            continue;
        ASSERT_OK(tvae_archive_get(archive, each, &value));
        ASSERT_OK(tvae_archive_put(changed, each, value));
        tvae_tensor_destroy(&value);
    }
    if (tensor)
        ASSERT_OK(tvae_archive_put(changed, name, tensor));
    ASSERT_OK(tvae_archive_set_metadata(changed, "tvae",
                                        tvae_archive_metadata(archive, "tvae")));
    ASSERT_OK(tvae_archive_save(changed, path));
    ASSERT_STATUS(tvae_model_load(path, &model), status);
    ck_assert_ptr_null(model);
    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    tvae_archive_destroy(&changed);
}

START_TEST(tensors_that_do_not_fit_are_refused)
{
    const size_t one[] = {1}, two[] = {2}, square[] = {1, 1};
    tvae_model *model = fixture_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 0);
    const char *const mu = "grouper.correlated_mean_beta";
    tvae_tensor *tensor = NULL;
    char path[256];

    ASSERT_OK(tvae_model_save(model, fixture_path("tensors.safetensors", path)));
    load_exchanged(path, mu, NULL, TVAE_E_FORMAT);
    ASSERT_OK(tvae_tensor_create(1, two, &tensor));
    load_exchanged(path, mu, tensor, TVAE_E_FORMAT);
    load_exchanged(path, "another", tensor, TVAE_E_FORMAT);
    tvae_tensor_destroy(&tensor);
    ASSERT_OK(tvae_tensor_create(2, square, &tensor));
    load_exchanged(path, mu, tensor, TVAE_E_FORMAT);
    tvae_tensor_destroy(&tensor);
    ASSERT_OK(tvae_tensor_create(1, one, &tensor));
    tvae_tensor_data(tensor)[0] = NAN;
    load_exchanged(path, mu, tensor, TVAE_E_NUMERIC);
    tvae_tensor_destroy(&tensor);
    tvae_model_destroy(&model);
    (void)remove(path);
}
END_TEST

START_TEST(archives_without_a_configuration_are_no_models)
{
    const size_t one = 1;
    tvae_archive *archive = NULL;
    tvae_tensor *tensor = NULL;
    tvae_model *model = NULL;
    char path[256];

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_tensor_create(1, &one, &tensor));
    ASSERT_OK(tvae_archive_put(archive, "x", tensor));
    ASSERT_OK(tvae_archive_save(archive, fixture_path("plain.safetensors", path)));
    ASSERT_STATUS(tvae_model_load(path, &model), TVAE_E_FORMAT);
    tvae_tensor_destroy(&tensor);
    tvae_archive_destroy(&archive);
    (void)remove(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model file");
    TCase *tc = tcase_create("file");

    tcase_set_timeout(tc, 120.0);
    tcase_add_loop_test(tc, load_gives_back_what_save_wrote, 0, 2 * FIXTURE_KINDS);
    tcase_add_test(tc, numbers_survive_a_locale_with_decimal_commas);
    tcase_add_test(tc, composed_chains_are_saved);
    tcase_add_test(tc, layers_of_every_kind_are_saved);
    tcase_add_test(tc, custom_layers_are_unsupported);
    tcase_add_test(tc, save_and_load_reject_bad_arguments);
    tcase_add_test(tc, load_survives_damaged_files);
    tcase_add_test(tc, configurations_that_make_no_model_are_refused);
    tcase_add_test(tc, layers_that_are_none_are_refused);
    tcase_add_test(tc, deep_and_wide_configurations_are_refused);
    tcase_add_test(tc, tensors_that_do_not_fit_are_refused);
    tcase_add_test(tc, archives_without_a_configuration_are_no_models);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
