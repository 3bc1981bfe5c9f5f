/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>
#include <zlib.h>

#include "harness.h"
#include "tiny_model.h"

/* Writes the seeds of the corpus, a few hundred bytes each: make_seeds FOLDER, which has
 * a folder for each target. */

static const char *corpus;

static const char *seed_path(const char *name)
{
    static char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", corpus, name);
    return path;
}

static void expect_ok(tvae_status st)
{
    fuzz_expect(st == TVAE_OK, "a seed cannot be made");
}

static void write_seed(const char *name, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(seed_path(name), "wb");

    fuzz_expect(file && fwrite(bytes, 1, n_bytes, file) == n_bytes && fclose(file) == 0,
                "a seed cannot be written");
}

static void write_gzip(const char *name, const char *mode, const void *bytes,
                       size_t n_bytes)
{
    gzFile file = gzopen(seed_path(name), mode);

    fuzz_expect(file && gzwrite(file, bytes, (unsigned)n_bytes) == (int)n_bytes &&
                    gzclose(file) == Z_OK,
                "a seed cannot be written");
}

static void seed_idx(void)
{
    const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2,   0, 0, 0, 2, 0, 0,
                                    0, 3, 0, 9, 8, 7, 6, 255, 1, 2, 3, 4, 5, 6};
    const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1};

    write_seed("idx/images", images, sizeof images);
    write_seed("idx/labels", labels, sizeof labels);
    write_gzip("idx/images-stored.gz", "wb0", images, sizeof images);
    write_gzip("idx/labels.gz", "wb9", labels, sizeof labels);
    write_gzip("idx/two-members.gz", "wb9", labels, 6);
    write_gzip("idx/two-members.gz", "ab9", labels + 6, sizeof labels - 6);
}

/* A `.npy` of version 1.0, of zeros, into [capacity] bytes; its length. */
static size_t make_npy(const char *descr, const char *shape, size_t n_data,
                       unsigned char *bytes, size_t capacity)
{
    const size_t n_before = 10;
    int n_text;

    memset(bytes, 0, capacity);
    n_text = snprintf((char *)bytes + n_before, capacity - n_before,
                      "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr,
                      shape);
    fuzz_expect(n_text > 0 && n_before + (size_t)n_text + n_data <= capacity,
                "no room for a seed");
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (unsigned char)n_text;
    return n_before + (size_t)n_text + n_data;
}

static void seed_npy(void)
{
    static const struct {
        const char *name, *descr;
        size_t n_bytes;
    } types[] = {{"npy/bool", "|b1", 1}, {"npy/u1", "|u1", 1}, {"npy/i2", "<i2", 2},
                 {"npy/u4", "<u4", 4},   {"npy/i8", "<i8", 8}, {"npy/f2", "<f2", 2},
                 {"npy/f4", "<f4", 4},   {"npy/f8", "<f8", 8}};
    unsigned char bytes[256];

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        write_seed(types[i].name, bytes,
                   make_npy(types[i].descr, "(2, 3)", 6 * types[i].n_bytes, bytes,
                            sizeof bytes));
}

static void add_member(zip_t *zip, const char *name, const char *descr, const char *shape,
                       size_t n_data, int32_t method)
{
    const size_t capacity = 256 + n_data;
    unsigned char *bytes = malloc(capacity);
    zip_source_t *source;
    zip_int64_t index;

    fuzz_expect(bytes, "no memory");
    source =
        zip_source_buffer(zip, bytes, make_npy(descr, shape, n_data, bytes, capacity), 1);
    index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    fuzz_expect(index >= 0 &&
                    zip_set_file_compression(zip, (zip_uint64_t)index, method, 0) == 0 &&
                    zip_file_set_mtime(zip, (zip_uint64_t)index, 946684800, 0) == 0,
                "a seed's member cannot be written");
}

static void write_npz(const char *name, const char *descr, const char *shape,
                      size_t n_data, int32_t method)
{
    zip_t *zip = zip_open(seed_path(name), ZIP_CREATE | ZIP_TRUNCATE, NULL);

    fuzz_expect(zip, "a seed cannot be written");
    add_member(zip, "x.npy", descr, shape, n_data, method);
    add_member(zip, "labels.npy", "<i8", "(2,)", 16, method);
    fuzz_expect(zip_close(zip) == 0, "a seed cannot be written");
}

static void seed_npz(void)
{
    write_npz("npz/sequences-stored", "<f4", "(2, 3, 1, 2, 1)", 48, ZIP_CM_STORE);
    write_npz("npz/sequences", "<f4", "(2, 3, 1, 2, 1)", 48, ZIP_CM_DEFLATE);
    write_npz("npz/vectors-stored", "|u1", "(2, 6)", 12, ZIP_CM_STORE);
    write_npz("npz/integers", "<i8", "(2, 1)", 16, ZIP_CM_DEFLATE);
}

static void write_safetensors(const char *name, const char *header, size_t n_data)
{
    const uint64_t n_header = strlen(header);
    unsigned char bytes[1024] = {0};

    memcpy(bytes, &n_header, sizeof n_header);
    memcpy(bytes + sizeof n_header, header, n_header);
    write_seed(name, bytes, sizeof n_header + n_header + n_data);
}

