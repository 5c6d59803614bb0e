"""The one Spark + Delta session of a workspace root, and the sessions made from it."""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import DataStreamWriter

JARS = Path(__file__).resolve().parents[2] / ".local" / "tools" / "jars"
CLASSES = JARS.with_name("classes.jsa")  # made by set-up; without it a driver starts slower
DRIVER_MEMORY = "2g"
_DELTA_CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
_LOCAL_FILES = "hadoop-bare-naked-local-fs"
_CHECKPOINTS = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
_CATALOG_PREFIX = "spark.sql.catalog."
_CATALOGS = "spark.local.catalogs"
_MOUNTS = "spark.hadoop.fs.viewfs.mounttable.default."


def build_session(root: Path, catalogs: Sequence[str], java: str = "") -> SparkSession:
    """Start Spark over `root` (lake/ and volumes/ below it) with three-level names for `catalogs`.

    One per process and one process per root: the Derby metastore admits a single user. `java`: more of its options.
    """
    jars = sorted(JARS.glob("*.jar"))
    if not any(_LOCAL_FILES in jar.name for jar in jars):
        raise FileNotFoundError(f"No jars of Delta and its file system in {JARS}: run `make setup`.")
    root = root.resolve()
    lake = root / "lake"
    volumes = root / "volumes"
    for folder in (lake, volumes):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = "UTC"
    builder = SparkSession.builder.appName("local-workspace").master("local[2]")
    for key, value in _settings(lake, volumes, jars, java).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    _silence(spark)
    _attach_catalogs_in_foreach_batch()
    add_catalogs(spark, catalogs)
    return spark


def location(path: Path) -> str:
    """Return a whole path as Spark is told of it: no URI, since it takes what that would quote for the name."""
    return f"file://{path}"


def new_session(spark: SparkSession) -> SparkSession:
    """Return a session with its own views, settings and current catalog, active on the calling thread."""
    session = spark.newSession()
    activate(session)
    _name(session, catalog_names(spark))
    _attach(session)
    return session


def activate(session: SparkSession) -> None:
    """Make a session the active one of the calling thread; Spark resolves catalogs through it."""
    classic: Any = SparkSession
    classic._get_j_spark_session_class(session._jvm).setActiveSession(session._jsparkSession)


def catalog_names(spark: SparkSession) -> list[str]:
    """Return the catalog aliases a session knows, in order of name."""
    # Written down beside the aliases themselves: to go through all settings of a session takes nine milliseconds.
    return sorted(filter(None, spark.conf.get(_CATALOGS, "").split(",")))


def add_catalogs(spark: SparkSession, catalogs: Iterable[str]) -> None:
    """Add aliases to a session; sessions made from it later know them too."""
    activate(spark)
    _name(spark, {*catalog_names(spark), *catalogs})
    _attach(spark)


def _name(session: SparkSession, catalogs: Collection[str]) -> None:
    for name in catalogs:
        session.conf.set(_CATALOG_PREFIX + name, _DELTA_CATALOG)
    session.conf.set(_CATALOGS, ",".join(catalogs))


def _attach(session: SparkSession) -> None:
    """Point every alias of a session at the one Hive metastore; Spark leaves a non-session DeltaCatalog without one."""
    manager = session._jsparkSession.sessionState().catalogManager()
    for name in catalog_names(session):
        manager.catalog(name).setDelegateCatalog(manager.v2SessionCatalog())


def _attach_catalogs_in_foreach_batch() -> None:
    """Let foreachBatch functions use three-level names: Spark hands them a clone of the session without delegates."""
    original = DataStreamWriter.foreachBatch
    if getattr(original, "attaches_catalogs", False):
        return

    def foreach_batch(self: DataStreamWriter, func: Callable[[DataFrame, int], None]) -> DataStreamWriter:
        def attached(batch: DataFrame, batch_id: int) -> None:
            activate(batch.sparkSession)
            _attach(batch.sparkSession)
            func(batch, batch_id)

        return original(self, attached)

    foreach_batch.attaches_catalogs = True  # type: ignore[attr-defined]
    DataStreamWriter.foreachBatch = foreach_batch


