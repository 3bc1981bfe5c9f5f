/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/io.h"

/* Pictures and page of tiny runs on a file of images with labels. */

enum { N_ITEMS = 120, SIDE = 6, N_CLASSES = 3, PATH_BYTES = 256 };

static char folder[64];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tvae-report-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ASSERT_OK(tvae_set_threads(1));
}

static void remove_folder(void)
{
    char command[PATH_BYTES];

    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static const char *in_folder(const char *name)
{
    static char paths[4][PATH_BYTES];
    static size_t next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

static void put(tvae_archive *archive, const char *name, tvae_tensor *tensor)
{
    ASSERT_OK(tvae_archive_put(archive, name, tensor));
    tvae_tensor_destroy(&tensor);
}

/* Images [N_ITEMS, 1, 1, SIDE, SIDE] of three classes, one lit row each, or the same
 * values as vectors [N_ITEMS, SIDE * SIDE]. */
static void write_data(const char *name, bool as_vectors)
{
    const size_t images[] = {N_ITEMS, 1, 1, SIDE, SIDE}, n = N_ITEMS;
    const size_t vectors[] = {N_ITEMS, SIDE * SIDE};
    tvae_tensor *x = NULL, *labels = NULL;
    tvae_archive *archive = NULL;

    ASSERT_OK(tvae_tensor_create(as_vectors ? 2 : 5, as_vectors ? vectors : images, &x));
    ASSERT_OK(tvae_tensor_create(1, &n, &labels));
    for (size_t i = 0; i < N_ITEMS; i++) {
        tvae_tensor_data(labels)[i] = (float)(i % N_CLASSES);
        for (size_t j = 0; j < SIDE; j++)
            tvae_tensor_data(x)[i * SIDE * SIDE + i % N_CLASSES * SIDE + j] = 1.0f;
    }
    ASSERT_OK(tvae_archive_create(&archive));
    put(archive, "x", x);
    put(archive, "labels", labels);
    ASSERT_OK(tvae_archive_save(archive, in_folder(name)));
    tvae_archive_destroy(&archive);
}

static void set_key(tvae_config *config, const char *key, const char *value)
{
    ASSERT_OK(tvae_config_set(config, key, value));
}

/* A trained run of a 4 x 5 torus on that file. */
static tvae_run *train_torus(const char *data, const char *name)
{
    tvae_config *config = NULL;
    tvae_run *run = NULL;

    ASSERT_OK(tvae_config_create("own_vectors", &config));
    set_key(config, "data", in_folder(data));
    set_key(config, "capsule_dim", "4");
    set_key(config, "capsule_dim_2", "5");
    set_key(config, "window_capsule", "3");
    set_key(config, "steps", "30");
    set_key(config, "log_steps", "10");
    ASSERT_OK(tvae_run_create(config, in_folder(name), &run));
    ASSERT_OK(tvae_run_train(run, NULL));
    tvae_config_destroy(&config);
    return run;
}

static bool has_figure(const char *run, const char *name)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof path, "%s/%s/figures/%s.png", folder, run, name);
    return tvi_file_exists(path);
}

/* The text beside the picture of the neighbourhood is that of the model. */
static void check_description(tvae_run *run)
{
    static const char wanted[] = "# weight 1, + another weight, . none\n"
                                 "frame    +0, d3    +0: d1 down, d2 across\n"
                                 "          -1    +0    +1\n"
                                 "    -1     #     #     #\n"
                                 "    +0     #     #     #\n"
                                 "    +1     #     #     #\n";
    char path[PATH_BYTES], *text = NULL;
    size_t n_bytes;

    (void)snprintf(path, sizeof path, "%s/figures/neighbourhood.txt",
                   tvae_run_folder(run));
    ASSERT_OK(tvi_file_read(path, 4096, &text, &n_bytes));
    ck_assert_uint_eq(n_bytes, sizeof wanted - 1);
    ck_assert_int_eq(memcmp(text, wanted, n_bytes), 0);
    tvi_free(text);
}

