"""MLflow in benchsuite: an exporter, without importing MLflow."""

from collections.abc import Mapping

from benchsuite import Target, hookimpl


@hookimpl
def benchsuite_exporters() -> Mapping[str, Target]:
    """Into a tracking store."""
    return {
        "mlflow": Target(
            "benchsuite_mlflow.export:log_cases",
            "one MLflow run a case, in a database or on a server",
            requires=("mlflow", "sqlalchemy", "alembic"),
            install="pip install benchsuite-mlflow",
            argument="URI",
        )
    }
