"""Three programs that were written for onnxruntime, unchanged, on our packages.

They come from the Python package index by version and checksum, with their models in them.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

MAGIKA = {
    "magika==1.0.3": "3e9b49134e8116ee40b431664dcbed9e199413efddcce1a173c734b4e0521529",
    "click==8.1.8": "63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2",
}, """
import json
from magika import Magika
samples = [
    b"import sys\\n\\nclass A:\\n    def f(self):\\n        return [x for x in sys.argv]\\n",
    b"<!doctype html><html><body><p>Some text</p><script>var a = 1;</script></body></html>",
    b"#include <stdio.h>\\nint main(void) { printf(\\"hello\\"); return 0; }\\n",
    b"SELECT name, count(*) FROM people WHERE age > 7 GROUP BY name ORDER BY 2 DESC;\\n",
    b"name,age,town\\nAnna,33,Bern\\nBert,44,Rom\\nCarl,55,Graz\\n",
]
found = [Magika().identify_bytes(sample) for sample in samples]
print(json.dumps([[r.output.label for r in found], [r.score for r in found]]))
"""  # fmt: skip

SWIFT_F0 = {
    "swift-f0==0.3.0": "d7240c7c94b1d3e8f0e0cd2701b79be89a0f23a19cd5f944895a6518ecad72f3",
}, """
import json
import numpy as np
from swift_f0 import SwiftF0
time = np.arange(16000) / 16000
voice = np.sin(2 * np.pi * 220 * time) + 0.3 * np.sin(2 * np.pi * 440 * time)
# The network sees logarithms: without noise, of bins that hold rounding errors alone.
sound = np.concatenate([voice, np.zeros(4000)])
sound += np.random.default_rng(0).normal(0, 0.01, sound.size)
result = SwiftF0().detect(sound.astype(np.float32), 16000)
print(json.dumps([[], [result.pitch_hz.tolist(), result.confidence.tolist()]]))
"""  # fmt: skip

RAPIDOCR = {
    "rapidocr-onnxruntime==1.4.4": "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",  # noqa: E501
    "PyYAML==6.0.2": "3ad2a3decf9aaba3d29c8f537ac4b243e36bef957511b4766cb0057d32b0be85",
    "opencv-python-headless==4.11.0.86": "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b",  # noqa: E501
    "pyclipper==1.3.0.post6": "ace1f0753cf71c5c5f6488b8feef5dd0fa8b976ad86b24bb51f708f513df4aac",
    "shapely==2.1.1": "586f6aee1edec04e16227517a866df3e9a2e43c1f635efc32978bb3dc9c63753",
    "six==1.17.0": "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
    "tqdm==4.67.1": "26445eca388f82e72884e0d580d5464cd801a3ea01e63e5601bdff9ba6a48de2",
}, """
import json
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidocr_onnxruntime import RapidOCR
picture = Image.new("RGB", (420, 160), "white")
draw = ImageDraw.Draw(picture)
draw.text((20, 20), "Hello, world 2026", "black", ImageFont.load_default(36))
draw.text((20, 90), "plain NumPy", "black", ImageFont.load_default(36))
found, _ = RapidOCR()(np.asarray(picture))
print(json.dumps([[text for _, text, _ in found], [float(score) for _, _, score in found]]))
"""  # fmt: skip

PROGRAMS = {"magika": MAGIKA, "swift-f0": SWIFT_F0, "rapidocr": RAPIDOCR}
EXPECTED = {
    "magika": ["python", "html", "c", "sql", "csv"],
    "swift-f0": [],
    "rapidocr": ["Hello, world 2026", "plain NumPy"],
}


def install(requirements: dict[str, str], folder: Path) -> Path:
    """Install wheels into a folder, each checked."""
    if (sys.version_info[:2], platform.machine()) != ((3, 11), "x86_64"):
        pytest.skip("the checksums are of wheels for Python 3.11 on x86_64")
    lines = [f"{name} --hash=sha256:{code}" for name, code in requirements.items()]
    (folder / "requirements.txt").write_text("\n".join(lines))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += [
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "--require-hashes",
    ]
    command += [
        "--target",
        str(folder / "site"),
        "-r",
        str(folder / "requirements.txt"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"could not fetch {lines}: {done.stderr}"
    return folder / "site"


def answer(which: str, script: Path, site: Path) -> Any:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    command = [sys.executable, str(HERE / "drop_in.py"), which, str(script)]
    done = subprocess.run(
        command, env=env, cwd=script.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_unchanged(name: str, tmp_path: Path) -> None:
    requirements, source = PROGRAMS[name]
    site = install(requirements, tmp_path)
    script = tmp_path / "program.py"
    script.write_text(source)
    (labels, numbers), (theirs, their_numbers) = (
        answer(which, script, site) for which in ("ours", "theirs")
    )
    assert labels == theirs == EXPECTED[name]
    np.testing.assert_allclose(numbers, their_numbers, rtol=1e-3, atol=1e-3)
