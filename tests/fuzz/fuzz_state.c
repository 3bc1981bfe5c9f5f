/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <unistd.h>

#include "io/io.h"
#include "tiny_model.h"

/* The same content under a checksum that is right, which the fuzzer cannot find. */
static tvae_status load_checked(tvae_trainer *trainer, const char *path)
{
    const char *checked = fuzz_path("checked.safetensors");
    tvae_archive *archive = NULL;
    tvae_status st = tvae_archive_load(path, &archive);

    if (st == TVAE_OK)
        st = tvi_archive_save_checked(archive, checked);
    tvae_archive_destroy(&archive);
    if (st == TVAE_OK)
        st = tvae_trainer_load(trainer, checked);
    (void)unlink(checked);
    return st;
}

static void use_trainer(tvae_trainer *trainer)
{
    const char *path = fuzz_path("again.safetensors");
    const int64_t n_steps = tvae_trainer_step_count(trainer);
    tvae_tensor *batch = build_tiny_batch();
    tvae_status st;

    fuzz_expect(n_steps >= 0, "a restored trainer has taken fewer than no steps");
    fuzz_expect(tvae_trainer_save(trainer, path) == TVAE_OK &&
                    tvae_trainer_load(trainer, path) == TVAE_OK &&
                    tvae_trainer_step_count(trainer) == n_steps,
                "a state that was loaded cannot be saved and loaded again");
    (void)unlink(path);
    st = tvae_trainer_step(trainer, batch, NULL, 0);
    fuzz_expect(st == TVAE_OK || st == TVAE_E_NUMERIC, "a restored trainer cannot go on");
    fuzz_expect(st != TVAE_OK || tvae_trainer_step_count(trainer) > n_steps,
                "a step was not counted");
    tvae_tensor_destroy(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_UNSUPPORTED, TVAE_E_INVALID,
                                   TVAE_OK};
    tvae_trainer *trainer;
    const char *path;
    tvae_status st;

    fuzz_begin_reading(size);
    trainer = build_tiny_trainer();
    path = fuzz_file("input.safetensors", data, size);
    st = tvae_trainer_load(trainer, path);
    if (st == TVAE_E_FORMAT)
        st = load_checked(trainer, path);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_USE_BYTES);
        use_trainer(trainer);
    }
    tvae_trainer_destroy(&trainer);
    fuzz_end();
    return 0;
}
