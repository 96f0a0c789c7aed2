// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception
//
// Memrefs for C99 and C++17: what functions that were lowered from MLIR take
// and return.
//
// A memref describes an array that lies elsewhere: where it starts, how many
// elements each dimension has, and how far apart they are. It owns nothing and
// is cheap to copy.
//
//     C++   std::vector<float> data(4 * 8);
//           auto a = lh::make_memref(data.data(), 4, 8);
//           a(1, 2) = 3.0f;
//
//     C     float data[4 * 8];
//           lh_memref_f32_2d a = lh_memref_f32_2d_make(data, (const
//           int64_t[]){4, 8});
//
// The types that a library uses, such as lh_memref_f32_2d, are defined by its
// generated header.

#ifndef LIGHTHOUSE_MEMREF_H
#define LIGHTHOUSE_MEMREF_H

#ifdef __cplusplus
#include <cassert>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>
#else
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#endif

//===----------------------------------------------------------------------===//
// 16-bit floating point
//===----------------------------------------------------------------------===//

// Compilers can be asked to warn of casts as C has them in C++.
#ifdef __cplusplus
#define LH_CAST(type, value) static_cast<type>(value)
#else
#define LH_CAST(type, value) ((type)(value))
#endif

static inline uint32_t lh_bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float lh_float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// The IEEE binary16 nearest to `value`, ties to even; NaNs stay NaNs.
static inline uint16_t lh_f16_bits(float value) {
  const uint32_t bits = lh_bits_of_float(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) // NaN: quiet, with the upper part of its payload
    return LH_CAST(uint16_t, sign | 0x7E00u | (magnitude >> 13 & 0x3FFu));
  if (magnitude >= 0x477FF000u) // 65520 and more round to infinity
    return LH_CAST(uint16_t, sign | 0x7C00u);
  if (magnitude >= 0x38800000u) { // normal, from 2^-14
    magnitude += 0xFFFu + (magnitude >> 13 & 1u);
    return LH_CAST(uint16_t, sign | (magnitude - 0x38000000u) >> 13);
  }
  if (magnitude <= 0x33000000u) // up to 2^-25 rounds to zero
    return LH_CAST(uint16_t, sign);
  // Subnormal: a multiple of 2^-24.
  const uint32_t shift = 126u - (magnitude >> 23);
  const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
  const uint32_t rest = mantissa & ((1u << shift) - 1u);
  const uint32_t half = 1u << (shift - 1u);
  uint32_t result = mantissa >> shift;
  result += rest > half || (rest == half && (result & 1u));
  return LH_CAST(uint16_t, sign | result);
}

/// The value of the IEEE binary16 `bits`.
static inline float lh_f16_value(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = bits >> 10 & 0x1Fu;
  const uint32_t mantissa = bits & 0x3FFu;
  if (exponent == 31)
    return lh_float_of_bits(sign | 0x7F800000u | mantissa << 13);
  if (exponent != 0)
    return lh_float_of_bits(sign | (exponent + 112u) << 23 | mantissa << 13);
  const float magnitude = LH_CAST(float, mantissa) * 5.9604644775390625e-8f; // 2^-24
  return lh_float_of_bits(sign | lh_bits_of_float(magnitude));
}

