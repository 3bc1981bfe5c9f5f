/* SPDX-License-Identifier: MIT */
/* Every class of the binding does what its C functions do. */
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "check.hpp"

namespace
{

constexpr std::size_t n_sequences = 3, n_frames = 4, n_pixels = 6;

std::string scratch(const std::string &name)
{
    return (std::filesystem::temp_directory_path() /
            ("tvae-cpp-" + std::to_string(getpid()) + name))
        .string();
}

tvae::prior causal_prior()
{
    const tvae::neighbourhood window[] = {tvae::neighbourhood::shifting_range(-1, 0, 0)};
    tvae::prior_options grid;

    grid.n_capsules = 2;
    grid.capsule_dims[0] = n_frames;
    grid.frame_boundary = TVAE_BOUNDARY_ZERO;
    return tvae::prior::create(grid, window);
}

tvae::model small_model()
{
    tvae::model_options frame;

    frame.channels = frame.height = 1;
    frame.width = n_pixels;
    tvae::model model = tvae::model::create(frame, causal_prior());
    model.initialise(1);
    return model;
}

tvae::tensor ones(const tvae::shape &extents)
{
    tvae::tensor x = tvae::tensor::create(extents);

    for (float &value : x.data())
        value = 1.0f;
    return x;
}

void archives_keep_tensors_and_texts()
{
    const std::string path = scratch(".safetensors");
    tvae::archive archive = tvae::archive::create();

    archive.put("one", ones({2}));
    archive.set_metadata("key", "text");
    archive.save(path);
    const tvae::archive read = tvae::archive::load(path);
    CHECK(read.count() == 1 && read.name(0) == "one" && read.name(1).empty());
    CHECK(read.get_tensor("one").data()[1] == 1.0f);
    CHECK(read.metadata("key") == "text" && !read.metadata("other"));
    std::filesystem::remove(path);
}

void layers_chain()
{
    tvae::conv2d_options image;
    tvae::workspace work = tvae::workspace::create();

    image.in_channels = image.out_channels = 1;
    image.input_height = image.input_width = 3;
    image.kernel_height = image.kernel_width = 3;
    const tvae::layer parts[] = {tvae::layer::conv2d(image), tvae::layer::tanh(),
                                 tvae::layer::linear(1, 9)};
    tvae::layer chain = tvae::layer::sequential(parts);
    chain.initialise(1);
    CHECK(chain.parameter_count() == 4 && chain.output_width(9) == 9);
    CHECK(chain.parameter_info(0).name == "0.weight" &&
          chain.parameter_info(0).extents == tvae::shape({1, 1, 3, 3}));
    tvae::tensor bias = ones({9});
    chain.set_parameter("2.bias", bias);
    bias.fill_normal(1, 1);
    chain.get_parameter("2.bias", bias);
    CHECK(bias.data()[8] == 1.0f);
    tvae::tensor y = tvae::tensor::create({1, 9});
    chain.forward(work, tvae::tensor::create({1, 9}), y);
    CHECK(std::isfinite(y.data()[0]));
    CHECK(tvae::layer::relu().output_width(3) == 3 &&
          tvae::layer::sigmoid().output_width(3) == 3);
    CHECK(tvae::layer::softplus().output_width(3) == 3);
    CHECK(tvae::layer::leaky_relu(0.1).output_width(3) == 3);
    image.input_height = image.input_width = 1;
    CHECK(tvae::layer::conv_transpose2d(image).output_width(1) == 9);
}

void topographies_construct_and_roll()
{
    const tvae::neighbourhood::entry entries[] = {{{0, 0, 0, 0}, 1.0f},
                                                  {{1, 1, 0, 0}, 0.5f}};
    const tvae::neighbourhood some = tvae::neighbourhood::entries(entries);

    CHECK(some.count() == 2 && some.at(1).place[1] == 1 && some.at(1).weight == 0.5f);
    CHECK(some.describe().find('+') != std::string::npos);
    CHECK(tvae::neighbourhood::stationary({1, 2, 2, 1}).count() == 4);
    tvae::prior prior = causal_prior();
    prior.set_mu(2.0);
    CHECK(prior.n_latents() == 2 * n_frames && prior.mu() == 2.0);
    const tvae::shape latents{1, n_frames, 2, n_frames};
    const tvae::tensor z = ones(latents), u = ones(latents);
    tvae::tensor t = tvae::tensor::create(latents), dz = tvae::tensor::create(latents);
    tvae::tensor du = tvae::tensor::create(latents);
    prior.apply(z, u, t);
    CHECK(std::abs(t.data()[0] - 3.0f) < 1e-4f);
    CHECK(std::isfinite(prior.gradient(z, u, t, dz, du, tvae::tensor())));

    const tvae::roll roll = tvae::roll::create({n_frames, 1, 1}, 0);
    tvae::tensor rolled = tvae::tensor::create(latents);
    t.fill_normal(1, 1);
    roll.apply(t, 1, rolled);
    CHECK(rolled.data()[1] == t.data()[0]);
    const std::vector<std::int64_t> shifts(n_frames, -1);
    roll.apply(t, shifts, rolled);
    CHECK(rolled.data()[0] == t.data()[1]);
    const double half[] = {1.0};
    double dshift[] = {0.0}, none[2] = {};
    roll.apply_fractional(t, half, rolled);
    CHECK(rolled.data()[1] == t.data()[0]);
    roll.gradient(t, half, rolled, dz, dshift);
    CHECK(roll.gradient(t, half, rolled, dz, none, tvae::nothrow).status() ==
          TVAE_E_SHAPE);
}

void models_infer_train_and_stream()
{
    const std::string path = scratch(".safetensors");
    tvae::workspace work = tvae::workspace::create();
    tvae::model model = small_model();
    const tvae::tensor x = ones({n_sequences, n_frames, 1, 1, n_pixels});
    const tvae::shape latents{n_sequences, n_frames, 2 * n_frames};
    tvae::tensor t = tvae::tensor::create(latents), mean = tvae::tensor::create(latents);
    tvae::tensor seen = tvae::tensor::create(x.extents());

    CHECK(model.frame_shape()[2] == n_pixels && model.latent_shape()[1] == n_frames);
    CHECK(model.topography().n_latents() == 2 * n_frames);
    model.encode(work, x, t);
    model.decode(work, t, seen);
    model.posterior(work, x, mean, tvae::tensor(), tvae::tensor(), tvae::tensor());
    model.sample(work, x, ones(latents), ones(latents), mean);
    tvae::tensor ahead = tvae::tensor::create({n_sequences, 2, 1, 1, n_pixels});
    model.predict(work, x, 2, ahead);
    tvae::tensor evidence = tvae::tensor::create({n_sequences, n_frames});
    model.log_likelihood(work, x, 2, 1, evidence, tvae::tensor());
    CHECK(evidence.data()[0] < 0.0f && seen.data()[0] > 0.0f);
    const double loss =
        model.elbo(work, x, tvae::tensor(), tvae::tensor())[TVAE_TERM_LOSS];
    CHECK(model.elbo_gradient(work, x, tvae::tensor(), tvae::tensor())[TVAE_TERM_LOSS] ==
          loss);
    tvae::tensor bias = tvae::tensor::create(model.parameter_info(1).extents);
    model.get_gradient(model.parameter_info(1).name, bias);
    model.get_parameter(model.parameter_info(1).name, bias);
    model.set_parameter(model.parameter_info(1).name, bias);
    model.zero_gradient();

    tvae::stream stream = tvae::stream::create(model);
    tvae::tensor frame = ones({1, 1, n_pixels}),
                 now = tvae::tensor::create({2 * n_frames});
    stream.push(frame, now);
    CHECK(std::abs(now.data()[0] - t.data()[0]) <=
          1e-4f * (1.0f + std::abs(t.data()[0])));
    stream.reset();

    tvae::train_options options;
    options.optimizer = TVAE_OPTIMIZER_ADAM;
    tvae::trainer trainer = tvae::trainer::create(model, options);
    trainer.step(x);
    trainer.save(path);
    const double next = trainer.step(x)[TVAE_TERM_LOSS];
    trainer.load(path);
    CHECK(trainer.step_count() == 1 && trainer.step(x)[TVAE_TERM_LOSS] == next);
    trainer.set_learning_rate(0.5);
    CHECK(trainer.learning_rate() == 0.5 && trainer.kl_weight() == 1.0);
    CHECK(trainer.seconds_of_parts()[TVAE_PART_DECODER] > 0.0);
    model.save(path);
    CHECK(tvae::model::load(path).parameter_count() == model.parameter_count());
    std::filesystem::remove(path);
}

void metrics_gather()
{
    tvae::tensor t = tvae::tensor::create({n_sequences, n_frames, 2, n_frames});
    tvae::tensor factors = tvae::tensor::create({n_sequences, n_frames, 1});

    t.fill_normal(1, 1);
    for (std::size_t i = 0; i < factors.count(); i++)
        factors.data()[i] = static_cast<float>((i + i / n_frames) % n_frames);
    CHECK(tvae::equivariance_error(t) > 0.0);
    CHECK(std::abs(tvae::equivariance_error_pairs(t) - tvae::equivariance_error(t)) <
          1e-3);
    tvae::capcorr capcorr = tvae::capcorr::create(1, 2);
    capcorr.add(t, factors);
    capcorr.add_factor(t, factors, 0);
    (void)capcorr.value(0, TVAE_CAPCORR_NEAREST);
    (void)capcorr.capsule_value(0, 1);
    CHECK(capcorr.value(1, TVAE_CAPCORR_NEAREST, tvae::nothrow).status() ==
          TVAE_E_INVALID);
    tvae::covariance covariance =
        tvae::covariance::create(8, 8, TVAE_COVARIANCE_ABSOLUTE);
    covariance.add(t, tvae::tensor());
    tvae::tensor matrix = tvae::tensor::create({8, 8});
    covariance.matrix(true, matrix);
    const tvae::smoothness smooth =
        tvae::topographic_smoothness(covariance, {2, n_frames, 1, 1});
    CHECK(matrix.data()[9] == 0.0f &&
          std::abs(smooth.neighbours - smooth.others - smooth.difference) < 1e-12);
    tvae::selectivity selectivity = tvae::selectivity::create(8, 2);
    tvae::tensor labels = tvae::tensor::create({n_sequences, n_frames});
    for (std::size_t i = 0; i < labels.count(); i += 2)
        labels.data()[i] = 1.0f;
    selectivity.add(t, labels);
    tvae::tensor d_prime = tvae::tensor::create({2, 8}), map = tvae::tensor::create({8});
    selectivity.d_prime(d_prime);
    selectivity.map(0.0, map);
    CHECK(map.data()[0] == (d_prime.data()[8] >= 0.0f ? 1.0f : 0.0f));
    tvae::max_activation largest = tvae::max_activation::create(8);
    largest.add(t);
    CHECK(t.data()[largest.find(3).number * 8 + 3] ==
          static_cast<float>(largest.find(3).value));
    tvae::activity activity = tvae::activity::create(8);
    activity.add(t, t);
    CHECK(activity.count(TVAE_ACTIVITY_VARIANCE, 0.0) == 8);
    CHECK(activity.value(0, TVAE_ACTIVITY_KL) > 0.0);
}

void data_are_loaded()
{
    tvae::sprites_options small;
    small.image_size = 8;
    const tvae::dataset sprites = tvae::dataset::sprites(small);
    CHECK(sprites.sequence_shape()[2] == 8 &&
          sprites.factor_count() == TVAE_N_SPRITE_FACTORS);
    CHECK(sprites.factor_name(TVAE_FACTOR_POS_X) == "posX" &&
          sprites.factor_name(9).empty());
    CHECK(sprites.factor_values(TVAE_FACTOR_SHAPE) == 3);

    const tvae::dataset memory = tvae::dataset::memory(
        ones({n_sequences, n_frames, 1, 1, n_pixels}), tvae::tensor());
    tvae::tensor one = tvae::tensor::create({n_frames, 1, 1, n_pixels});
    memory.read(0, 0, 0, one, tvae::tensor());
    CHECK(memory.count() == n_sequences && one.data()[0] == 1.0f);
    tvae::loader_options options;
    options.batch_size = 2;
    options.drop_last = 0;
    tvae::loader loader = tvae::loader::create(memory, options);
    tvae::tensor batch = tvae::tensor::create({2, n_frames, 1, 1, n_pixels});
    CHECK(loader.batches_per_epoch() == 2 && loader.next(batch, tvae::tensor()) == 2);
    CHECK(loader.next(batch, tvae::tensor()) == 1);
    CHECK(tvae::dataset::mnist(scratch("-none"), tvae::mnist_options(), tvae::nothrow)
              .status() == TVAE_E_NOT_FOUND);
    CHECK(tvae::dataset::dsprites(scratch("-none.npz"), tvae::sprites_options(),
                                  tvae::nothrow)
              .status() == TVAE_E_NOT_FOUND);
    CHECK(tvae::dataset::npz(scratch("-none.npz"), tvae::npz_options(), tvae::nothrow)
              .status() == TVAE_E_NOT_FOUND);
}

void experiments_configure_and_report()
{
    const std::string path = scratch(".json"), picture = scratch(".png");
    tvae::config config = tvae::config::create("sprites_quick");

    CHECK(tvae::experiments().size() == tvae_experiment_count());
    CHECK(tvae::config_key_facts(0).name != nullptr && tvae::config_key_count() > 10);
    config.set("batch_size", "3");
    config.save(path);
    const tvae::config read = tvae::config::load(path);
    CHECK(read.value("batch_size") == "3" && read.json() == config.json());
    CHECK(read.value("batchsize", tvae::nothrow).status() == TVAE_E_NOT_FOUND);
    CHECK(read.build_model().parameter_count() > 0);
    CHECK(read.open_data(TVAE_SPLIT_TEST).count() > 0);
    tvae::write_picture(picture, ones({1, 1, 1, 4, 4}), 2);
    CHECK(std::filesystem::file_size(picture) > 0);
    CHECK(tvae::run::open(scratch("-none"), tvae::nothrow).status() == TVAE_E_NOT_FOUND);
    tvae::run none;
    CHECK(tvae::draw_figures(none, "", {}, tvae::nothrow).status() == TVAE_E_INVALID);
    CHECK(tvae::plot_likelihood({}, picture, tvae::nothrow).status() == TVAE_E_INVALID);
    CHECK(tvae::write_html({}, path, "", {}, tvae::nothrow).status() == TVAE_E_INVALID);
    std::filesystem::remove(path);
    std::filesystem::remove(picture);
}

} // namespace

int main()
{
    return run_tests({archives_keep_tensors_and_texts, layers_chain,
                      topographies_construct_and_roll, models_infer_train_and_stream,
                      metrics_gather, data_are_loaded, experiments_configure_and_report});
}
