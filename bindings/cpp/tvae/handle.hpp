/* SPDX-License-Identifier: MIT */
#ifndef TVAE_HANDLE_HPP
#define TVAE_HANDLE_HPP

#include <string>
#include <utility>
#include <vector>

#include <tvae/span.hpp>
#include <tvae/status.hpp>

namespace tvae
{

/** One reference to an object of the library: moved, not copied, dropped at the end.
 *
 * A handle may be empty, which is NULL to C: where a C function takes NULL for "none", an
 * empty handle says so (`tensor{}`). */
template <class C, void (*Destroy)(C **)> class handle
{
  public:
    using c_type = C;

    handle() noexcept = default;
    /** Takes over a reference that the caller owns. */
    explicit handle(C *owned) noexcept : c_(owned)
    {
    }
    handle(handle &&other) noexcept : c_(other.release())
    {
    }
    handle &operator=(handle &&other) noexcept
    {
        if (this != &other) {
            Destroy(&c_);
            c_ = other.release();
        }
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle()
    {
        Destroy(&c_);
    }

    /** For calls into C; the reference stays this handle's. */
    C *get() const noexcept
    {
        return c_;
    }
    /** Gives the reference to the caller. */
    C *release() noexcept
    {
        return std::exchange(c_, nullptr);
    }
    explicit operator bool() const noexcept
    {
        return c_ != nullptr;
    }

  private:
    C *c_ = nullptr;
};

/** A handle of which there can be several to one object. */
template <class Self, class C, void (*Destroy)(C **), C *(*Retain)(C *)>
class shared_handle : public handle<C, Destroy>
{
  public:
    using handle<C, Destroy>::handle;

    /** Another handle to the same object. */
    Self share() const noexcept
    {
        return Self(Retain(this->get()));
    }
};

/** An option struct of C that is born with the library's defaults. */
template <class C, tvae_status (*Init)(C *, std::size_t)> struct options : C {
    /* The one failure is a size that the library never had, which a header that it ships
     * with cannot ask for. */
    options() noexcept : C{}
    {
        (void)Init(this, sizeof(C));
    }
};

namespace detail
{

/* The C pointers of several handles; they live as long as the handles. */
template <class H> std::vector<typename H::c_type *> pointers(span<const H> handles)
{
    std::vector<typename H::c_type *> all;

    all.reserve(handles.size());
    for (const H &one : handles)
        all.push_back(one.get());
    return all;
}

/* NULL for a text that is not there. */
inline const char *or_null(const std::string &text) noexcept
{
    return text.empty() ? nullptr : text.c_str();
}

inline std::string or_empty(const char *text)
{
    return text ? text : "";
}

} // namespace detail

} // namespace tvae

#endif
