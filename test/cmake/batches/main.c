#include "kernels.h"

#include <stdio.h>

int main(void) {
  printf("%d %d %d %d %d %d %d\n", a(0), b(0), c(0), d(0), e(0), f(0), made(7));
  return 0;
}