START_TEST(figures_of_a_torus_show_classes_and_images)
{
    static const char *const names[] = {
        "reconstructions",   "samples",       "filters_encoder", "filters_decoder",
        "neighbourhood",     "curves",        "covariance",      "covariance_squares",
        "class_selectivity", "max_activation"};
    tvae_run *run;

    write_data("images.npz", false);
    run = train_torus("images.npz", "run");
    ASSERT_OK(tvae_report_figures(run, NULL, NULL));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_msg(has_figure("run", names[i]), "no picture %s", names[i]);
    ck_assert(!has_figure("run", "traversal_label"));
    check_description(run);
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(figures_of_vectors_leave_out_frames)
{
    tvae_run *run;

    write_data("vectors.npz", true);
    run = train_torus("vectors.npz", "run");
    ASSERT_OK(tvae_report_figures(run, NULL, NULL));
    ck_assert(has_figure("run", "class_selectivity"));
    ck_assert(has_figure("run", "covariance"));
    ck_assert(!has_figure("run", "reconstructions"));
    ck_assert(!has_figure("run", "max_activation"));
    ck_assert(!has_figure("run", "samples"));
    ASSERT_OK(tvae_report_html(&run, 1, NULL, in_folder("page.html"), NULL));
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static char *read_page(void)
{
    char *text = NULL;
    size_t n_bytes;

    ASSERT_OK(tvi_file_read(in_folder("page.html"), (size_t)1 << 26, &text, &n_bytes));
    return text;
}

START_TEST(page_holds_pictures_and_explorer)
{
    tvae_run *run;
    char *text;

    write_data("images.npz", false);
    run = train_torus("images.npz", "run");
    ASSERT_OK(tvae_report_html(&run, 1, NULL, in_folder("page.html"), NULL));
    text = read_page();
    ck_assert_ptr_nonnull(strstr(text, "\"sheet\":\"data:image/png;base64,iVBOR"));
    ck_assert_ptr_nonnull(strstr(text, "\"name\":\"class_selectivity\""));
    ck_assert_ptr_null(strstr(text, "\"note\":"));
    tvi_free(text);
    tvae_run_destroy(&run);
}
END_TEST

START_TEST(page_says_why_a_run_has_no_new_pictures)
{
    tvae_run *run;
    char *text;

    write_data("images.npz", false);
    run = train_torus("images.npz", "<b>&run");
    ck_assert_int_eq(unlink(in_folder("images.npz")), 0);
    ASSERT_OK(tvae_report_html(&run, 1, NULL, in_folder("page.html"), NULL));
    text = read_page();
    ck_assert_ptr_nonnull(strstr(text, "\"note\":"));
    ck_assert_ptr_null(strstr(text, "<b>"));
    ck_assert_ptr_nonnull(strstr(text, "\\u003cb>&run"));
    tvi_free(text);
    tvae_run_destroy(&run);
}
END_TEST

START_TEST(likelihood_needs_an_evaluated_run)
{
    const tvae_evaluate_options options = {
        .size = sizeof options, .n_samples = 2, .n_sequences = 12, .split = 2};
    tvae_run *run;

    write_data("images.npz", false);
    run = train_torus("images.npz", "run");
    ASSERT_STATUS(tvae_report_likelihood(&run, 1, in_folder("l.png")), TVAE_E_NOT_FOUND);
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ASSERT_STATUS(tvae_report_likelihood(&run, 1, in_folder("l.gif")), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_likelihood(&run, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_likelihood(&run, 0, in_folder("l.png")), TVAE_E_INVALID);
    ASSERT_OK(tvae_report_likelihood(&run, 1, in_folder("l.png")));
    ck_assert(tvi_file_exists(in_folder("l.png")));
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static int32_t stop(void *user, const tvae_progress *progress)
{
    (void)user;
    (void)progress;
    return 1;
}

START_TEST(html_rejects_bad_arguments)
{
    const tvae_progress_hook hook = {.size = sizeof hook, .progress = stop};
    tvae_run *run, *none = NULL;

    write_data("images.npz", false);
    run = train_torus("images.npz", "run");
    ASSERT_STATUS(tvae_report_html(NULL, 1, NULL, in_folder("page.html"), NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_html(&run, 1, NULL, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_html(&run, 0, NULL, in_folder("page.html"), NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_html(&run, 17, NULL, in_folder("page.html"), NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_html(&none, 1, NULL, in_folder("page.html"), NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_figures(NULL, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_report_html(&run, 1, NULL, in_folder("page.html"), &hook),
                  TVAE_E_CANCELLED);
    ck_assert(!tvi_file_exists(in_folder("page.html")));
    ck_assert_int_ne(tvae_report_html(&run, 1, NULL, in_folder("no/page.html"), NULL),
                     TVAE_OK);
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* ---- allocation failures */

START_TEST(failed_allocations_leak_nothing)
{
    const tvae_allocator some = {sizeof some, NULL, alloc_some, release_any};
    tvae_status st = TVAE_E_NOMEM;
    size_t before;
    tvae_run *run;

    ASSERT_OK(tvae_set_allocator(&some));
    allocations_left = SIZE_MAX;
    write_data("images.npz", false);
    run = train_torus("images.npz", "run");
    before = tvi_live_blocks();
    for (size_t n = 0; st != TVAE_OK; n += n / 8 + 1) { /* denser where it is cheap */
        allocations_left = n;
        st = tvae_report_html(&run, 1, NULL, in_folder("page.html"), NULL);
        ck_assert_uint_eq(tvi_live_blocks(), before);
        ck_assert_msg(st == TVAE_OK || st == TVAE_E_NOMEM, "got %s (%s) after %zu blocks",
                      tvae_status_name(st), tvae_last_error(), n);
        ck_assert_int_eq(tvi_file_exists(in_folder("page.html")), st == TVAE_OK);
    }
    allocations_left = SIZE_MAX;
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, figures_of_a_torus_show_classes_and_images);
    tcase_add_test(tc, figures_of_vectors_leave_out_frames);
    tcase_add_test(tc, page_holds_pictures_and_explorer);
    tcase_add_test(tc, page_says_why_a_run_has_no_new_pictures);
    tcase_add_test(tc, likelihood_needs_an_evaluated_run);
    tcase_add_test(tc, html_rejects_bad_arguments);
    tcase_add_test(tc, failed_allocations_leak_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
