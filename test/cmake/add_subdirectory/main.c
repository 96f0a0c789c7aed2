#include "k.h"

int main(void) { return k(41) == 42 ? 0 : 1; }
