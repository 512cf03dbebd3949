"""Changed files for every reader: `python tests/fuzz/fuzz.py --minutes 10 --seed 1`.

A reader yields a result or raises BenchsuiteError, in some seconds and some memory. Whatever
else it does is a finding: the file, and what became of its reader, are put into a folder.
Readers run in processes of their own, with limits: they may also die, or never return.
"""

import argparse
import resource
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from formats import BY_NAME, Format
from mutations import mutate

#: A decoded image of 8192×8192 takes most of it.
_MOST_BYTES = 2 << 30
_MOST_SECONDS = 30
_STATUS = Path("/proc/self/status")
_REASONS = {-signal.SIGALRM: f"took longer than {_MOST_SECONDS} s"}


def main() -> None:
    """Fuzz for so long, and end with 1 where there were findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(BY_NAME), help="Some, between commas.")
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        form, first, seconds = options.child
        _work(BY_NAME[form], options.seed, int(first), float(seconds), options.findings)
        return
    options.findings.mkdir(parents=True, exist_ok=True)
    names = options.formats.split(",")
    share_s = options.minutes * 60 / len(names)
    counts = {name: _fuzz(name, options.seed, share_s, options.findings) for name in names}
    findings = sorted(x.name for x in options.findings.glob("*.txt"))
    print(f"{sum(counts.values()):,} files of {len(names)} kinds, findings: {len(findings)}")
    sys.exit(1 if findings else 0)


def _fuzz(name: str, seed: int, seconds: float, findings: Path) -> int:
    """Files that were read in that time; a process that dies is followed by another."""
    end, number = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        command = [sys.executable, __file__, "--seed", str(seed), "--findings", str(findings)]
        command += ["--child", name, str(number), str(left)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        number = int((findings / f"{name}.at").read_text())
        if done.returncode == 0:
            break
        reason = _REASONS.get(done.returncode, f"exit code {done.returncode}")
        content = _content(BY_NAME[name], seed, number)
        _keep(findings, BY_NAME[name], number, content, f"{reason}\n{done.stderr[-3000:]}")
        number += 1
    print(f"{name}: {number:,} files", flush=True)
    return number


def _content(form: Format, seed: int, number: int) -> bytes:
    random = Random(f"{seed}:{form.name}:{number}")
    return form.pack(mutate(form.example(), random))


def _keep(findings: Path, form: Format, number: int, content: bytes, reason: str) -> None:
    stem = f"{form.name}.{number}"
    (findings / f"{stem}.bin").write_bytes(content)
    (findings / f"{stem}.txt").write_text(reason)
    print(f"FINDING {stem}: {reason.strip().splitlines()[-1]}", flush=True)


def _work(form: Format, seed: int, number: int, seconds: float, findings: Path) -> None:
    """In a process of its own: read one file after another."""
    from benchsuite.errors import BenchsuiteError

    end = time.monotonic() + seconds
    place = findings / f"{form.name}.work"
    place.mkdir(exist_ok=True)
    path = place / form.file
    usual = _kilobytes("VmHWM")
    limit = _kilobytes("VmSize") * 1024 + 2 * _MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    while time.monotonic() < end:
        (findings / f"{form.name}.at").write_text(str(number))
        path.write_bytes(content := _content(form, seed, number))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        signal.alarm(_MOST_SECONDS)
        try:
            form.read(path)
        except BenchsuiteError:
            pass
        except BaseException:  # noqa: BLE001 - the finding
            _keep(findings, form, number, content, traceback.format_exc())
        signal.alarm(0)
        used = (_kilobytes("VmHWM") - usual) * 1024
        if used > _MOST_BYTES:
            _keep(findings, form, number, content, f"took {used:,} bytes of memory")
        number += 1
    (findings / f"{form.name}.at").write_text(str(number))


def _kilobytes(name: str) -> int:
    line = next(x for x in _STATUS.read_text().splitlines() if x.startswith(name))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
