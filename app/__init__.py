"""The application. Here is what has to be said to OpenCV before anything loads it."""

import os
from typing import Final

OPENCV: Final = {
    # OpenCV and its ffmpeg write to stderr from C; what matters is said by us, in one line.
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # Media Foundation looks for hardware decoders for seconds before a camera's first picture (Windows).
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",
    # OpenCV asks for the camera with the main thread's run loop, which a thread cannot (macOS then asks by itself).
    "OPENCV_AVFOUNDATION_SKIP_AUTH": "1",
}
for _name, _value in OPENCV.items():
    os.environ.setdefault(_name, _value)
