raise RuntimeError("the standard library is shadowed")