static void seed_safetensors(void)
{
    write_safetensors("safetensors/floats",
                      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                      "\"b\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[8,16]}}",
                      16);
    write_safetensors("safetensors/halves",
                      "{\"__metadata__\":{\"format\":\"pt\"},"
                      "\"h\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[4,10]},"
                      "\"g\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                      10);
    write_safetensors(
        "safetensors/integers",
        "{\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"o\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[8,9]}}  ",
        9);
}

/* A model, and its configuration alone. */
static void seed_model(tvae_model *model, const char *name, const char *configuration)
{
    tvae_archive *archive = NULL;
    const char *text;

    expect_ok(tvae_model_save(model, seed_path(name)));
    expect_ok(tvae_archive_load(seed_path(name), &archive));
    text = tvae_archive_metadata(archive, "tvae");
    write_seed(configuration, text, strlen(text));
    tvae_archive_destroy(&archive);
    tvae_model_destroy(&model);
}

static void seed_state(void)
{
    tvae_trainer *trainer = build_tiny_trainer();
    tvae_tensor *batch = build_tiny_batch();

    expect_ok(tvae_trainer_step(trainer, batch, NULL, 0));
    expect_ok(tvae_trainer_save(trainer, seed_path("state/adam.safetensors")));
    tvae_tensor_destroy(&batch);
    tvae_trainer_destroy(&trainer);
}

static void seed_config(void)
{
    static const char *const names[] = {"sprites_quick", "tvae_Lpartial_mnist"};
    static const char small[] =
        "{\"experiment\": \"sprites_quick\", \"n_capsules\": 2,\n"
        "\"capsule_dim\": 3, \"image_size\": 8,\n"
        "\"start\": [0, 1, 0, 0, 0], \"varying\": \"posX,posY\",\n"
        "\"learning_rate\": 1e-3, \"learn_mu\": false}\n";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tvae_config *config = NULL;
        char name[64];

        (void)snprintf(name, sizeof name, "config/%s", names[i]);
        expect_ok(tvae_config_create(names[i], &config));
        expect_ok(tvae_config_save(config, seed_path(name)));
        tvae_config_destroy(&config);
    }
    write_seed("config/small", small, sizeof small - 1);
}

static void seed_set(void)
{
    static const char numbers[] = "steps=40\nlearning_rate=1e-3\nepochs=2";
    static const char words[] = "varying=posX,posY\nlearn_mu=no";
    static const char others[] = "start=0,1,0,0,0\ndata=a/b.npz";

    write_seed("set/numbers", numbers, sizeof numbers - 1);
    write_seed("set/words", words, sizeof words - 1);
    write_seed("set/others", others, sizeof others - 1);
}

static void seed_text(const char *name, const char *text)
{
    write_seed(name, text, strlen(text));
}

static void seed_log(void)
{
    seed_text("log/lines",
              "{\"step\":3,\"epoch\":0,\"loss\":9.5,\"neg_log_px\":9,\"kl_z\":0.25,"
              "\"kl_u\":0.25,\"equivariance_error\":0.1,\"step_seconds\":0.01}\n"
              "{\"step\":4,\"epoch\":0,\"eval\":{\"split\":\"validation\","
              "\"n_sequences\":2,\"loss\":8.5,\"equivariance_error\":null,"
              "\"best\":true}}\n"
              "{\"step\":6,\"epoch\":1,\"loss\":7}\n{\"step\":9,\"lo");
    seed_text("log/summary",
              "{\"steps\": 6, \"loss\": 7.5, \"kl\": {\"z\": 1.5, \"u\": null},\n"
              "\"capcorr\": {\"posX\": [0.5, -1e-3]},\n"
              "\"note\": \"</script><b>\\u003c\xc3\xa9\"}\n");
}

/* Two images whose latents are the 0 and the 1 of one factor; and a file of zeros. */
static void seed_dsprites(void)
{
    zip_t *zip = zip_open(seed_path("dsprites/packed"), ZIP_CREATE | ZIP_TRUNCATE, NULL);

    static const char headers[] =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 64, 64), }\n"
        "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 6), }\n";
    unsigned char bytes[sizeof headers - 1 + 2 * 6 * 8 + 64] = {0};

    memcpy(bytes, headers, sizeof headers - 1);
    bytes[sizeof headers - 1 + (6 + 2) * 8] = 1;
    memset(bytes + sizeof headers - 1 + 2 * 6 * 8, 1, 64);
    write_seed("dsprites/inside", bytes, sizeof bytes);
    bytes[sizeof bytes - 1] = 2;
    write_seed("dsprites/grey-pixel", bytes, sizeof bytes);
    fuzz_expect(zip, "a seed cannot be written");
    add_member(zip, "imgs.npy", "|u1", "(2, 64, 64)", 2 * 64 * 64, ZIP_CM_DEFLATE);
    add_member(zip, "latents_classes.npy", "<i8", "(2, 6)", 2 * 6 * 8, ZIP_CM_DEFLATE);
    fuzz_expect(zip_close(zip) == 0, "a seed cannot be written");
}

int main(int argc, char **argv)
{
    fuzz_expect(argc == 2, "usage: make_seeds FOLDER");
    corpus = argv[1];
    seed_idx();
    seed_npy();
    seed_npz();
    seed_safetensors();
    seed_model(build_tiny_model(), "model/linear.safetensors", "architecture/linear");
    seed_model(build_tiny_conv_model(), "model/convolution.safetensors",
               "architecture/convolution");
    seed_state();
    seed_config();
    seed_set();
    seed_log();
    seed_dsprites();
    return EXIT_SUCCESS;
}
