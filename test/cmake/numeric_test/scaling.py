def product(a, factor):
    return a * factor
