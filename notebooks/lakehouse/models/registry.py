"""Model versions in MLflow: where it keeps them is configuration, and the same calls serve both places.

On Databricks the runtime points MLflow at the workspace and at Unity Catalog; elsewhere MLFLOW_TRACKING_URI says where.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from lakehouse.models import documents
from lakehouse.models.logistic import Logistic
from lakehouse.models.rfm import Segments

CHAMPION = "champion"
CHALLENGER = "challenger"

Model = Logistic | Segments


@dataclass(frozen=True)
class Version:
    """One registered version of a model."""

    number: str
    model: Model


@dataclass(frozen=True)
class Registry:
    """The versions of one model: `name` is catalog.schema.model, runs are logged under `experiment`."""

    name: str
    experiment: str

    def add(self, model: Model, metrics: Mapping[str, float], params: Mapping[str, str | int]) -> Version:
        """Log a model with its signature, metrics and parameters, and register it as the next version.

        One that the champion or the challenger already is, to the last digit, is not registered again.
        """
        for alias in (CHAMPION, CHALLENGER):
            if (known := self.find(alias)) and known.model == model:
                return known
        answer = "double" if isinstance(model, Logistic) else "string"
        signature = ModelSignature(
            inputs=Schema([ColSpec("double", name) for name in model.features]), outputs=Schema([ColSpec(answer)])
        )
        example = pd.DataFrame([[1.0] * len(model.features)], columns=list(model.features))
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run(experiment_id=self._experiment_id()):
            file = Path(folder) / "model.json"
            documents.write(model, file)
            mlflow.log_params(dict(params))
            mlflow.log_metrics(dict(metrics))
            logged = mlflow.pyfunc.log_model(
                name="model",
                loader_module=documents.__name__,
                data_path=str(file),
                signature=signature,
                input_example=example,
                # Named, or MLflow would start a process to find out what the model imports.
                pip_requirements=["numpy", "pandas"],
                registered_model_name=self.name,
            )
        return Version(str(logged.registered_model_version), model)

    def find(self, alias: str) -> Version | None:
        """Return the version that an alias points at, or None when nothing has been registered or pointed at."""
        registered = self._registered()
        number = registered.aliases.get(alias) if registered else None
        if number is None:
            return None
        # By number, not by alias again: in between somebody may have pointed it at another version.
        loaded = mlflow.pyfunc.load_model(f"models:/{self.name}/{number}")
        return Version(str(number), loaded.get_raw_model())

    def point(self, alias: str, version: Version) -> None:
        """Point an alias at a version; it points nowhere else from then on."""
        MlflowClient().set_registered_model_alias(self.name, alias, version.number)

    def clear(self, alias: str) -> None:
        """Let an alias point at nothing; safe to repeat."""
        registered = self._registered()
        if registered and alias in registered.aliases:
            MlflowClient().delete_registered_model_alias(self.name, alias)

    def _registered(self) -> RegisteredModel | None:
        try:
            return MlflowClient().get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None

    def _experiment_id(self) -> str:
        client = MlflowClient()
        known = client.get_experiment_by_name(self.experiment)
        return str(known.experiment_id if known else client.create_experiment(self.experiment))
