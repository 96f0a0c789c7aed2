NAME = "renamed"
