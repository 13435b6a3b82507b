"""A client of `TickIngest` in tick_ingest.proto; what a call means is said there, beside each field."""

from __future__ import annotations

import os
import queue
from dataclasses import dataclass
from typing import Iterable, Iterator, Sequence

import grpc
import pyarrow as pa

from .stubs import tick_ingest_pb2, tick_ingest_pb2_grpc

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
#: Batches that may be under way before the first of them is acknowledged.
WINDOW = 16


@dataclass(frozen=True)
class Ack:
    """What became of one batch. It is on disk."""

    accepted: int
    duplicate: int
    rejected: int
    late: int
    #: At most 100 rows: (row, code, field, message).
    rejected_rows: Sequence[tuple[int, str, str, str]]
    stream_id: str
    through_number: int


@dataclass(frozen=True)
class Followed:
    """One batch of the log, tables with the columns of the store's."""

    stream_id: str
    number: int
    head_number: int
    trades: pa.Table | None
    quotes: pa.Table | None
    #: (market, symbol, microseconds): nothing at or before this time will come any more.
    marks: Sequence[tuple[str, str, int]]


class Refused(Exception):
    """A batch or a stream that was refused: branch on `code`; `retry` says whether the same may succeed later."""

    def __init__(self, code: str, message: str, retry: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.retry = retry


class Client:
    """`Client("127.0.0.1:7711")`. With `ca_file` the line is TLS; the key is HINDCAST_API_KEY where none is given."""

    def __init__(self, address: str = "127.0.0.1:7711", *, api_key: str | None = None, ca_file: str | None = None) -> None:
        options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", MESSAGE_BYTES_MAX)]
        if ca_file is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            with open(ca_file, "rb") as file:
                self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()), options)
        key = api_key or os.environ.get("HINDCAST_API_KEY")
        self._metadata = (("authorization", f"Bearer {key}"),) if key else ()
        self._service = tick_ingest_pb2_grpc.TickIngestStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._channel.close()

    def push(
        self,
        trades: Iterable[pa.Table],
        *,
        source: str,
        market: str = "usa/equity",
        quotes: bool = False,
    ) -> Iterator[Ack]:
        """Pushes table after table, in order, and yields what became of each.

        Columns: timestamp (any Arrow timestamp, or microseconds), symbol, trade_id, price, size; where they are known
        market, exchange, side, conditions. With `quotes` the tables hold quotes: timestamp, symbol, quote_id, bid,
        bid_size, ask, ask_size. `source` names who gave the ids; the same rows pushed again are duplicates.
        """
        slots = queue.Queue(WINDOW)

        def requests() -> Iterator[tick_ingest_pb2.PushRequest]:
            for tag, table in enumerate(trades, start=1):
                slots.put(tag)
                body = _ipc(table)
                yield tick_ingest_pb2.PushRequest(
                    tag=tag, source=source, market=market, **({"quotes": body} if quotes else {"trades": body})
                )

        with _refusals():
            for answer in self._service.Push(requests(), metadata=self._metadata):
                slots.get()
                if answer.error_code:
                    raise Refused(answer.error_code, answer.error_message, answer.retry)
                rows = [(row.index, row.code, row.field, row.message) for row in answer.rejected_rows]
                yield Ack(
                    answer.accepted,
                    answer.duplicate,
                    answer.rejected,
                    answer.late,
                    rows,
                    answer.stream_id,
                    answer.through_number,
                )

    def follow(
        self,
        from_number: int = 0,
        *,
        live: bool = False,
        stream_id: str = "",
        symbols: Sequence[str] = (),
        follower: str = "",
    ) -> Iterator[Followed]:
        """Every batch from a number on (0: the oldest held), or `live` from now on, without end.

        To go on after a stop: the `stream_id` and `number + 1` of the last batch. With `symbols` only their rows come,
        under every number. Numbers never skip.
        """
        request = tick_ingest_pb2.FollowRequest(
            stream_id=stream_id, from_number=from_number, follower=follower, live=live, tables=True, symbols=symbols
        )
        with _refusals():
            for batch in self._service.Follow(request, metadata=self._metadata):
                marks = [(mark.market, mark.symbol, mark.time_us) for mark in batch.marks]
                yield Followed(
                    batch.stream_id, batch.number, batch.head_number, _table(batch.trades), _table(batch.quotes), marks
                )

    def report_checkpoint(self, stream_id: str, follower: str, number: int) -> None:
        """Says how far this follower's own effects are durable; the log keeps what comes after."""
        report = tick_ingest_pb2.CheckpointReport(stream_id=stream_id, follower=follower, number=number)
        with _refusals():
            self._service.ReportCheckpoint(report, metadata=self._metadata)


class _refusals:
    """Turns gRPC's own errors into ours: the code travels in the trailing metadata."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, grpc.RpcError):
            return
        code = dict(error.trailing_metadata() or ()).get("hindcast-code")
        if code is not None:
            raise Refused(code, error.details(), error.code() is grpc.StatusCode.UNAVAILABLE) from error


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(body: bytes) -> pa.Table | None:
    return pa.ipc.open_stream(body).read_all() if body else None
