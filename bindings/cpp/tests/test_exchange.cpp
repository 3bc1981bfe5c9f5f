/* SPDX-License-Identifier: MIT */
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <thread>

#include <unistd.h>

#include "check.hpp"

namespace
{

constexpr int n_all = 2, n_steps = 4;

/* Where the ranks, which are threads, meet, and show each other their memory. */
class meeting
{
  public:
    void wait()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        const long mine = n_meetings_;

        if (++n_here_ == n_all) {
            n_here_ = 0;
            n_meetings_++;
            all_here_.notify_all();
        }
        all_here_.wait(lock, [&] { return n_meetings_ != mine; });
    }

    const void *shown[n_all] = {};

  private:
    std::mutex mutex_;
    std::condition_variable all_here_;
    int n_here_ = 0;
    long n_meetings_ = 0;
};

std::size_t size_of(std::int32_t type)
{
    return type == TVAE_EXCHANGE_FLOAT32 ? 4 : type == TVAE_EXCHANGE_BFLOAT16 ? 2 : 1;
}

/* Every collective is: show, meet, read what the others show, meet. */
class thread_exchange : public tvae::exchange
{
  public:
    thread_exchange(meeting &place, std::int32_t rank)
        : exchange(rank, n_all), place_(place)
    {
    }

    tvae_status sum_start(void *values, std::size_t n_values, std::int32_t type,
                          void **request) override
    {
        CHECK(type == TVAE_EXCHANGE_FLOAT32);
        *request = new sum{static_cast<float *>(values), std::vector<float>(n_values)};
        return TVAE_OK;
    }

    tvae_status sum_wait(void *request, double) override
    {
        const std::unique_ptr<sum> one(static_cast<sum *>(request));

        share(one->values, [&] {
            for (const void *shown : place_.shown)
                for (std::size_t i = 0; i < one->total.size(); i++)
                    one->total[i] += static_cast<const float *>(shown)[i];
        });
        std::copy(one->total.begin(), one->total.end(), one->values);
        return TVAE_OK;
    }

    tvae_status gather(const void *own, tvae::span<const std::size_t> counts, void *all,
                       std::int32_t type, double) override
    {
        share(own, [&] {
            auto *out = static_cast<unsigned char *>(all);

            for (std::size_t i = 0; i < counts.size(); i++) {
                std::memcpy(out, place_.shown[i], counts[i] * size_of(type));
                out += counts[i] * size_of(type);
            }
        });
        return TVAE_OK;
    }

    tvae_status broadcast(void *values, std::size_t n_values, std::int32_t type,
                          std::int32_t root, double) override
    {
        share(values, [&] {
            if (root != rank())
                std::memcpy(values, place_.shown[root], n_values * size_of(type));
        });
        return TVAE_OK;
    }

    tvae_status barrier(double) override
    {
        place_.wait();
        return TVAE_OK;
    }

  private:
    struct sum {
        float *values;
        std::vector<float> total;
    };

    template <class Body> void share(const void *own, Body &&body)
    {
        place_.shown[rank()] = own;
        place_.wait();
        body();
        place_.wait();
    }

    meeting &place_;
};

/* An engine without others: its functions fail or throw. */
class failing_exchange : public tvae::exchange
{
  public:
    explicit failing_exchange(bool throws) : exchange(0, 2), throws_(throws)
    {
    }

    tvae_status sum_start(void *, std::size_t, std::int32_t, void **) override
    {
        return fail();
    }
    tvae_status sum_wait(void *, double) override
    {
        return fail();
    }
    tvae_status gather(const void *, tvae::span<const std::size_t>, void *, std::int32_t,
                       double) override
    {
        return fail();
    }
    tvae_status broadcast(void *, std::size_t, std::int32_t, std::int32_t,
                          double) override
    {
        return fail();
    }
    tvae_status barrier(double) override
    {
        return fail();
    }
    const char *last_error() noexcept override
    {
        return "the cable is out";
    }

  private:
    tvae_status fail() const
    {
        if (throws_)
            throw std::out_of_range("no such peer");
        return TVAE_E_IO;
    }

    bool throws_;
};

tvae::model small_model()
{
    tvae::prior_options prior_options;
    tvae::model_options options;

    prior_options.n_capsules = 2;
    prior_options.capsule_dims[0] = 4;
    options.channels = 1;
    options.height = options.width = 5;
    std::vector<tvae::neighbourhood> all;
    all.push_back(tvae::neighbourhood::shifting(3, 3, 0));
    tvae::model made =
        tvae::model::create(options, tvae::prior::create(prior_options, all));
    made.initialise(5);
    return made;
}

std::vector<float> parameters_of(const tvae::model &model)
{
    std::vector<float> all;

    for (std::size_t i = 0; i < model.parameter_count(); i++) {
        const tvae::parameter_facts facts = model.parameter_info(i);
        tvae::tensor value = tvae::tensor::create(facts.extents);

        model.get_parameter(facts.name, value);
        all.insert(all.end(), value.data().begin(), value.data().end());
    }
    return all;
}

