"""Every error a person can meet, as one tree. Each message says what, where, and what to do.

VidcolorError                 exit 2: one line, no traceback
├── InputError                a value or picture handed to a function does not fit
├── MediaError                a film, picture or sound file cannot be read or written
├── SettingsError             a setting, preset or delivery is unknown or out of range
├── ProjectError              the project folder is damaged, newer than this program, or not one
├── CorrectionError           a correction of the project cannot be used as it is
├── WeightsError              the weights of a network are missing or not what they claim to be
└── DeviceError               the device asked for is not there
"""


class VidcolorError(Exception):
    """What went wrong, where, and the remedy, in one line."""


class InputError(VidcolorError):
    """A value or picture does not fit."""


class MediaError(VidcolorError):
    """A media file cannot be read or written."""


class SettingsError(VidcolorError):
    """A setting, preset or delivery is unknown or out of range."""


class ProjectError(VidcolorError):
    """The project folder cannot be used as it is."""


class CorrectionError(VidcolorError):
    """A correction cannot be used as it is."""


class WeightsError(VidcolorError):
    """Weights are missing, or are not what they claim to be."""


class DeviceError(VidcolorError):
    """The device asked for is not there."""
