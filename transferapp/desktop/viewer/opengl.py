"""Finds out whether napari can draw here, before it is imported and fails in obscure ways."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys

from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

_LEAST_VERSION = (2, 1)
_GL_RENDERER = 0x1F01


def prepare_opengl() -> str | None:
    """Return the renderer's name, or None when there is no usable OpenGL.

    Needs a QApplication. Where Qt draws through EGL, PyOpenGL is told to do so too: its
    own guess is GLX, and it would not find Qt's context.
    """
    context = QOpenGLContext()
    if not context.create() or context.format().version() < _LEAST_VERSION:
        return None
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not context.makeCurrent(surface):
        return None
    renderer = context.functions().glGetString(_GL_RENDERER)
    if sys.platform == "linux" and not _glx_is_current():
        os.environ["PYOPENGL_PLATFORM"] = "egl"
    context.doneCurrent()
    return str(renderer or "unknown")


def _glx_is_current() -> bool:
    name = ctypes.util.find_library("GL")
    if name is None:
        return False
    current = getattr(ctypes.CDLL(name), "glXGetCurrentContext", None)
    if current is None:
        return False
    current.restype = ctypes.c_void_p
    return current() is not None
