#include "calls.h"
#include "default.h"
#include "kernels/shared.hpp"
#include "object.h"
#include "static.h"

extern "C" int assembly_one(int x);

int main() {
  bool ok = demo::kernels::one(1) == 2 && demo::kernels::two(1) == 3 && shared_one(2) == 3 && object_one(3) == 4 &&
            assembly_one(4) == 5 && default_one(5) == 6 && calls(1.0) == 0.0;
  return ok ? 0 : 1;
}
