"""A server that speaks FTP, for tests: pyftpdlib, as old or as strict as a test wants it.

What a server may do is in a file of settings; `faults` beside it is read with each transfer and says what befalls those that follow.
"""

import errno
import io
import json
import logging
import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.exceptions import _FileReadWriteError
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.log import config_logging
from pyftpdlib.servers import FTPServer

settings = json.load(open(sys.argv[1]))
faults_at = os.path.join(os.path.dirname(sys.argv[1]), "faults")
transfers = 0


def cut_after():
    """Gives after how many bytes the next transfer ends, as on a line that broke; None where it goes through."""
    global transfers
    try:
        faults = json.load(open(faults_at))
    except FileNotFoundError:
        return None
    transfers += 1
    return faults["after"] if transfers % faults["each"] == 0 else None


class Breaking:
    """A data line that may break, which this server takes for the end of a file, and that says by its code that a disk is full."""

    def __init__(self, *given):
        super().__init__(*given)
        self.left = cut_after()

    def recv(self, size):
        if self.left is None:
            return super().recv(size)
        bytes_ = super().recv(min(size, max(self.left, 1)))
        self.left -= len(bytes_)
        if self.left <= 0:
            self.handle_close()
            return b""
        return bytes_

    def send(self, bytes_):
        if self.left is None:
            return super().send(bytes_)
        sent = super().send(bytes_[: max(self.left, 1)])
        self.left -= sent
        if self.left <= 0:
            self.producer_fifo.clear()
            self.handle_close()
        return sent

    def use_sendfile(self):
        return False

    def handle_error(self):
        error = sys.exc_info()[1]
        if not isinstance(error, _FileReadWriteError) or error.args[0].errno not in (errno.ENOSPC, errno.EDQUOT):
            return super().handle_error()
        # What most servers say, and this one does not.
        self._resp = ("552 There is no room.", logging.getLogger("tests").info)
        self.close()


class Line(Breaking, DTPHandler):
    pass


class SealedLine(Breaking, TLS_DTPHandler):
    pass


class Direct(io.FileIO):
    """A file that is written at once: one that is full as late as when it is closed has this server say nothing at all."""

    def write(self, bytes_):
        left = memoryview(bytes_)
        while left:
            left = left[super().write(left) :]


class Files(AbstractedFS):
    def open(self, filename, mode):
        return Direct(filename, mode.replace("b", ""))


class Old:
    """What a server does that knows what was asked of servers in 1985 alone."""

    def ftp_RNTO(self, path):
        if settings["replaces"] or not os.path.exists(path):
            return super().ftp_RNTO(path)
        self._rnfr = None
        self.respond("553 It is there already.")


base = (Old, TLS_FTPHandler) if settings["sealed"] else (Old, FTPHandler)
Handler = type("Handler", base, {})
Handler.dtp_handler = SealedLine if settings["sealed"] else Line
if settings["sealed"]:
    Handler.certfile, Handler.keyfile = settings["certificate"], settings["key"]
    Handler.tls_control_required = Handler.tls_data_required = True
if not settings["lists_in_facts"]:
    unknown = ("FEAT", "MLSD", "MLST", "SIZE", "EPSV")
    Handler.proto_cmds = {name: of for name, of in FTPHandler.proto_cmds.items() if name not in unknown}
    if settings["sealed"]:
        Handler.proto_cmds = {name: of for name, of in TLS_FTPHandler.proto_cmds.items() if name not in unknown}
Handler.abstracted_fs = Files
Handler.auth_failed_timeout = 0
Handler.banner = "ready"

authorizer = DummyAuthorizer()
authorizer.add_user(settings["user"], settings["password"], settings["kept"], perm=settings["may"])
Handler.authorizer = authorizer
config_logging(level=60)
FTPServer(("127.0.0.1", settings["port"]), Handler).serve_forever()