/// The bfloat16 nearest to `value`, ties to even; NaNs stay NaNs.
static inline uint16_t lh_bf16_bits(float value) {
  const uint32_t bits = lh_bits_of_float(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
    return LH_CAST(uint16_t, bits >> 16 | 0x40u);
  return LH_CAST(uint16_t, (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

/// The value of the bfloat16 `bits`.
static inline float lh_bf16_value(uint16_t bits) { return lh_float_of_bits(LH_CAST(uint32_t, bits) << 16); }

#undef LH_CAST

#ifdef __cplusplus

/// MLIR's f16: IEEE binary16. For storage; compute in float.
struct lh_f16 {
  std::uint16_t bits;

  lh_f16() = default;
  lh_f16(float value) : bits(lh_f16_bits(value)) {}
  operator float() const { return lh_f16_value(bits); }
};

/// MLIR's bf16: the upper half of a float. For storage; compute in float.
struct lh_bf16 {
  std::uint16_t bits;

  lh_bf16() = default;
  lh_bf16(float value) : bits(lh_bf16_bits(value)) {}
  operator float() const { return lh_bf16_value(bits); }
};

using lh_complex_f32 = std::complex<float>;
using lh_complex_f64 = std::complex<double>;

#else

/// MLIR's f16: IEEE binary16. For storage; compute in float.
typedef struct lh_f16 {
  uint16_t bits;
} lh_f16;

/// MLIR's bf16: the upper half of a float. For storage; compute in float.
typedef struct lh_bf16 {
  uint16_t bits;
} lh_bf16;

typedef struct lh_complex_f32 {
  float re, im;
} lh_complex_f32;

typedef struct lh_complex_f64 {
  double re, im;
} lh_complex_f64;

static inline lh_f16 lh_f16_from_float(float value) {
  const lh_f16 result = {lh_f16_bits(value)};
  return result;
}

static inline float lh_f16_to_float(lh_f16 value) { return lh_f16_value(value.bits); }

static inline lh_bf16 lh_bf16_from_float(float value) {
  const lh_bf16 result = {lh_bf16_bits(value)};
  return result;
}

static inline float lh_bf16_to_float(lh_bf16 value) { return lh_bf16_value(value.bits); }

#endif // __cplusplus

//===----------------------------------------------------------------------===//
// Memrefs in C++
//===----------------------------------------------------------------------===//

#ifdef __cplusplus
namespace lh {

/// Stands for a size or stride that may be anything.
constexpr std::int64_t dynamic = INT64_MIN;

namespace detail {

// The layout is MLIR's descriptor: `allocated` is what was allocated, and to be
// freed by its owner; element [0, 0, …] is at `aligned + offset`; sizes and
// strides count elements, outermost dimension first.
template <typename T, std::size_t Rank> struct descriptor {
  T *allocated = nullptr;
  T *aligned = nullptr;
  std::int64_t offset = 0;
  std::int64_t sizes[Rank] = {};
  std::int64_t strides[Rank] = {};
};

template <typename T> struct descriptor<T, 0> {
  T *allocated = nullptr;
  T *aligned = nullptr;
  std::int64_t offset = 0;
};

} // namespace detail

/// An array of `Rank` dimensions that somebody else owns. Of rank 0 it is a
/// single element.
///
/// Its members are those of MLIR's descriptor: allocated, aligned, offset,
/// sizes, strides.
template <typename T, std::size_t Rank> struct memref : detail::descriptor<T, Rank> {
  using element_type = T;
  static constexpr std::size_t rank = Rank;

  /// An array without elements.
  memref() = default;

  /// A memref of mutable elements is one of constant elements.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T> && !std::is_same_v<U, T>>>
  memref(const memref<U, Rank> &other) {
    this->allocated = other.allocated;
    this->aligned = other.aligned;
    this->offset = other.offset;
    if constexpr (Rank > 0) {
      for (std::size_t i = 0; i < Rank; ++i) {
        this->sizes[i] = other.sizes[i];
        this->strides[i] = other.strides[i];
      }
    }
  }

  /// The element at [0, 0, …].
  T *data() const { return this->aligned + this->offset; }

  /// The element at the given indices, which are checked by assert().
  template <typename... Indices> T &operator()(Indices... indices) const {
    static_assert(sizeof...(Indices) == Rank, "one index a dimension");
    static_assert((std::is_integral_v<Indices> && ...), "indices are integers");
    if constexpr (Rank == 0) {
      return *data();
    } else {
      const std::int64_t at[] = {static_cast<std::int64_t>(indices)...};
      std::int64_t position = this->offset;
      for (std::size_t i = 0; i < Rank; ++i) {
        assert(at[i] >= 0 && at[i] < this->sizes[i] && "index out of bounds");
        position += at[i] * this->strides[i];
      }
      return this->aligned[position];
    }
  }

  /// How many elements there are.
  std::int64_t num_elements() const {
    std::int64_t count = 1;
    if constexpr (Rank > 0)
      for (std::int64_t size : this->sizes)
        count *= size;
    return count;
  }

  /// Whether the elements lie one after the other from `aligned` on, the last
  /// index running fastest.
  bool is_row_major() const {
    if constexpr (Rank > 0) {
      std::int64_t expected = 1;
      for (std::size_t i = Rank; i-- > 0;) {
        if (this->sizes[i] != 1 && this->strides[i] != expected)
          return num_elements() == 0;
        expected *= this->sizes[i];
      }
    }
    return this->offset == 0;
  }

  /// Whether the sizes are these; lh::dynamic matches any.
  template <typename... Sizes> bool has_sizes(Sizes... sizes) const {
    static_assert(sizeof...(Sizes) == Rank, "one size a dimension");
    if constexpr (Rank > 0)
      return match(this->sizes, {static_cast<std::int64_t>(sizes)...});
    else
      return true;
  }

  /// Whether the strides are these; lh::dynamic matches any.
  template <typename... Strides> bool has_strides(Strides... strides) const {
    static_assert(sizeof...(Strides) == Rank, "one stride a dimension");
    if constexpr (Rank > 0)
      return match(this->strides, {static_cast<std::int64_t>(strides)...});
    else
      return true;
  }

private:
  template <std::size_t N> static bool match(const std::int64_t (&actual)[N], const std::int64_t (&expected)[N]) {
    for (std::size_t i = 0; i < N; ++i)
      if (expected[i] != dynamic && expected[i] != actual[i])
        return false;
    return true;
  }
};

/// A memref of the elements from `data` on, with these sizes, the last index
/// running fastest.
template <typename T, typename... Sizes> memref<T, sizeof...(Sizes)> make_memref(T *data, Sizes... sizes) {
  static_assert((std::is_integral_v<Sizes> && ...), "sizes are integers");
  constexpr std::size_t rank = sizeof...(Sizes);
  memref<T, rank> result;
  result.allocated = result.aligned = data;
  if constexpr (rank > 0) {
    const std::int64_t given[] = {static_cast<std::int64_t>(sizes)...};
    std::int64_t stride = 1;
    for (std::size_t i = rank; i-- > 0;) {
      result.sizes[i] = given[i];
      result.strides[i] = stride;
      stride *= given[i];
    }
  }
  return result;
}

/// A memref with strides of its own: `lh::make_strided_memref(data, {rows,
/// columns}, {leading_dimension, 1})`.
template <typename T, std::size_t Rank>
memref<T, Rank> make_strided_memref(T *data, const std::int64_t (&sizes)[Rank], const std::int64_t (&strides)[Rank]) {
  memref<T, Rank> result;
  result.allocated = result.aligned = data;
  for (std::size_t i = 0; i < Rank; ++i) {
    result.sizes[i] = sizes[i];
    result.strides[i] = strides[i];
  }
  return result;
}

/// A memref that owns its elements: what a function returns when only it knows
/// the shape. Frees them at its end.
template <typename T, std::size_t Rank> class owned {
public:
  owned() = default;

  /// Takes over `buffer.allocated`, which malloc() has allocated.
  explicit owned(const memref<T, Rank> &buffer) : view_(buffer) {}

  owned(owned &&other) noexcept : view_(other.release()) {}
  owned &operator=(owned &&other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  ~owned() { std::free(view_.allocated); }

  /// The elements, as long as this lives.
  const memref<T, Rank> &view() const { return view_; }
  operator memref<T, Rank>() const { return view_; }
  operator memref<const T, Rank>() const { return view_; }
  const memref<T, Rank> *operator->() const { return &view_; }

  /// The element at the given indices.
  template <typename... Indices> T &operator()(Indices... indices) const { return view_(indices...); }

  /// Gives the buffer away: free() its `allocated`.
  [[nodiscard]] memref<T, Rank> release() { return std::exchange(view_, memref<T, Rank>()); }

private:
  memref<T, Rank> view_{};
};

namespace detail {

// An argument on its way into a C function, which takes a pointer to a
// descriptor of mutable elements. It writes to those only where the payload
// says so.
template <typename T, std::size_t Rank> class argument {
public:
  explicit argument(const memref<const T, Rank> &from) {
    view_.allocated = const_cast<T *>(from.allocated);
    view_.aligned = const_cast<T *>(from.aligned);
    view_.offset = from.offset;
    if constexpr (Rank > 0) {
      for (std::size_t i = 0; i < Rank; ++i) {
        view_.sizes[i] = from.sizes[i];
        view_.strides[i] = from.strides[i];
      }
    }
  }
  operator memref<T, Rank> *() { return &view_; }

private:
  memref<T, Rank> view_{};
};

template <typename T, std::size_t Rank> auto pass(const memref<T, Rank> &from) {
  return argument<std::remove_const_t<T>, Rank>(from);
}

} // namespace detail

static_assert(sizeof(memref<float, 2>) == 2 * sizeof(float *) + 5 * sizeof(std::int64_t) || sizeof(float *) != 8,
              "the layout of a memref is that of MLIR's descriptor");
static_assert(std::is_standard_layout_v<memref<float, 2>> && std::is_trivially_copyable_v<memref<float, 2>>,
              "a memref is passed to C");

} // namespace lh
#endif // __cplusplus

//===----------------------------------------------------------------------===//
// Memrefs in C
//===----------------------------------------------------------------------===//

/// Frees a buffer that a function has returned: `lh_free(result.allocated)`.
static inline void lh_free(void *allocated) { free(allocated); }

/// Sets `sizes` and `strides` of a memref of `rank` dimensions whose elements
/// lie one after the other.
static inline void lh_set_row_major(int64_t rank, const int64_t *given, int64_t *sizes, int64_t *strides) {
  int64_t stride = 1;
  for (int64_t i = rank; i-- > 0;) {
    sizes[i] = given[i];
    strides[i] = stride;
    stride *= given[i];
  }
}

// LH_DEFINE_MEMREF(name, element, rank) defines the type `name` of memrefs of
// `element` with `rank` dimensions. In C++ it is lh::memref<element, rank>; in
// C a struct with the members of MLIR's descriptor (see above), and
//
//     name name_make(element *data, const int64_t *sizes);
//     name name_make_strided(element *data, const int64_t *sizes, const int64_t
//     *strides);
//
// C has no arrays of no elements, so rank 0 has a macro of its own,
// LH_DEFINE_MEMREF_0D(name, element), and
//
//     name name_make(element *data);
#ifdef __cplusplus
#define LH_DEFINE_MEMREF(name, element, rank) using name = lh::memref<element, rank>;
#define LH_DEFINE_MEMREF_0D(name, element) using name = lh::memref<element, 0>;
#else
#define LH_DEFINE_MEMREF(name, element, rank)                                                                          \
  typedef struct name {                                                                                                \
    element *allocated;                                                                                                \
    element *aligned;                                                                                                  \
    int64_t offset;                                                                                                    \
    int64_t sizes[rank];                                                                                               \
    int64_t strides[rank];                                                                                             \
  } name;                                                                                                              \
  static inline name name##_make(element *data, const int64_t *sizes) {                                                \
    name result;                                                                                                       \
    result.allocated = result.aligned = data;                                                                          \
    result.offset = 0;                                                                                                 \
    lh_set_row_major(rank, sizes, result.sizes, result.strides);                                                       \
    return result;                                                                                                     \
  }                                                                                                                    \
  static inline name name##_make_strided(element *data, const int64_t *sizes, const int64_t *strides) {                \
    name result = name##_make(data, sizes);                                                                            \
    memcpy(result.strides, strides, sizeof result.strides);                                                            \
    return result;                                                                                                     \
  }
#define LH_DEFINE_MEMREF_0D(name, element)                                                                             \
  typedef struct name {                                                                                                \
    element *allocated;                                                                                                \
    element *aligned;                                                                                                  \
    int64_t offset;                                                                                                    \
  } name;                                                                                                              \
  static inline name name##_make(element *data) {                                                                      \
    name result;                                                                                                       \
    result.allocated = result.aligned = data;                                                                          \
    result.offset = 0;                                                                                                 \
    return result;                                                                                                     \
  }
#endif

#endif // LIGHTHOUSE_MEMREF_H
