#include "object.h"

int main(void) { return object_one(41) == 42 ? 0 : 1; }
