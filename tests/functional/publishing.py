"""Runs `canvasback publish` on the tables of a generated marketplace."""

import subprocess

from serving import BINARY, ROOT

BUILT_IN = sorted(path.stem for path in (ROOT / "src/service/dashboard/builtin").glob("marketplace_*.yaml"))
TABLES = ("orders", "offers", "sellers", "customers")


def generate(folder, orders):
    command = [BINARY, "generate", "--type", "marketplace", "--orders", str(orders), "--out", folder]
    subprocess.run(command, capture_output=True, check=True)
    return {name: folder / f"{name}.parquet" for name in TABLES}


def sources(shop):
    return [f"{name}={path}" for name, path in shop.items()]


def publish(*arguments, folder=None, fails=False, **options):
    command = [BINARY, "publish", *map(str, arguments), *(["--to", str(folder)] if folder else [])]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr + done.stdout
    return done.stderr if fails else done.stdout
