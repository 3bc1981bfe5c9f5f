/* SPDX-License-Identifier: MIT */
/* A Topographic VAE composed in C++: trained on a bar that goes round a ring of pixels,
 * then one encoded frame is rolled through its capsules and decoded, step by step, which
 * shows the bar go round.
 *
 *   compose_and_roll [STEPS] */
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <tvae.hpp>

namespace
{

constexpr std::size_t n_sequences = 24, n_frames = 8, n_pixels = 24, bar_width = 5;
constexpr std::size_t n_capsules = 4, n_latents = n_capsules * n_frames, n_hidden = 32;

tvae::layer network(std::size_t n_inputs, std::size_t n_outputs)
{
    const tvae::layer parts[] = {
        tvae::layer::linear(static_cast<std::int64_t>(n_inputs), n_hidden),
        tvae::layer::relu(),
        tvae::layer::linear(n_hidden, static_cast<std::int64_t>(n_outputs))};

    return tvae::layer::sequential(parts);
}

tvae::model compose()
{
    const tvae::neighbourhood window[] = {tvae::neighbourhood::shifting(5, 5, 0)};
    tvae::prior_options grid;
    tvae::model_options frame;

    grid.n_capsules = n_capsules;
    grid.capsule_dims[0] = n_frames;
    frame.channels = frame.height = 1;
    frame.width = n_pixels;

    tvae::model model = tvae::model::compose(
        frame, network(n_pixels, 2 * n_latents), network(n_pixels, 2 * n_latents),
        tvae::prior::create(grid, window), network(n_latents, n_pixels));
    model.initialise(1);
    return model;
}

/* Each sequence starts at another pixel, and comes round once. */
std::vector<float> sequences()
{
    std::vector<float> x;

    for (std::size_t sequence = 0; sequence < n_sequences; sequence++)
        for (std::size_t frame = 0; frame < n_frames; frame++)
            for (std::size_t pixel = 0; pixel < n_pixels; pixel++) {
                const std::size_t start = sequence + frame * (n_pixels / n_frames);
                const std::size_t place =
                    (pixel + 2 * n_pixels - start % n_pixels) % n_pixels;

                x.push_back(place < bar_width ? 1.0f : 0.0f);
            }
    return x;
}

double train(const tvae::model &model, const tvae::tensor &x, long n_steps)
{
    tvae::train_options options;
    double before = 0.0, loss = 0.0;

    options.optimizer = TVAE_OPTIMIZER_ADAM;
    options.learning_rate = 3e-3;
    tvae::trainer trainer = tvae::trainer::create(model, options);
    for (long step = 0; step < n_steps; step++) {
        loss = trainer.step(x)[TVAE_TERM_LOSS];
        before = step == 0 ? loss : before;
    }
    std::printf("loss %.3f nats a frame before, %.3f after %ld steps\n", before, loss,
                n_steps);
    return loss / before;
}

/* The share of the pixels that the decoded rolls of the first frame have as the true
 * frames do; blank pictures would have 79 %. */
double roll_and_compare(const tvae::model &model, tvae::tensor &x)
{
    tvae::workspace work = tvae::workspace::create();
    tvae::tensor sequence = x.view(0, {1, n_frames, 1, 1, n_pixels});
    tvae::tensor t = tvae::tensor::create({1, n_frames, n_latents});
    tvae::tensor noise_z = tvae::tensor::create(t.extents());
    tvae::tensor noise_u = tvae::tensor::create(t.extents());
    tvae::tensor rolled = tvae::tensor::create({1, 1, n_latents});
    tvae::tensor frame = tvae::tensor::create({1, 1, 1, 1, n_pixels});
    const tvae::roll roll = tvae::roll::create({n_frames, 1, 1}, 0);
    std::size_t n_right = 0;

    noise_z.fill_normal(1, 0);
    noise_u.fill_normal(1, 1);
    model.sample(work, sequence, noise_z, noise_u, t);
    const tvae::tensor first = t.view(0, {1, 1, n_latents});
    for (std::size_t shift = 0; shift < n_frames; shift++) {
        roll.apply(first, static_cast<std::int64_t>(shift), rolled);
        model.decode(work, rolled, frame);
        std::string line;
        for (std::size_t pixel = 0; pixel < n_pixels; pixel++) {
            const bool on = frame.data()[pixel] > 0.5f;

            line += on ? '#' : '.';
            n_right += on == (sequence.data()[shift * n_pixels + pixel] > 0.5f) ? 1 : 0;
        }
        std::printf("rolled by %zu  %s\n", shift, line.c_str());
    }
    return static_cast<double>(n_right) / static_cast<double>(n_frames * n_pixels);
}

} // namespace

int main(int argc, char **argv)
{
    try {
        const long n_steps = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 300;
        std::vector<float> memory = sequences();
        tvae::tensor x =
            tvae::tensor::wrap(memory, {n_sequences, n_frames, 1, 1, n_pixels});
        const tvae::model model = compose();
        const double ratio = train(model, x, n_steps);
        const double right = roll_and_compare(model, x);

        std::printf("%.0f %% of the pixels are those of the true sequence\n",
                    100.0 * right);
        return ratio < 0.8 && right > 0.9 ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const tvae::error &failure) {
        std::fprintf(stderr, "%s: %s\n", tvae::status_name(failure.status()).c_str(),
                     failure.what());
        return EXIT_FAILURE;
    }
}
