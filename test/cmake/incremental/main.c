#include "kernels.h"
#include <stdio.h>

int main(void) {
  printf("%d %d\n", (int)triple(5), (int)power(3));
  return 0;
}
