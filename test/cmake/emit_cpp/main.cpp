#include "demo/policies.h"
#include "more.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  if (argc < 5)
    return 2;
  demo::policies::ScorePolicy score;
  for (int i = 0; i < 4; ++i)
    score.features[0][i] = std::strtof(argv[i + 1], nullptr);
  score.evaluate();
  std::printf("%.9g %.9g\n", double(score.result[0][0]), double(score.result[0][1]));

  // By name, in both libraries.
  for (const lh::model *model : {demo::policies::find("decide"), more::find("decide")}) {
    std::int32_t counts[3] = {1, 4, 10};
    float bonus = 0.5f;
    std::int32_t choice = -1;
    const void *inputs[] = {counts, &bonus};
    void *results[] = {&choice};
    model->evaluate(inputs, results);
    std::printf("%s of %zu %s\n", model->name, model->inputs[0].size(), model->results[0].name);
    std::printf("%d\n", choice);
  }
  return demo::policies::find("nothing") ? 1 : 0;
}
