// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// Calls the lowered layer, checks its result against plain loops, and compares
// their speed.

#include "mlp.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace {

constexpr int N = 512;
constexpr double FlopPerCall = 2.0 * N * N * N;
// Each element sums 512 products below 1 in magnitude, rounded to f32 each
// time.
constexpr double Tolerance = 1e-3;

struct Layer {
  std::vector<float> A, B, Bias, Out;
};

void runLowered(Layer &L) {
  mlp(lh::make_memref(L.A.data(), N, N), lh::make_memref(L.B.data(), N, N), lh::make_memref(L.Bias.data(), N),
      lh::make_memref(L.Out.data(), N, N));
}

// Out of line, so that the compiler sees neither the data nor the repetitions.
// The epilogue stands inside the loop over columns: with the product alone in
// the nest, a compiler may turn this one into the next.
[[gnu::noinline]] void runLoopsIJK(Layer &L) {
  const float *A = L.A.data(), *B = L.B.data(), *Bias = L.Bias.data();
  float *Out = L.Out.data();
  for (int I = 0; I < N; ++I) {
    for (int J = 0; J < N; ++J) {
      float Sum = 0.0f;
      for (int K = 0; K < N; ++K)
        Sum += A[I * N + K] * B[K * N + J];
      Out[I * N + J] = std::max(Sum + Bias[J], 0.0f);
    }
  }
}

[[gnu::noinline]] void runLoopsIKJ(Layer &L) {
  const float *A = L.A.data(), *B = L.B.data(), *Bias = L.Bias.data();
  float *Out = L.Out.data();
  for (int I = 0; I < N; ++I) {
    float *Row = Out + I * N;
    std::copy_n(Bias, N, Row);
    for (int K = 0; K < N; ++K)
      for (int J = 0; J < N; ++J)
        Row[J] += A[I * N + K] * B[K * N + J];
    for (int J = 0; J < N; ++J)
      Row[J] = std::max(Row[J], 0.0f);
  }
}

std::vector<float> randomNumbers(size_t Count, unsigned Seed) {
  std::mt19937 Generator(Seed);
  std::uniform_real_distribution<float> Uniform(-1.0f, 1.0f);
  std::vector<float> Numbers(Count);
  std::generate(Numbers.begin(), Numbers.end(), [&] { return Uniform(Generator); });
  return Numbers;
}

// How far L.Out is from what plain loops compute in double precision.
double largestError(const Layer &L) {
  double Largest = 0.0;
  std::vector<double> Row(N);
  for (int I = 0; I < N; ++I) {
    std::copy_n(L.Bias.begin(), N, Row.begin());
    for (int K = 0; K < N; ++K)
      for (int J = 0; J < N; ++J)
        Row[J] += double(L.A[I * N + K]) * L.B[K * N + J];
    for (int J = 0; J < N; ++J) {
      double Error = std::fabs(L.Out[I * N + J] - std::max(Row[J], 0.0));
      if (std::isnan(Error))
        return Error;
      Largest = std::max(Largest, Error);
    }
  }
  return Largest;
}

double median(std::vector<double> Values) {
  auto Middle = Values.begin() + Values.size() / 2;
  std::nth_element(Values.begin(), Middle, Values.end());
  return *Middle;
}

struct Contestant {
  const char *Name;
  void (*Run)(Layer &);
  std::vector<double> Seconds = {};
};

constexpr char Usage[] = R"(usage: quickstart [--repeat N]

Computes relu(A * B + bias) by a lowered kernel and by plain loops, and compares.

  --repeat N  time each of them N times and print medians (default: 7);
              0 only checks the result

Exits with 1 if the kernel's result is wrong.
)";

} // namespace

int main(int argc, char **argv) {
  long Repeat = 7;
  for (int I = 1; I < argc; ++I) {
    char *End = nullptr;
    if (std::strcmp(argv[I], "--help") == 0) {
      std::fputs(Usage, stdout);
      return 0;
    }
    if (std::strcmp(argv[I], "--repeat") != 0 || ++I == argc || (Repeat = std::strtol(argv[I], &End, 10)) < 0 ||
        End == argv[I] || *End != '\0') {
      std::fputs(Usage, stderr);
      return 2;
    }
  }

  // The result starts as NaN: an element that is not written is then an error.
  Layer L{randomNumbers(N * N, 1), randomNumbers(N * N, 2), randomNumbers(N, 3),
          std::vector<float>(N * N, std::numeric_limits<float>::quiet_NaN())};
  runLowered(L);
  double Error = largestError(L);
  bool Passed = Error <= Tolerance;
  std::printf("largest error: %.1e (%s %.0e)\n", Error, Passed ? "within" : "NOT within", Tolerance);
  if (!Passed)
    return 1;
  if (Repeat == 0)
    return 0;

  // In turns, so that whatever else the machine does is shared fairly.
  Contestant Contestants[] = {
      {"lowered kernel", runLowered}, {"plain loops, i-k-j", runLoopsIKJ}, {"plain loops, i-j-k", runLoopsIJK}};
  for (long I = 0; I < Repeat; ++I) {
    for (Contestant &C : Contestants) {
      auto Start = std::chrono::steady_clock::now();
      C.Run(L);
      C.Seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - Start).count());
    }
  }
  double Lowered = median(Contestants[0].Seconds);
  for (const Contestant &C : Contestants) {
    double Seconds = median(C.Seconds);
    std::printf("%-20s %7.2f GFLOP/s %6.1fx the time\n", C.Name, FlopPerCall / Seconds * 1e-9, Seconds / Lowered);
  }
  return 0;
}
