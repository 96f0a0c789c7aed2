#include "sub/more_stages.hpp"
#include <cstring>

bool isTheSame(const lh::EmbeddedStage &stage) { return !std::strcmp(stage.text, outer::inner::cleanup.text); }
