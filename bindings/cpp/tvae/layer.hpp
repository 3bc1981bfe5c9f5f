/* SPDX-License-Identifier: MIT */
#ifndef TVAE_LAYER_HPP
#define TVAE_LAYER_HPP

#include <functional>
#include <memory>

#include <tvae/layer.h>
#include <tvae/tensor.hpp>

namespace tvae
{

using linear_options = options<tvae_linear_options, tvae_linear_options_init>;
using conv2d_options = options<tvae_conv2d_options, tvae_conv2d_options_init>;

/** Scratch memory of one thread. */
class workspace : public handle<tvae_workspace, tvae_workspace_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode> static returns<M, workspace> create(M = {})
    {
        return detail::got<M, workspace>(tvae_workspace_create);
    }
};

/** What a named parameter is. */
struct parameter_facts {
    std::string name;
    shape extents;
};

namespace detail
{

/* tvae_layer_parameter_info() and its like, into C++. */
template <class M, class Call> returns<M, parameter_facts> parameter_facts_of(Call &&call)
{
    return got<M, parameter_facts>([&](parameter_facts *out) {
        std::array<char, 256> name{};
        std::array<std::size_t, TVAE_MAX_RANK> extents{};
        std::int32_t rank = 0;
        const tvae_status status = call(name.data(), name.size(), &rank, extents.data());

        out->name = name.data();
        out->extents = shape(extents.data(), static_cast<std::size_t>(rank));
        return status;
    });
}

} // namespace detail

/** The rows that a layer of the host's own is called with; all memory is the library's.
 */
struct custom_rows {
    const float *const *parameters; /**< in the order of custom_layer::parameters */
    std::size_t n_rows, n_inputs, n_outputs;
    span<const float> x; /**< [n_rows, n_inputs] */
};

/** A layer of the host's own: parameters, and functions that may throw. What they throw
 * comes out of the call that ran the layer. See tvae_custom_layer. */
struct custom_layer {
    struct parameter {
        std::string name;
        std::size_t count;
    };

    std::vector<parameter> parameters;
    /** Outputs a row for so many inputs a row; 0 refuses. */
    std::function<std::size_t(std::size_t n_inputs)> output_width;
    /** Fills the parameters, which are zero; may be left out. */
    std::function<void(std::uint64_t seed, float *const *parameters)> initialise;
    /** Writes y [n_rows, n_outputs]. */
    std::function<void(const custom_rows &rows, span<float> y)> forward;
    /** Writes dx (empty if not wanted), adds to the gradients of the parameters. */
    std::function<void(const custom_rows &rows, span<const float> y, span<const float> dy,
                       span<float> dx, float *const *gradients)>
        backward;
};

namespace detail
{

/* The table of C functions that call a custom_layer's; `user` is the custom_layer. */
struct custom_table {
    static const custom_layer &of(void *user)
    {
        return *static_cast<const custom_layer *>(user);
    }

    static std::size_t output_width(void *user, std::size_t n_inputs)
    {
        return guarded(std::size_t{0}, [&] { return of(user).output_width(n_inputs); });
    }

    static tvae_status initialise(void *user, std::uint64_t seed,
                                  float *const *parameters)
    {
        return guarded(tvae_status{TVAE_E_CANCELLED}, [&]() -> tvae_status {
            of(user).initialise(seed, parameters);
            return TVAE_OK;
        });
    }

    static custom_rows rows(void *user, const float *const *parameters,
                            std::size_t n_rows, std::size_t n_inputs, const float *x)
    {
        return {parameters,
                n_rows,
                n_inputs,
                of(user).output_width(n_inputs),
                {x, n_rows * n_inputs}};
    }

    static tvae_status forward(void *user, const float *const *parameters,
                               std::size_t n_rows, std::size_t n_inputs, const float *x,
                               float *y)
    {
        return guarded(tvae_status{TVAE_E_CANCELLED}, [&]() -> tvae_status {
            const custom_rows all = rows(user, parameters, n_rows, n_inputs, x);

            of(user).forward(all, {y, n_rows * all.n_outputs});
            return TVAE_OK;
        });
    }

    static tvae_status backward(void *user, const float *const *parameters,
                                std::size_t n_rows, std::size_t n_inputs, const float *x,
                                const float *y, const float *dy, float *dx,
                                float *const *gradients)
    {
        return guarded(tvae_status{TVAE_E_CANCELLED}, [&]() -> tvae_status {
            const custom_rows all = rows(user, parameters, n_rows, n_inputs, x);
            const std::size_t n_outputs = n_rows * all.n_outputs;

            of(user).backward(all, {y, n_outputs}, {dy, n_outputs},
                              {dx, dx ? n_rows * n_inputs : 0}, gradients);
            return TVAE_OK;
        });
    }

    static void release(void *user)
    {
        delete static_cast<custom_layer *>(user);
    }

    static tvae_status create(std::unique_ptr<custom_layer> functions, tvae_layer **out)
    {
        std::vector<const char *> names;
        std::vector<std::size_t> counts;
        tvae_custom_layer table{};

        for (const custom_layer::parameter &one : functions->parameters) {
            names.push_back(one.name.c_str());
            counts.push_back(one.count);
        }
        table.size = sizeof table;
        table.user = functions.get();
        table.n_parameters = names.size();
        table.parameter_names = names.data();
        table.parameter_counts = counts.data();
        table.output_width = functions->output_width ? output_width : nullptr;
        table.initialise = functions->initialise ? initialise : nullptr;
        table.forward = functions->forward ? forward : nullptr;
        table.backward = functions->backward ? backward : nullptr;
        table.release = release;

        const tvae_status status = tvae_layer_create_custom(&table, out);
        if (status == TVAE_OK)
            (void)functions.release(); /* deleted by the library's last reference */
        return status;
    }
};

} // namespace detail

