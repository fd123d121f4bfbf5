"""Hides how libcurl runs on our event loop: its multi-socket interface by add_reader and timers, without a thread.

It works under asyncio and uvloop alike.
"""

import asyncio
import select
from typing import Any, Final

import pycurl

from ensue.channels.transfers import Sockets, Transfer

_NEVER: Final = float("inf")
_IN: Final[int] = pycurl.CSELECT_IN
_OUT: Final[int] = pycurl.CSELECT_OUT
_ERROR: Final[int] = pycurl.CSELECT_ERR
_WANTED: Final[dict[int, int]] = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}


class Driver:
    """Runs transfers on one event loop. Not for use from several threads or loops."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_connections: int) -> None:
        self._loop = loop
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_connections)
        self.sockets: Sockets = {}
        self._running: dict[Any, Transfer] = {}
        self._watched: dict[int, int] = {}
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._ready)
        self._timer: asyncio.Handle | None = None
        self._due = self._armed = _NEVER
        self._closed = False

    def start(self, transfer: Transfer) -> asyncio.Future[tuple[int, str]]:
        """Begins a prepared transfer; the future gets libcurl's code and message, 0 for success."""
        future: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        transfer.future = future
        self._running[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)
        return future

    def stop(self, transfer: Transfer) -> None:
        """Ends a transfer that nobody waits for any more; its connection is closed."""
        if self._running.pop(transfer.curl, None) is not None:
            self._multi.remove_handle(transfer.curl)

    def close(self) -> None:
        """Ends every transfer (their futures say so) and closes every connection; a second time does nothing, since
        channels share a client."""
        if self._closed:
            return
        self._closed = True
        for transfer in list(self._running.values()):
            self._finish(transfer.curl, pycurl.E_ABORTED_BY_CALLBACK, "the client was closed")
        if self._timer is not None:
            self._timer.cancel()
        self._multi.close()
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _on_socket(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        """Brings our epoll to what libcurl wants of a socket; libcurl says so before it closes one."""
        wanted = _WANTED.get(what, 0)
        before = self._watched.get(descriptor, 0)
        if wanted == before:
            return
        if not wanted:
            del self._watched[descriptor]
            self._epoll.unregister(descriptor)
            return
        self._watched[descriptor] = wanted
        if before:
            self._epoll.modify(descriptor, wanted)
        else:
            self._epoll.register(descriptor, wanted)

    def _ready(self) -> None:
        """Some sockets can be read or written."""
        if self._closed:
            return
        act = self._multi.socket_action
        try:
            for descriptor, events in self._epoll.poll(0):
                act(descriptor, _events(events))
        except pycurl.error as error:
            self._give_up(error)
        self._settle()

    def _on_timer(self, wait_ms: int) -> None:
        """Notes when libcurl wants to be called. A timer that fires too early is cheaper than one set anew."""
        if self._closed:
            return
        if wait_ms < 0:
            self._due = _NEVER
            return
        self._due = self._loop.time() + wait_ms / 1000
        if self._due < self._armed:
            self._arm(wait_ms / 1000)

    def _arm(self, wait_s: float) -> None:
        """Sets the one timer; a wait of nothing is the loop's next turn."""
        if self._timer is not None:
            self._timer.cancel()
        self._armed = self._due
        self._timer = self._loop.call_later(wait_s, self._fire) if wait_s else self._loop.call_soon(self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._armed = _NEVER
        if self._due == _NEVER or self._closed:
            return
        left = self._due - self._loop.time()
        if left > 0:
            self._arm(left)
            return
        self._due = _NEVER
        try:
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        except pycurl.error as error:
            self._give_up(error)
        self._settle()

    def _give_up(self, error: Exception) -> None:
        """Libcurl is in a state that it does not get out of: whoever waits is told."""
        for curl in list(self._running):
            self._finish(curl, pycurl.E_FAILED_INIT, str(error))

    def _settle(self) -> None:
        """Hands on what ended."""
        queued = 1
        while queued:
            queued, done, failed = self._multi.info_read()
            for curl in done:
                self._finish(curl, 0, "")
            for curl, code, message in failed:
                self._finish(curl, code, message)

    def _finish(self, curl: Any, code: int, message: str) -> None:
        transfer = self._running.pop(curl, None)
        if transfer is None:
            return
        self._multi.remove_handle(curl)
        if transfer.future is not None and not transfer.future.done():
            transfer.future.set_result((code, message))


def _events(events: int) -> int:
    """What epoll says, in libcurl's words; an error or a hang-up is also worth a read, which tells what it is."""
    if events == select.EPOLLIN:
        return _IN
    told = 0
    if events & ~select.EPOLLOUT:
        told |= _IN
    if events & select.EPOLLOUT:
        told |= _OUT
    if events & select.EPOLLERR:
        told |= _ERROR
    return told