tvae::dataset make_data()
{
    tvae::tensor x = tvae::tensor::create({12, 4, 1, 5, 5});

    for (std::size_t i = 0; i < x.data().size(); i++)
        x.data()[i] = static_cast<float>(i * 7 % 11) / 11.0f;
    return tvae::dataset::memory(x, tvae::tensor());
}

/* Steps on this rank's share of 6 sequences each. */
std::vector<float> train(const tvae::dataset &data, const tvae_exchange *way)
{
    tvae::model model = small_model();
    tvae::train_options options;
    options.learning_rate = 1e-2;
    tvae::trainer trainer = tvae::trainer::create(model, options);
    tvae::loader_options shares;
    shares.n_prefetch = 0;
    shares.n_shards = way ? way->n_ranks : 1;
    shares.shard = way ? way->rank : 0;
    shares.batch_size = 6 / shares.n_shards;
    tvae::loader loader = tvae::loader::create(data, shares);
    const auto n = static_cast<std::size_t>(shares.batch_size);
    tvae::tensor x = tvae::tensor::create({n, 4, 1, 5, 5});

    if (way)
        trainer.set_exchange(*way);
    for (int i = 0; i < n_steps; i++) {
        CHECK(loader.next(x, tvae::tensor()) == n);
        const tvae::batch_place place = loader.place();
        CHECK(place.n_total == 6 &&
              place.first == n * static_cast<std::size_t>(shares.shard));
        CHECK(std::isfinite(trainer.step_part(x, 0, place.first, place.n_total)[0]));
    }
    const tvae_exchange_facts facts = trainer.exchange_facts();
    CHECK(way ? facts.sent_bytes > 0.0 && facts.n_buckets > 0 : facts.n_buckets == 0);
    return parameters_of(model);
}

void ranks_train_as_one()
{
    const tvae::dataset data = make_data();
    const std::vector<float> alone = train(data, nullptr);
    const std::vector<float> untrained = parameters_of(small_model());
    meeting place;
    std::vector<float> found[n_all];
    std::vector<std::thread> ranks;
    double moved = 0.0;

    for (int rank = 0; rank < n_all; rank++)
        ranks.emplace_back([&, rank] {
            const thread_exchange way(place, rank);

            found[rank] = train(data, &way.table());
        });
    for (std::thread &rank : ranks)
        rank.join();
    CHECK(found[0] == found[1]);
    for (std::size_t i = 0; i < alone.size(); i++) {
        CHECK(std::fabs(found[0][i] - alone[i]) <= 1e-5f + 1e-5f * std::fabs(alone[i]));
        moved = std::max(moved, double(std::fabs(alone[i] - untrained[i])));
    }
    CHECK(moved > 1e-3);
}

void runs_of_ranks_train_and_evaluate()
{
    namespace fs = std::filesystem;
    const fs::path folder =
        fs::temp_directory_path() / ("tvae-cpp-ranks-" + std::to_string(getpid()));
    meeting place;
    std::vector<std::thread> ranks;

    for (int rank = 0; rank < n_all; rank++)
        ranks.emplace_back([&, rank] {
            const thread_exchange way(place, rank);
            tvae::config config = tvae::config::create("sprites_quick");

            config.set("image_size", "16");
            config.set("batch_size", "2");
            config.set("steps", "2");
            {
                tvae::run run = tvae::run::create_distributed(config, folder.string(),
                                                              false, way.table());
                run.train();
            }
            tvae::run run = tvae::run::open_distributed(folder.string(), way.table());
            tvae::evaluate_options options;
            options.n_sequences = 4;
            options.n_samples = 2;
            run.evaluate(options);
        });
    for (std::thread &rank : ranks)
        rank.join();
    {
        const tvae::run run = tvae::run::open(folder.string());
        CHECK(run.configuration().value("n_ranks") == "2");
        CHECK(run.summary_number("steps") == 2.0);
    }
    fs::remove_all(folder);
}

void failures_of_an_engine_come_out_of_the_call()
{
    tvae::model model = small_model();
    const failing_exchange failing(false), throwing(true);
    bool threw = false;

    {
        tvae::trainer trainer = tvae::trainer::create(model, tvae::train_options());
        const auto failed = trainer.set_exchange(failing.table(),
                                                 tvae::exchange_options(), tvae::nothrow);
        CHECK(failed.status() == TVAE_E_IO &&
              failed.sentence().find("the cable is out") != std::string::npos);
    }
    tvae::trainer trainer = tvae::trainer::create(model, tvae::train_options());
    try {
        trainer.set_exchange(throwing.table());
    } catch (const std::out_of_range &thrown) {
        threw = std::string(thrown.what()) == "no such peer";
    }
    CHECK(threw);
}

} // namespace

int main()
{
    const int status = run_tests({ranks_train_as_one, runs_of_ranks_train_and_evaluate});

    /* Memory that a failed engine was given is left to it, and so not counted. */
    failures_of_an_engine_come_out_of_the_call();
    return status;
}