/** Maps rows [rows, inputs] to rows [rows, outputs]. */
class layer
    : public shared_handle<layer, tvae_layer, tvae_layer_destroy, tvae_layer_retain>
{
  public:
    using shared_handle::shared_handle;

    template <class M = default_mode>
    static returns<M, layer> linear(const tvae_linear_options &wanted, M = {})
    {
        return detail::got<M, layer>(
            [&](tvae_layer **out) { return tvae_layer_create_linear(&wanted, out); });
    }

    template <class M = default_mode>
    static returns<M, layer> linear(std::int64_t n_inputs, std::int64_t n_outputs,
                                    M mode = {})
    {
        linear_options wanted;

        wanted.n_inputs = n_inputs;
        wanted.n_outputs = n_outputs;
        return linear(wanted, mode);
    }

    template <class M = default_mode>
    static returns<M, layer> conv2d(const tvae_conv2d_options &wanted, M = {})
    {
        return detail::got<M, layer>(
            [&](tvae_layer **out) { return tvae_layer_create_conv2d(&wanted, out); });
    }

    template <class M = default_mode>
    static returns<M, layer> conv_transpose2d(const tvae_conv2d_options &wanted, M = {})
    {
        return detail::got<M, layer>([&](tvae_layer **out) {
            return tvae_layer_create_conv_transpose2d(&wanted, out);
        });
    }

    template <class M = default_mode> static returns<M, layer> relu(M = {})
    {
        return detail::got<M, layer>(tvae_layer_create_relu);
    }

    template <class M = default_mode>
    static returns<M, layer> leaky_relu(double negative_slope, M = {})
    {
        return detail::got<M, layer>([&](tvae_layer **out) {
            return tvae_layer_create_leaky_relu(negative_slope, out);
        });
    }

    template <class M = default_mode> static returns<M, layer> sigmoid(M = {})
    {
        return detail::got<M, layer>(tvae_layer_create_sigmoid);
    }

    template <class M = default_mode> static returns<M, layer> tanh(M = {})
    {
        return detail::got<M, layer>(tvae_layer_create_tanh);
    }

    template <class M = default_mode> static returns<M, layer> softplus(M = {})
    {
        return detail::got<M, layer>(tvae_layer_create_softplus);
    }

    /** The chain keeps its own references: the parts may go. */
    template <class M = default_mode>
    static returns<M, layer> sequential(span<const layer> parts, M = {})
    {
        const auto all = detail::pointers(parts);

        return detail::got<M, layer>([&](tvae_layer **out) {
            return tvae_layer_create_sequential(all.data(), all.size(), out);
        });
    }

    template <class M = default_mode>
    static returns<M, layer> custom(custom_layer functions, M = {})
    {
        return detail::got<M, layer>([&](tvae_layer **out) {
            return detail::custom_table::create(
                std::make_unique<custom_layer>(std::move(functions)), out);
        });
    }

    template <class M = default_mode>
    returns<M, void> initialise(std::uint64_t seed, M = {})
    {
        return detail::finish<M>(tvae_layer_initialise(get(), seed));
    }

    template <class M = default_mode>
    returns<M, std::size_t> output_width(std::size_t n_inputs, M = {}) const
    {
        return detail::got<M, std::size_t>([&](std::size_t *out) {
            return tvae_layer_output_width(get(), n_inputs, out);
        });
    }

    std::size_t parameter_count() const noexcept
    {
        return tvae_layer_parameter_count(get());
    }

    template <class M = default_mode>
    returns<M, parameter_facts> parameter_info(std::size_t index, M = {}) const
    {
        return detail::parameter_facts_of<M>(
            [&](auto... out) { return tvae_layer_parameter_info(get(), index, out...); });
    }

    template <class M = default_mode>
    returns<M, void> get_parameter(const std::string &name, tensor &value, M = {}) const
    {
        return detail::finish<M>(
            tvae_layer_get_parameter(get(), name.c_str(), value.get()));
    }

    template <class M = default_mode>
    returns<M, void> set_parameter(const std::string &name, const tensor &value, M = {})
    {
        return detail::finish<M>(
            tvae_layer_set_parameter(get(), name.c_str(), value.get()));
    }

    template <class M = default_mode>
    returns<M, void> get_gradient(const std::string &name, tensor &gradient, M = {}) const
    {
        return detail::finish<M>(
            tvae_layer_get_gradient(get(), name.c_str(), gradient.get()));
    }

    template <class M = default_mode> returns<M, void> zero_gradient(M = {})
    {
        return detail::finish<M>(tvae_layer_zero_gradient(get()));
    }

    template <class M = default_mode>
    returns<M, void> forward(workspace &work, const tensor &x, tensor &y, M = {}) const
    {
        return detail::finish<M>(tvae_layer_forward(get(), work.get(), x.get(), y.get()));
    }

    /** `dx` may be empty. */
    template <class M = default_mode>
    returns<M, void> backward(workspace &work, const tensor &x, const tensor &y,
                              const tensor &dy, const tensor &dx, M = {})
    {
        return detail::finish<M>(
            tvae_layer_backward(get(), work.get(), x.get(), y.get(), dy.get(), dx.get()));
    }
};

} // namespace tvae

#endif
