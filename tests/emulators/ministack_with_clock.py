"""ministack with a clock that the tests move: no test of SQS waits for a visibility timeout of two minutes.

The file that COSELL_EMULATOR_CLOCK names holds the seconds by which the emulator's clock is ahead of the real one.
"""

import os
import time

clock = os.environ["COSELL_EMULATOR_CLOCK"]
real = time.time


def moved():
    with open(clock) as file:
        return real() + float(file.read())


time.time = moved

from ministack.app import main  # noqa: E402  the clock goes first

main()
