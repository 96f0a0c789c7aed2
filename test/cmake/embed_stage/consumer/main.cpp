#include <cstdio>
#include <stages.h>

int main() { std::puts(stages::cleanup.steps[0]); }
