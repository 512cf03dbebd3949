from runs import plan_cases, plugins, run_cases, spec_of, watch  # noqa: F401 - fixtures
