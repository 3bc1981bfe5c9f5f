/* SPDX-License-Identifier: MIT */
#include <filesystem>
#include <string>

#include <unistd.h>

#include "check.hpp"

namespace
{

/* An exception of the host's own, which is no std::exception. */
struct interrupted {
    int at;
};

/* y = (1 + gain) x; each function throws when its number is `throws_at`. */
tvae::custom_layer gain(const int &throws_at)
{
    tvae::custom_layer functions;
    const auto may_throw = [&throws_at](int at) {
        if (throws_at == at)
            throw interrupted{at};
    };

    functions.parameters = {{"gain", 2}};
    functions.output_width = [=](std::size_t n_inputs) {
        may_throw(1);
        return n_inputs == 2 ? n_inputs : 0;
    };
    functions.initialise = [=](std::uint64_t seed, float *const *parameters) {
        may_throw(2);
        parameters[0][0] = parameters[0][1] = static_cast<float>(seed > 0);
    };
    functions.forward = [=](const tvae::custom_rows &rows, tvae::span<float> y) {
        may_throw(3);
        for (std::size_t i = 0; i < y.size(); i++)
            y[i] = (1.0f + rows.parameters[0][i % rows.n_inputs]) * rows.x[i];
    };
    functions.backward = [=](const tvae::custom_rows &rows, tvae::span<const float>,
                             tvae::span<const float> dy, tvae::span<float> dx,
                             float *const *gradients) {
        may_throw(4);
        for (std::size_t i = 0; i < dy.size(); i++)
            gradients[0][i % rows.n_inputs] += dy[i] * rows.x[i];
        for (std::size_t i = 0; i < dx.size(); i++)
            dx[i] = (1.0f + rows.parameters[0][i % rows.n_inputs]) * dy[i];
    };
    return functions;
}

template <class Body> int thrown_by(Body &&body)
{
    try {
        body();
    } catch (const interrupted &thrown) {
        return thrown.at;
    }
    return 0;
}

void custom_layers_compute()
{
    const int throws_at = 0;
    tvae::layer layer = tvae::layer::custom(gain(throws_at));
    tvae::workspace work = tvae::workspace::create();
    tvae::tensor x = tvae::tensor::create({3, 2}), y = tvae::tensor::create({3, 2});
    tvae::tensor dx = tvae::tensor::create({3, 2}), gradient = tvae::tensor::create({2});

    layer.initialise(1);
    x.fill_normal(1, 1);
    layer.forward(work, x, y);
    CHECK(layer.output_width(2) == 2 && y.data()[5] == 2.0f * x.data()[5]);
    CHECK(layer.parameter_info(0).name == "gain");
    layer.backward(work, x, y, y, dx);
    layer.backward(work, x, y, y, tvae::tensor());
    CHECK(dx.data()[1] == 4.0f * x.data()[1]);
    layer.get_gradient("gain", gradient);
    const auto in = x.data();
    const float once = 2.0f * (in[0] * in[0] + in[2] * in[2] + in[4] * in[4]);
    CHECK(std::abs(gradient.data()[0] - 2.0f * once) < 1e-4f * once);
}

void exceptions_of_a_layer_come_out_of_the_call()
{
    int throws_at = 0;
    tvae::layer layer = tvae::layer::custom(gain(throws_at));
    tvae::workspace work = tvae::workspace::create();
    tvae::tensor x = tvae::tensor::create({3, 2}), y = tvae::tensor::create({3, 2});

    layer.forward(work, x, y);
    throws_at = 1;
    CHECK(thrown_by([&] { (void)layer.output_width(2); }) == 1);
    throws_at = 2;
    CHECK(thrown_by([&] { layer.initialise(1); }) == 2);
    throws_at = 3;
    CHECK(thrown_by([&] { layer.forward(work, x, y); }) == 3);
    const auto failed = layer.forward(work, x, y, tvae::nothrow);
    CHECK(failed.status() == TVAE_E_CANCELLED && !failed.sentence().empty());
    CHECK(thrown_by([&] { failed.value(); }) == 3);
    throws_at = 0;
    layer.forward(work, x, y);
    throws_at = 4;
    CHECK(thrown_by([&] { layer.backward(work, x, y, y, tvae::tensor()); }) == 4);

    /* Nothing of it is left for the next failure. */
    CHECK(thrown_by([&] { (void)layer.forward(work, y, x, tvae::nothrow); }) == 0);
    throws_at = 0;
    tvae::tensor wrong = tvae::tensor::create({3, 1});
    CHECK(layer.forward(work, wrong, y, tvae::nothrow).status() == TVAE_E_SHAPE);
}

void refused_layers_free_their_functions()
{
    const int throws_at = 0;
    tvae::custom_layer functions = gain(throws_at);
    const auto kept = std::make_shared<int>(0);

    functions.forward = nullptr;
    functions.initialise = [kept](std::uint64_t, float *const *) {};
    CHECK(tvae::layer::custom(functions, tvae::nothrow).status() == TVAE_E_INVALID);
    CHECK(kept.use_count() == 2);
    functions = gain(throws_at);
    functions.initialise = [kept](std::uint64_t, float *const *) {};
    {
        const tvae::layer made = tvae::layer::custom(std::move(functions));
        CHECK(kept.use_count() == 2);
    }
    CHECK(kept.use_count() == 1);
}

void progress_is_told_stops_and_throws()
{
    namespace fs = std::filesystem;
    const fs::path folder =
        fs::temp_directory_path() / ("tvae-cpp-" + std::to_string(getpid()));
    tvae::config config = tvae::config::create("sprites_quick");
    std::int64_t told = 0;

    config.set("steps", "4");
    config.set("batch_size", "2");
    {
        tvae::run run = tvae::run::create(config, folder.string());
        const auto stopped =
            run.train([](const tvae_progress &) { return false; }, tvae::nothrow);
        CHECK(stopped.status() == TVAE_E_CANCELLED);
    }
    {
        tvae::run run = tvae::run::resume(tvae::config(), folder.string());
        CHECK(run.folder() == folder.string() &&
              run.configuration().value("steps") == "4");
        CHECK(thrown_by([&] {
                  run.train([](const tvae_progress &state) -> bool {
                      throw interrupted{static_cast<int>(state.done)};
                  });
              }) == 2);
    }
    {
        tvae::run run = tvae::run::resume(tvae::config(), folder.string());
        run.train([&](const tvae_progress &state) {
            told = state.done;
            return true;
        });
        CHECK(told == 4);
        tvae::evaluate_options options;
        options.n_sequences = options.n_samples = 2;
        run.evaluate(options);
        CHECK(run.summary_number("steps") == 4.0);
        CHECK(run.last_model().parameter_count() > 0);
    }
    fs::remove_all(folder);
}

} // namespace

int main()
{
    return run_tests({custom_layers_compute, exceptions_of_a_layer_come_out_of_the_call,
                      refused_layers_free_their_functions,
                      progress_is_told_stops_and_throws});
}
