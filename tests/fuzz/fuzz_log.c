/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "experiment/run.h"
#include "io/file.h"

/* An input is a run's log and, as well, its summary: what is read back of both. */

enum { LAST_STEP = 5, MOST_PAGE_BYTES = 1 << 26 };

static const char *run_file(const char *name)
{
    static char path[4096];

    (void)strcpy(path, fuzz_path("run"));
    (void)strcat(path, "/");
    (void)strcat(path, name);
    return path;
}

static void remove_run(void)
{
    static const char *const names[] = {TVI_CONFIG_FILE, TVI_LOG_FILE, TVI_SUMMARY_FILE};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(run_file(names[i]));
    (void)rmdir(run_file("figures"));
    (void)rmdir(fuzz_path("run"));
}

/* A run that was never trained on data that are nowhere, so that the page has no pictures
 * to draw and no input takes long. */
static void make_run(void)
{
    tvae_config *config = NULL;

    fuzz_expect(mkdir(fuzz_path("run"), 0700) == 0, "no run folder can be made");
    (void)atexit(remove_run);
    fuzz_expect(tvae_config_create("sprites_quick", &config) == TVAE_OK &&
                    tvae_config_set(config, "data", "nowhere.npz") == TVAE_OK &&
                    tvae_config_save(config, run_file(TVI_CONFIG_FILE)) == TVAE_OK,
                "the run's configuration cannot be written");
    tvae_config_destroy(&config);
}

static void write_files(const uint8_t *data, size_t size)
{
    fuzz_expect(tvi_file_write(run_file(TVI_LOG_FILE), data, size) == TVAE_OK &&
                    tvi_file_write(run_file(TVI_SUMMARY_FILE), data, size) == TVAE_OK,
                "the input cannot be written");
}

static size_t log_bytes(void)
{
    struct stat facts;

    fuzz_expect(stat(run_file(TVI_LOG_FILE), &facts) == 0, "the log is gone");
    return (size_t)facts.st_size;
}

/* What is left of the log is its first lines, whole; cut again it stays as it is. */
static void cut_log(const uint8_t *data, size_t size)
{
    char *kept = NULL;
    size_t n_kept = 0;

    fuzz_expect(tvi_log_cut(fuzz_path("run"), LAST_STEP) == TVAE_OK, "no log can be cut");
    fuzz_expect(tvi_file_read(run_file(TVI_LOG_FILE), size, &kept, &n_kept) == TVAE_OK,
                "the log that was cut cannot be read");
    fuzz_expect(n_kept <= size && memcmp(kept, data, n_kept) == 0,
                "a log that was cut is not the beginning of what it was");
    fuzz_expect(n_kept == 0 || kept[n_kept - 1] == '\n', "half a line was kept");
    tvi_free(kept);
    fuzz_expect(tvi_log_cut(fuzz_path("run"), LAST_STEP) == TVAE_OK &&
                    log_bytes() == n_kept,
                "a log cut again is shorter");
}

static void read_summary(const tvae_run *run)
{
    static const char *const names[] = {"loss", "kl.z", "capcorr.posX.0"};
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_NOT_FOUND, TVAE_OK};
    double value;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fuzz_expect_status(tvae_run_summary_number(run, names[i], &value), allowed);
}

/* Every text of the folder is escaped: nothing of it opens or ends an element. */
static void write_page(tvae_run *run)
{
    static size_t n_wanted;
    const char *path = fuzz_path("page.html");
    char *page = NULL;
    size_t n_bytes = 0, n_tags = 0;

    fuzz_expect(tvae_report_html(&run, 1, NULL, path, NULL) == TVAE_OK, "no page");
    fuzz_expect(tvi_file_read(path, MOST_PAGE_BYTES, &page, &n_bytes) == TVAE_OK,
                "the page cannot be read");
    for (size_t i = 0; i < n_bytes; i++)
        n_tags += page[i] == '<';
    fuzz_expect(n_wanted == 0 || n_tags == n_wanted, "the page has markup of the input");
    n_wanted = n_tags;
    tvi_free(page);
    (void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_made;
    tvae_run *run = NULL;

    fuzz_begin_reading(size);
    if (!is_made)
        make_run();
    is_made = true;
    write_files(data, size);
    fuzz_expect(tvae_run_open(fuzz_path("run"), &run) == TVAE_OK, "the run is not open");
    read_summary(run);
    fuzz_begin_using(FUZZ_USE_BYTES);
    write_page(run);
    tvae_run_destroy(&run);
    cut_log(data, size);
    fuzz_end();
    return 0;
}
