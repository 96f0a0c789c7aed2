// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception
//
// Models in C++17: what the generated header of a library of models says of
// each, for those who find one by its name and call it without its type.
//
//     const lh::model *model = policies::find("inline");
//     float features[8] = {…};
//     float decision = 0;
//     const void *inputs[] = {features};
//     void *results[] = {&decision};
//     model->evaluate(inputs, results);
//
// A registry is constant data. Evaluating a model allocates nothing that it
// does not free, and several threads may do so at the same time.

#ifndef LIGHTHOUSE_MODEL_H
#define LIGHTHOUSE_MODEL_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lh {

enum class element_type {
  boolean,
  int8,
  int16,
  int32,
  int64,
  float32,
  float64,
};

/// The size of an element, in bytes.
constexpr std::size_t element_size(element_type type) {
  switch (type) {
  case element_type::boolean:
    return sizeof(bool);
  case element_type::int8:
    return 1;
  case element_type::int16:
    return 2;
  case element_type::int32:
  case element_type::float32:
    return 4;
  case element_type::int64:
  case element_type::float64:
    break;
  }
  return 8;
}

/// One input or result of a model.
struct tensor_spec {
  /// Its name in the payload.
  const char *name;
  element_type type;
  /// How many dimensions it has; 0 for a single number.
  std::size_t rank;
  /// Their sizes, outermost first; null for a single number.
  const std::size_t *shape;

  /// How many elements it has.
  constexpr std::size_t size() const {
    std::size_t elements = 1;
    for (std::size_t dimension = 0; dimension < rank; ++dimension)
      elements *= shape[dimension];
    return elements;
  }

  /// How many bytes they take, row-major and without gaps.
  constexpr std::size_t bytes() const { return size() * element_size(type); }
};

/// A model.
struct model {
  const char *name;
  const tensor_spec *inputs;
  std::size_t num_inputs;
  const tensor_spec *results;
  std::size_t num_results;
  /// Computes the results from the inputs: a pointer to the elements of each,
  /// row-major and aligned as their type wants. Results do not overlap inputs.
  void (*evaluate)(const void *const *inputs, void *const *results);

  /// The position of an input by its name; `num_inputs` where there is none.
  constexpr std::size_t input_index(std::string_view input) const {
    std::size_t index = 0;
    while (index < num_inputs && input != inputs[index].name)
      ++index;
    return index;
  }

  /// The position of a result by its name; `num_results` where there is none.
  constexpr std::size_t result_index(std::string_view result) const {
    std::size_t index = 0;
    while (index < num_results && result != results[index].name)
      ++index;
    return index;
  }
};

/// The model called `name` of a registry, or null.
template <std::size_t N> constexpr const model *find_model(const model (&registry)[N], std::string_view name) {
  for (const model &candidate : registry)
    if (name == candidate.name)
      return &candidate;
  return nullptr;
}

} // namespace lh

#endif // LIGHTHOUSE_MODEL_H
