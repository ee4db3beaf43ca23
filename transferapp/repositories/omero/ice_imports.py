"""Import omero-py and Ice quietly; every other module here takes them from this one.

Ice 3.6 imports the deprecated "imp", and both come without types.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import Glacier2
    import Ice
    import omero
    import omero.all
    import omero.callbacks
    import omero.clients
    import omero.cmd
    import omero.cmd.graphs
    import omero.constants.namespaces
    import omero.grid
    import omero.model
    import omero.model.enums
    import omero.rtypes
    import omero.sys
    import omero.util
    from omero_version import omero_version

__all__ = ["Glacier2", "Ice", "omero", "omero_version"]
