"""The version of the package; scripts/wheel writes that of the server here."""

VERSION = "0.1.0"
