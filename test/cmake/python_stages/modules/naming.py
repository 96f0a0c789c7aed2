def renamed(name):
    return name + "_new"
