from lighthouse_build import testing

testing.configure(config, lit_config, suffixes=[".check", ".mlir"], excludes=["not-a-test.mlir"])
config.substitutions.append(("%own", "of the suite"))
