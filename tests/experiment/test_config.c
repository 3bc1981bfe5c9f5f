/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "experiment/config.h"

static void assert_value(const tvae_config *config, const char *key, const char *want)
{
    char got[TVI_VALUE_BYTES];

    ASSERT_OK(tvae_config_get(config, key, got, sizeof got, NULL));
    ck_assert_msg(strcmp(got, want) == 0, "%s is %s, want %s", key, got, want);
}

START_TEST(experiments_are_listed)
{
    for (size_t i = 0; i < tvae_experiment_count(); i++) {
        tvae_config *config = NULL;

        ck_assert_uint_gt(strlen(tvae_experiment_summary(i)), 10);
        ASSERT_OK(tvae_config_create(tvae_experiment_name(i), &config));
        assert_value(config, "experiment", tvae_experiment_name(i));
        tvae_config_destroy(&config);
    }
    ck_assert_ptr_null(tvae_experiment_name(tvae_experiment_count()));
    ck_assert_ptr_null(tvae_experiment_summary(tvae_experiment_count()));
}
END_TEST

/* The reference's sixteen, key by key; "" where the key says nothing for that prior. */
START_TEST(experiments_have_the_numbers_of_the_paper)
{
    static const struct {
        const char *name, *prior, *window, *window_capsule, *off_diagonal, *split_seed,
            *transform, *test_transform;
    } rows[] = {
        {"tvae_2d_mnist", "stationary", "1", "5", "", "1", "none", "same"},
        {"tvae_Lhalf_mnist", "shifting", "18", "0", "1", "1", "random", "same"},
        {"tvae_Lpartial_mnist", "shifting", "13", "0", "1", "2", "random", "same"},
        {"tvae_Lshort_mnist", "shifting", "5", "0", "1", "2", "random", "same"},
        {"bubbles_mnist", "stationary", "5", "3", "", "1", "random", "same"},
        {"tvae_L0_mnist", "stationary", "1", "3", "", "1", "random", "same"},
        {"nontvae_mnist", "none", "", "", "", "1", "random", "same"},
        {"tvae_Lpartial_mnist_generalization", "shifting", "13", "0", "1", "2", "random",
         "dual"},
        {"tvae_Lpartial_rotcolor_mnist", "shifting", "13", "0", "1", "1", "dual", "same"},
        {"tvae_Lpartial_perspective_mnist", "shifting", "13", "0", "1", "1",
         "perspective", "same"},
        {"tvae_Lhalf_dsprites", "shifting", "15", "0", "0", "", "", ""},
        {"tvae_Lpartial_dsprites", "shifting", "10", "0", "0", "", "", ""},
        {"tvae_Lshort_dsprites", "shifting", "5", "0", "0", "", "", ""},
        {"bubbles_dsprites", "stationary", "5", "5", "", "", "", ""},
        {"tvae_L0_dsprites", "stationary", "1", "3", "", "", "", ""},
        {"nontvae_dsprites", "none", "", "", "", "", "", ""},
    };

    ck_assert_uint_eq(sizeof rows / sizeof *rows, 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const bool torus = strcmp(rows[i].name, "tvae_2d_mnist") == 0;
        const bool mnist = strstr(rows[i].name, "mnist") != NULL;
        const char *const dim = mnist ? "18" : "15";
        const char *const values[][2] = {
            {"prior", rows[i].prior},
            {"window", rows[i].window},
            {"window_capsule", rows[i].window_capsule},
            {"off_diagonal", rows[i].off_diagonal},
            {"split_seed", rows[i].split_seed},
            {"transform", rows[i].transform},
            {"test_transform", rows[i].test_transform},
            {"dataset", mnist ? "mnist" : "sprites"},
            {"n_capsules", torus ? "1" : dim},
            {"capsule_dim", dim},
            {"capsule_dim_2", torus ? "18" : "1"},
            {"capsule_dim_3", "1"},
            {"batch_size", torus ? "128" : "8"},
            {"epochs", torus ? "250" : "100"},
            {"mu_init", torus ? "10" : "30"},
            {"epsilon",
             strcmp(rows[i].name, "tvae_L0_dsprites") == 0 ? "0.001" : "1e-06"},
            {"optimizer", "sgd"},
            {"learning_rate", "0.0001"},
            {"momentum", "0.9"},
            {"steps", "0"},
            {"likelihood", "bernoulli"},
            {"frame_boundary", "circular"},
            {"capsule_boundary", "circular"},
            {"learn_mu", "yes"},
            {"learn_weights", "no"},
            {"bias_per_pixel", "no"},
        };
        tvae_config *config = NULL;

        ASSERT_OK(tvae_config_create(rows[i].name, &config));
        for (size_t k = 0; k < sizeof values / sizeof *values; k++)
            if (*values[k][1])
                assert_value(config, values[k][0], values[k][1]);
        tvae_config_destroy(&config);
    }
}
END_TEST

