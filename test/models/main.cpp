// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Evaluates a model of the registry by its name: reads the bytes of its inputs
// from standard input, writes those of its results to standard output. Without
// a name it lists the models.

#include "models.h"

#include <cassert>
#include <cstdio>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

// The class of a model has its inputs and results as members, by their names.
static_assert(std::is_same_v<decltype(tests::MlpModel::features), float[1][4][8]>);
static_assert(std::is_same_v<decltype(tests::MlpModel::result), float[4][3]>);
static_assert(std::is_same_v<decltype(tests::InlinePolicyModel::callee_users), std::int64_t>);
static_assert(std::is_same_v<decltype(tests::QuantizedModel::mask), bool[1][3][4]>);
static_assert(std::is_same_v<decltype(tests::WhileModel::class_), float[2]>);

// What is known of a model is known to the compiler.
static_assert(tests::MlpModel::description().num_inputs == 1);
static_assert(tests::MlpModel::description().inputs[0].size() == 32);
static_assert(tests::InlinePolicyModel::description().input_index("reward") == 3);
static_assert(tests::InlinePolicyModel::description().input_index("result") == 4);
static_assert(tests::InlinePolicyModel::description().result_index("weighted") == 1);
static_assert(tests::EmbeddingModel::description().results[0].bytes() == 16);

static void print(const lh::tensor_spec &spec) {
  std::printf(" %s:%d", spec.name, static_cast<int>(spec.type));
  for (std::size_t dimension = 0; dimension < spec.rank; ++dimension)
    std::printf("x%zu", spec.shape[dimension]);
}

static void list() {
  for (const lh::model &model : tests::registry) {
    std::printf("%s(", model.name);
    for (std::size_t index = 0; index < model.num_inputs; ++index)
      print(model.inputs[index]);
    std::printf(" ) ->");
    for (std::size_t index = 0; index < model.num_results; ++index)
      print(model.results[index]);
    std::printf("\n");
  }
}

// The three ways to evaluate a model agree.
static void checkClass() {
  tests::MlpModel model;
  for (float &feature : model.features[0][2])
    feature = 0.5f;
  model.evaluate();
  float result[4][3];
  tests::MlpModel::evaluate(model.features, result);
  assert(std::memcmp(result, model.result, sizeof result) == 0);
  const void *inputs[] = {model.features};
  void *results[] = {result};
  std::memset(result, 0, sizeof result);
  tests::MlpModel::description().evaluate(inputs, results);
  assert(std::memcmp(result, model.result, sizeof result) == 0);
}

int main(int argc, char **argv) {
  checkClass();
  if (argc < 2) {
    list();
    return 0;
  }
  const lh::model *model = tests::find(argv[1]);
  if (!model)
    return 2;
  // Each in memory of its own, of exactly its size.
  std::vector<std::unique_ptr<std::max_align_t[]>> memory;
  std::vector<const void *> inputs;
  std::vector<void *> results;
  auto allocate = [&](const lh::tensor_spec &spec) {
    std::size_t count = spec.bytes() / sizeof(std::max_align_t) + 1;
    memory.push_back(std::make_unique<std::max_align_t[]>(count));
    return static_cast<void *>(memory.back().get());
  };
  for (std::size_t index = 0; index < model->num_inputs; ++index) {
    void *input = allocate(model->inputs[index]);
    if (std::fread(input, 1, model->inputs[index].bytes(), stdin) != model->inputs[index].bytes())
      return 3;
    inputs.push_back(input);
  }
  for (std::size_t index = 0; index < model->num_results; ++index)
    results.push_back(allocate(model->results[index]));
  model->evaluate(inputs.data(), results.data());
  for (std::size_t index = 0; index < model->num_results; ++index)
    std::fwrite(results[index], 1, model->results[index].bytes(), stdout);
  return 0;
}
