/* SPDX-License-Identifier: MIT */
#ifndef TVAE_STATUS_HPP
#define TVAE_STATUS_HPP

#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <tvae/base.h>

/** How calls fail: by an exception, or by a result that is asked.
 *
 * Every fallible call takes the mode as its last argument, which is left out for
 * exceptions and `tvae::nothrow` for a result. Where the compiler has exceptions switched
 * off, results are what calls give without it. */
namespace tvae
{

/** What a failed call throws: the status, and as what() the library's sentence. */
class error : public std::runtime_error
{
  public:
    error(tvae_status status, const std::string &sentence)
        : std::runtime_error(sentence), status_(status)
    {
    }

    tvae_status status() const noexcept
    {
        return status_;
    }

  private:
    tvae_status status_;
};

struct throwing_t {
};
struct nothrow_t {
};
inline constexpr throwing_t throwing{};
inline constexpr nothrow_t nothrow{};

#ifdef __cpp_exceptions
using default_mode = throwing_t;
#else
using default_mode = nothrow_t;
#endif

namespace detail
{

struct failure {
    tvae_status status = TVAE_OK;
    std::string sentence;
    std::exception_ptr thrown; /* by a callback, during the call */
};

/* What a callback threw on this thread, until the call that it interrupted has returned.
 * Callbacks run on the thread that made the call. */
inline failure &pending() noexcept
{
    static thread_local failure thrown;
    return thrown;
}

[[noreturn]] inline void raise(const failure &cause)
{
#ifdef __cpp_exceptions
    if (cause.thrown)
        std::rethrow_exception(cause.thrown);
    throw error(cause.status, cause.sentence);
#else
    (void)cause;
    std::abort();
#endif
}

} // namespace detail

/** A value, or the status and sentence of the call that failed to give one. */
template <class T> class [[nodiscard]] result
{
  public:
    result(T value) : value_(std::move(value))
    {
    }
    result(detail::failure cause) : cause_(std::move(cause))
    {
    }

    bool has_value() const noexcept
    {
        return value_.has_value();
    }
    explicit operator bool() const noexcept
    {
        return has_value();
    }
    tvae_status status() const noexcept
    {
        return cause_.status;
    }
    const std::string &sentence() const noexcept
    {
        return cause_.sentence;
    }

    /** The value; throws what the call would have thrown if there is none. */
    T &value() &
    {
        require();
        return *value_;
    }
    const T &value() const &
    {
        require();
        return *value_;
    }
    T value() &&
    {
        require();
        return std::move(*value_);
    }

    T &operator*() noexcept
    {
        return *value_;
    }
    const T &operator*() const noexcept
    {
        return *value_;
    }
    T *operator->() noexcept
    {
        return &*value_;
    }
    const T *operator->() const noexcept
    {
        return &*value_;
    }

  private:
    void require() const
    {
        if (!value_)
            detail::raise(cause_);
    }

    std::optional<T> value_;
    detail::failure cause_;
};

/** The outcome of a call that gives nothing. */
template <> class [[nodiscard]] result<void>
{
  public:
    result() = default;
    result(detail::failure cause) : cause_(std::move(cause))
    {
    }

    bool has_value() const noexcept
    {
        return cause_.status == TVAE_OK;
    }
    explicit operator bool() const noexcept
    {
        return has_value();
    }
    tvae_status status() const noexcept
    {
        return cause_.status;
    }
    const std::string &sentence() const noexcept
    {
        return cause_.sentence;
    }

    /** Throws what the call would have thrown if it failed. */
    void value() const
    {
        if (!has_value())
            detail::raise(cause_);
    }

  private:
    detail::failure cause_;
};

/** What a call of mode M gives: T itself, or a result of it. */
template <class M, class T>
using returns = std::conditional_t<std::is_same_v<M, throwing_t>, T, result<T>>;

namespace detail
{

/* Why the call failed that has just returned. */
inline failure failure_of(tvae_status status)
{
    failure cause = std::exchange(pending(), failure{});

    if (!cause.thrown)
        cause.sentence = tvae_last_error();
    cause.status = status;
    return cause;
}

inline void forget_thrown() noexcept
{
    if (pending().thrown)
        pending() = failure{};
}

/* A failure, in the way of mode M. */
template <class M, class T> returns<M, T> fail(failure cause)
{
    if constexpr (std::is_same_v<M, throwing_t>)
        raise(cause);
    else
        return result<T>(std::move(cause));
}

template <class M> returns<M, void> finish(tvae_status status)
{
    if (status != TVAE_OK)
        return fail<M, void>(failure_of(status));
    forget_thrown();
    return returns<M, void>();
}

/* What a handle is to C: its pointer; any other value is itself. */
template <class T, class = void> struct c_form {
    using type = T;
};
template <class T> struct c_form<T, std::void_t<typename T::c_type>> {
    using type = typename T::c_type *;
};

/* The one output of a call: `call` gets the address of its C form. */
template <class M, class T, class Call> returns<M, T> got(Call &&call)
{
    typename c_form<T>::type out{};
    const tvae_status status = call(&out);

    if (status != TVAE_OK)
        return fail<M, T>(failure_of(status));
    forget_thrown();
    return T(std::move(out));
}

/* A text that `call(room, capacity, &needed)` writes into room of ours. */
template <class M, class Call> returns<M, std::string> text(Call &&call)
{
    return got<M, std::string>([&](std::string *out) {
        std::size_t needed = 0;
        tvae_status status = call(nullptr, std::size_t{0}, &needed);

        if (status != TVAE_OK)
            return status;
        out->resize(needed);
        status = call(&(*out)[0], needed, &needed);
        out->resize(needed - 1);
        return status;
    });
}

/* Runs a callback of the host where C calls: no exception may pass through C, so it waits
 * in pending() and `refused` is what C gets. */
template <class R, class Body> R guarded(R refused, Body &&body) noexcept
{
#ifdef __cpp_exceptions
    try {
        return body();
    } catch (const std::exception &thrown) {
        pending() = {TVAE_E_CANCELLED, thrown.what(), std::current_exception()};
    } catch (...) {
        pending() = {TVAE_E_CANCELLED, "a callback threw", std::current_exception()};
    }
    return refused;
#else
    (void)refused;
    return body();
#endif
}

} // namespace detail

/** The version of the library that runs. */
inline std::string version()
{
    return tvae_version();
}

inline std::string status_name(tvae_status status)
{
    return tvae_status_name(status);
}

template <class M = default_mode>
returns<M, void> set_threads(std::int32_t n_threads, M = {})
{
    return detail::finish<M>(tvae_set_threads(n_threads));
}

template <class M = default_mode>
returns<M, void> set_kernel_level(std::int32_t level, M = {})
{
    return detail::finish<M>(tvae_set_kernel_level(level));
}

template <class M = default_mode> returns<M, tvae_runtime_facts> runtime_info(M = {})
{
    return detail::got<M, tvae_runtime_facts>(
        [](tvae_runtime_facts *out) { return tvae_runtime_info(out, sizeof *out); });
}

} // namespace tvae

#endif