static size_t count_parameters(const char *experiment)
{
    tvae_config *config = NULL;
    tvae_model *model = NULL;
    size_t total = 0;

    ASSERT_OK(tvae_config_create(experiment, &config));
    ASSERT_OK(tvae_config_build_model(config, &model));
    for (size_t i = 0; i < tvae_model_parameter_count(model); i++) {
        size_t shape[TVAE_MAX_RANK], count = 1;
        char name[128];
        int32_t rank;

        ASSERT_OK(tvae_model_parameter_info(model, i, name, sizeof name, &rank, shape));
        for (int32_t axis = 0; axis < rank; axis++)
            count *= shape[axis];
        total += count;
    }
    tvae_model_destroy(&model);
    tvae_config_destroy(&config);
    return total;
}

START_TEST(build_model_has_the_reference_s_size)
{
    ck_assert_uint_eq(count_parameters("tvae_Lpartial_mnist"), 9804089);
    ck_assert_uint_eq(count_parameters("tvae_Lpartial_dsprites"), 9716277);
    ck_assert_uint_eq(count_parameters("nontvae_mnist"), 6465747);
    ck_assert_uint_eq(count_parameters("tvae_2d_mnist"), 5231655);
}
END_TEST

START_TEST(create_names_near_experiments)
{
    tvae_config *config = NULL;

    ASSERT_STATUS(tvae_config_create("sprite_quick", &config), TVAE_E_NOT_FOUND);
    ck_assert_ptr_null(config);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "sprites_quick"));
    ASSERT_STATUS(tvae_config_create("", &config), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_config_create(NULL, &config), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_create("sprites_quick", NULL), TVAE_E_INVALID);
    tvae_config_destroy(&config);
    tvae_config_destroy(NULL);
}
END_TEST

START_TEST(keys_are_documented_and_have_valid_values)
{
    tvae_config *config = NULL, *copy = NULL;
    tvae_key_facts facts;

    ASSERT_OK(tvae_config_create("tvae_Lpartial_dsprites", &config));
    ASSERT_OK(tvae_config_create("tvae_Lpartial_dsprites", &copy));
    for (size_t i = 0; i < tvae_config_key_count(); i++) {
        char value[TVI_VALUE_BYTES];

        ASSERT_OK(tvae_config_key_facts(i, &facts, sizeof facts));
        ck_assert_msg(strlen(facts.meaning) > 10 && strlen(facts.meaning) < 90,
                      "%s: the meaning is not one line", facts.name);
        ASSERT_OK(tvae_config_get(config, facts.name, value, sizeof value, NULL));
        ASSERT_OK(tvae_config_set(copy, facts.name, value));
        ck_assert(
            tvi_key_equal(tvi_key_find(facts.name), &config->settings, &copy->settings));
        ck_assert_ptr_eq(tvi_key_find(facts.name), &tvi_keys[i]);
    }
    tvae_config_destroy(&config);
    tvae_config_destroy(&copy);
}
END_TEST