def _settings(lake: Path, volumes: Path, jars: Sequence[Path], more_java: str) -> dict[str, str]:
    # Most work here is small and is done once, so the second compiler takes only methods that run forty times as often
    # as it would wait for: a fifth of the processor went into compiling them. Loops it takes sooner: without it a tight
    # one does not hear of its cancellation for a minute and a half. One thread collects enough.
    lean = (
        "-XX:Tier4InvocationThreshold=200000 -XX:Tier4MinInvocationThreshold=24000 -XX:Tier4CompileThreshold=600000"
        " -XX:Tier4BackEdgeThreshold=400000 -XX:+UseSerialGC"
    )
    archive = f'-XX:SharedArchiveFile="{CLASSES}" -Xlog:cds=off -Xlog:cds+dynamic=off' if CLASSES.exists() else ""
    derby = f'-Dderby.system.home="{lake}" -Dderby.stream.error.file="{lake / "derby.log"}"'
    return {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.extraJavaOptions": f"{lean} {archive} {derby} -Duser.timezone=UTC {more_java}",
        # Not by spark.jars, whose classes a loader of their own reads, which no archive can serve.
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": _DELTA_CATALOG,
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": location(lake / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={lake / 'metastore_db'};create=true",
        "spark.sql.sources.default": "delta",  # as on Databricks
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.codegen.cache.maxEntries": "3000",  # of 100 that are kept else, one run of master overwrites each
        "spark.sql.shuffle.partitions": "2",
        # The log of a table is read for each scan of it, by a job of so many tasks: two cost more than they save.
        "spark.databricks.delta.snapshotPartitions": "1",
        # Hadoop starts a `chmod`, `ls` or `readlink` for each file that it makes, looks at or renames. This file system
        # asks Java instead, and these two use it: half of the time of a small write went into starting programs.
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
        "spark.sql.streaming.checkpointFileManagerClass": _CHECKPOINTS,
        "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",  # of one process, as this is
        # More paths than this would be listed by a job, which a local disk does not need and that file system does not
        # survive: what it says of a file cannot be sent from one task to another.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": str(2**31 - 1),
        # VACUUM of a tiny table takes 35 s without it.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
        # Listing with block locations starts one `ls` for each file of a view file system: it would grow with history.
        "spark.sql.sources.ignoreDataLocality": "true",
        # Named parameters fail under the Delta extension on Spark 4.1 without it.
        "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
        # /Volumes/... is a mount point of Hadoop's view file system; every other path is this machine's.
        "spark.hadoop.fs.defaultFS": "viewfs:///",
        f"{_MOUNTS}link./Volumes": _plain(volumes).as_uri(),
        f"{_MOUNTS}linkFallback": "file:///",
    }


def _plain(folder: Path) -> Path:
    """Return a path to a folder that is its own URI: ViewFs forgets to quote a space in the target of a link."""
    if folder.as_uri() == f"file://{folder}":
        return folder
    shelter = Path(tempfile.gettempdir()) / f"local-workspace-{os.getuid()}"
    shelter.mkdir(mode=0o700, exist_ok=True)
    if shelter.is_symlink() or shelter.stat().st_uid != os.getuid():
        raise PermissionError(f"{shelter} is somebody else's: remove it, or set TMPDIR")
    # Named after its target: the next driver of this root finds the link that a killed one left.
    for link in shelter.iterdir():
        if not link.exists():
            link.unlink(missing_ok=True)
    link = shelter / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    if not link.is_symlink():
        link.symlink_to(folder, target_is_directory=True)
    atexit.register(link.unlink, missing_ok=True)
    return link


def _silence(spark: SparkSession) -> None:
    """Quiet the loggers that report nothing a reader could act on."""
    log4j = spark._jvm.org.apache.logging.log4j
    set_level = log4j.core.config.Configurator.setLevel
    # They warn about every database to be created, every Delta table, adaptive execution in streams, new pools.
    streaming = "org.apache.spark.sql.execution.streaming.runtime.ResolveWriteToStream"
    pools = "org.apache.spark.scheduler.FairSchedulableBuilder"
    for name in ("org.apache.hadoop.hive", "org.apache.spark.sql.hive", streaming, pools):
        set_level(name, log4j.Level.ERROR)
    # An error line for each CREATE OR REPLACE, harmless.
    set_level("org.apache.hadoop.hive.metastore.HiveAlterHandler", log4j.Level.OFF)
    # These repeat an error that is raised anyway.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
