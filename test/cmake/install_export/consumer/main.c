#include "shared_kernels.h"
#include "static_kernels.h"

int main(void) { return sine(0.0) == 0.0 && shared_sine(0.0) == 0.0 ? 0 : 1; }