START_TEST(set_refuses_values_out_of_range)
{
    static const char *const bad[][3] = {{"learning_rate", "0", "0 (not itself)"},
                                         {"learning_rate", "nan", "a number"},
                                         {"learning_rate", "0,1", "a number"},
                                         {"momentum", "1", "1 (not itself)"},
                                         {"batch_size", "0", "from 1"},
                                         {"batch_size", "2.5", "an integer"},
                                         {"batch_size", "", "an integer"},
                                         {"steps", "-1", "from 0"},
                                         {"optimizer", "sdg", "sgd, adam"},
                                         {"prior", "", "shifting, stationary"},
                                         {"varying", "posX,", "shape, scale"},
                                         {"varying", "", "shape, scale"},
                                         {"stride", "1,2,3", "five integers"},
                                         {"stride", "1,1,1,1,1,1", "five"},
                                         {"stride", "0,1,1,1,1", "from 1"},
                                         {"experiment", "other", "create another"},
                                         {"seed", "1e3", "an integer"}};
    tvae_config *config = NULL, *before = NULL;

    ASSERT_OK(tvae_config_create("sprites_quick", &config));
    ASSERT_OK(tvae_config_create("sprites_quick", &before));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ASSERT_STATUS(tvae_config_set(config, bad[i][0], bad[i][1]), TVAE_E_INVALID);
        ck_assert_msg(strstr(tvae_last_error(), bad[i][2]) &&
                          strstr(tvae_last_error(), bad[i][0]),
                      "\"%s\" lacks \"%s\"", tvae_last_error(), bad[i][2]);
    }
    for (size_t i = 0; i < tvi_n_keys; i++)
        ck_assert(tvi_key_equal(&tvi_keys[i], &config->settings, &before->settings));
    ASSERT_STATUS(tvae_config_set(NULL, "seed", "1"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_set(config, NULL, "1"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_set(config, "seed", NULL), TVAE_E_INVALID);
    tvae_config_destroy(&config);
    tvae_config_destroy(&before);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(set_names_the_nearest_keys)
{
    static const char *const wrong[][2] = {{"learning_rat", "learning_rate"},
                                           {"lr", "learning_rate"},
                                           {"momentun", "momentum"},
                                           {"batchsize", "batch_size"},
                                           {"Steps", "steps"}};
    tvae_config *config = NULL;
    char value[64];

    ASSERT_OK(tvae_config_create("sprites_quick", &config));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ASSERT_STATUS(tvae_config_set(config, wrong[i][0], "1"), TVAE_E_NOT_FOUND);
        if (i != 1) /* two letters are near to anything short */
            ck_assert_msg(strstr(tvae_last_error(), wrong[i][1]) != NULL, "%s",
                          tvae_last_error());
    }
    ASSERT_STATUS(tvae_config_get(config, "nothing", value, sizeof value, NULL),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_config_get(config, "experiment", value, 5, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_get(config, "experiment", value, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_get(config, "experiment", NULL, 5, NULL), TVAE_E_INVALID);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(steps_and_epochs_replace_each_other)
{
    tvae_config *config = NULL;

    ASSERT_OK(tvae_config_create("nontvae_mnist", &config));
    set_key(config, "steps", "12000");
    assert_value(config, "epochs", "0");
    set_key(config, "epochs", "3");
    assert_value(config, "steps", "0");
    assert_value(config, "epochs", "3");
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(words_stand_for_the_numbers_of_the_headers)
{
    tvae_config *config = NULL;

    ASSERT_OK(tvae_config_create("nontvae_mnist", &config));
    set_key(config, "transform", "perspective");
    ck_assert_int_eq(config->settings.transform, TVAE_TRANSFORM_PERSPECTIVE);
    set_key(config, "transform", "none");
    ck_assert_int_eq(config->settings.transform, TVAE_TRANSFORM_NONE);
    set_key(config, "optimizer", "adamw");
    ck_assert_int_eq(config->settings.optimizer, TVAE_OPTIMIZER_ADAMW);
    set_key(config, "likelihood", "gaussian");
    ck_assert_int_eq(config->settings.likelihood, TVAE_LIKELIHOOD_GAUSSIAN);
    set_key(config, "varying", "posY");
    ck_assert_int_eq(config->settings.varying, 1 << TVAE_FACTOR_POS_Y);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(data_becomes_absolute)
{
    tvae_config *config = NULL;
    char folder[2048], want[4096];

    ASSERT_OK(tvae_config_create("sprites_quick", &config));
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    (void)snprintf(want, sizeof want, "%s/no such folder", folder);
    set_key(config, "data", "no such folder");
    assert_value(config, "data", want);
    set_key(config, "data", ".");
    assert_value(config, "data", folder);
    set_key(config, "data", "/absolute");
    assert_value(config, "data", "/absolute");
    set_key(config, "data", "");
    assert_value(config, "data", "");
    tvae_config_destroy(&config);
}
END_TEST

static void check_file_round_trip(void)
{
    tvae_config *config = NULL, *loaded = NULL;

    ASSERT_OK(tvae_config_create("bubbles_mnist", &config));
    set_key(config, "learning_rate", "0.30000000000000004");
    set_key(config, "seed", "9007199254740991");
    set_key(config, "varying", "shape,posY");
    set_key(config, "start", "2,1,0,3,4");
    set_key(config, "data", "/a \"quoted\"\\path\n\xc3\xa9");
    set_key(config, "steps", "17");
    ASSERT_OK(tvae_config_save(config, scratch("config.json")));
    ASSERT_OK(tvae_config_load(scratch("config.json"), &loaded));
    for (size_t i = 0; i < tvi_n_keys; i++)
        ck_assert_msg(tvi_key_equal(&tvi_keys[i], &config->settings, &loaded->settings),
                      "%s differs", tvi_keys[i].name);
    tvae_config_destroy(&config);
    tvae_config_destroy(&loaded);
}

START_TEST(file_round_trip_is_exact)
{
    check_file_round_trip();
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(file_ignores_the_host_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    bool found = false;
    tvae_config *config = NULL;

    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) && *localeconv()->decimal_point == ',';
    if (!found)
        printf("no locale with a decimal comma here: tested in the C locale only\n");
    check_file_round_trip();
    ASSERT_OK(tvae_config_create("sprites_quick", &config));
    set_key(config, "learning_rate", "0.125");
    assert_value(config, "learning_rate", "0.125");
    tvae_config_destroy(&config);
    (void)setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(load_takes_a_file_by_hand)
{
    tvae_config *config = NULL;

    write_file(scratch("by-hand.json"), "{\"experiment\": \"sprites_quick\",\n"
                                        " \"steps\": 7, \"learning_rate\": 1,\n"
                                        " \"varying\": [\"scale\"], \"window\": \"5\"}");
    ASSERT_OK(tvae_config_load(scratch("by-hand.json"), &config));
    assert_value(config, "steps", "7");
    assert_value(config, "learning_rate", "1");
    assert_value(config, "varying", "scale");
    assert_value(config, "window", "5");
    assert_value(config, "n_capsules", "15");
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(load_refuses_bad_files)
{
    static const struct {
        const char *text;
        tvae_status status;
        const char *says;
    } bad[] = {{"{\"experiment\": \"sprites_quick\",\n\n \"momentun\": 1}", TVAE_E_FORMAT,
                "line 3: there is no key \"momentun\"; the nearest are momentum"},
               {"{\"experiment\": \"sprites_quick\",\n \"momentum\": 2}", TVAE_E_FORMAT,
                "line 2: momentum"},
               {"{\"experiment\": \"sprites_quick\",\n \"momentum\": {}}", TVAE_E_FORMAT,
                "line 2: momentum"},
               {"{\"experiment\": \"sprites_quick\",\n \"steps\": 1e400}", TVAE_E_FORMAT,
                "line 2"},
               {"{\"experiment\": \"sprites_quick\",\n \"steps\": 1, \"steps\": 2}",
                TVAE_E_FORMAT, "line 2"},
               {"{\"steps\": 1}", TVAE_E_FORMAT, "experiment"},
               {"{\"experiment\": \"sprites\"}", TVAE_E_NOT_FOUND, "sprites_quick"},
               {"[1]", TVAE_E_FORMAT, "object"},
               {"{\"experiment\": ", TVAE_E_FORMAT, "line 1"},
               {"", TVAE_E_FORMAT, "line 1"}};
    tvae_config *config = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(scratch("bad.json"), bad[i].text);
        ASSERT_STATUS(tvae_config_load(scratch("bad.json"), &config), bad[i].status);
        ck_assert_msg(strstr(tvae_last_error(), bad[i].says) != NULL,
                      "\"%s\" lacks \"%s\"", tvae_last_error(), bad[i].says);
        ck_assert_ptr_null(config);
    }
    ASSERT_STATUS(tvae_config_load(scratch("none.json"), &config), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_config_load(NULL, &config), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_load("x", NULL), TVAE_E_INVALID);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(json_is_what_load_reads)
{
    tvae_config *config = NULL, *loaded = NULL;
    char text[8192];
    size_t needed = 0;

    ASSERT_OK(tvae_config_create("own_vectors", &config));
    set_key(config, "learn_mu", "no");
    ASSERT_OK(tvae_config_json(config, text, sizeof text, NULL));
    write_file(scratch("own.json"), text);
    ASSERT_OK(tvae_config_load(scratch("own.json"), &loaded));
    for (size_t i = 0; i < tvi_n_keys; i++)
        ck_assert(tvi_key_equal(&tvi_keys[i], &config->settings, &loaded->settings));
    ASSERT_OK(tvae_config_json(config, NULL, 0, &needed));
    ck_assert_uint_eq(needed, strlen(text) + 1);
    ASSERT_STATUS(tvae_config_json(config, text, needed - 1, NULL), TVAE_E_INVALID);
    ck_assert_str_eq(text, "");
    ASSERT_OK(tvae_config_json(config, text, needed, NULL));
    ASSERT_STATUS(tvae_config_json(NULL, text, sizeof text, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_json(config, NULL, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_save(config, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_save(NULL, "x"), TVAE_E_INVALID);
    tvae_config_destroy(&loaded);
    write_file(scratch("own.json"),
               "{\"experiment\": \"own_vectors\", \"learn_mu\": false}");
    ASSERT_OK(tvae_config_load(scratch("own.json"), &loaded));
    assert_value(loaded, "learn_mu", "no");
    tvae_config_destroy(&config);
    tvae_config_destroy(&loaded);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(key_facts_tell_the_table)
{
    tvae_key_facts facts;
    size_t n_free = 0;

    for (size_t i = 0; i < tvae_config_key_count(); i++) {
        ASSERT_OK(tvae_config_key_facts(i, &facts, sizeof facts));
        ck_assert_str_eq(facts.name, tvi_keys[i].name);
        n_free += facts.may_change_on_resume != 0;
        if (strcmp(facts.name, "momentum") == 0) {
            ck_assert_str_eq(facts.type, "number");
            ck_assert_str_eq(facts.initial, "0.9");
            ck_assert(facts.low == 0.0 && facts.high == 1.0);
            ck_assert(!facts.low_is_outside && facts.high_is_outside);
            ck_assert(!facts.may_change_on_resume && !facts.zero_is_automatic);
        } else if (strcmp(facts.name, "prior") == 0) {
            ck_assert_str_eq(facts.words[2], "none");
            ck_assert(isnan(facts.low) && isnan(facts.high));
        } else if (strcmp(facts.name, "channels") == 0) {
            ck_assert(facts.zero_is_automatic);
        }
    }
    ck_assert_uint_gt(n_free, 5);
    ASSERT_STATUS(tvae_config_key_facts(tvae_config_key_count(), &facts, sizeof facts),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_config_key_facts(0, NULL, sizeof facts), TVAE_E_INVALID);
}
END_TEST

START_TEST(open_data_says_what_mnist_needs)
{
    tvae_config *config = NULL;
    tvae_dataset *data = NULL;

    ASSERT_OK(tvae_config_create("nontvae_mnist", &config));
    ASSERT_STATUS(tvae_config_open_data(config, TVAE_SPLIT_TRAIN, &data), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "--data"));
    set_key(config, "data", scratch("nothing"));
    ASSERT_STATUS(tvae_config_open_data(config, TVAE_SPLIT_TRAIN, &data),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_config_open_data(NULL, 0, &data), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_config_open_data(config, 0, NULL), TVAE_E_INVALID);
    tvae_config_destroy(&config);
    ASSERT_OK(tvae_config_create("sprites_quick", &config));
    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TEST, &data));
    ck_assert_uint_gt(tvae_dataset_count(data), 0);
    tvae_dataset_destroy(&data);
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, experiments_are_listed);
    tcase_add_test(tcase, experiments_have_the_numbers_of_the_paper);
    tcase_add_test(tcase, build_model_has_the_reference_s_size);
    tcase_add_test(tcase, create_names_near_experiments);
    tcase_add_test(tcase, keys_are_documented_and_have_valid_values);
    tcase_add_test(tcase, set_refuses_values_out_of_range);
    tcase_add_test(tcase, set_names_the_nearest_keys);
    tcase_add_test(tcase, steps_and_epochs_replace_each_other);
    tcase_add_test(tcase, words_stand_for_the_numbers_of_the_headers);
    tcase_add_test(tcase, data_becomes_absolute);
    tcase_add_test(tcase, file_round_trip_is_exact);
    tcase_add_test(tcase, file_ignores_the_host_locale);
    tcase_add_test(tcase, load_takes_a_file_by_hand);
    tcase_add_test(tcase, load_refuses_bad_files);
    tcase_add_test(tcase, json_is_what_load_reads);
    tcase_add_test(tcase, key_facts_tell_the_table);
    tcase_add_test(tcase, open_data_says_what_mnist_needs);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
