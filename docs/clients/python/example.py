"""Pushes three trades, pushes them again, and reads them back from the log. CI runs this as it stands."""

import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa

from hindcast import Client, Refused

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7711"
start = datetime(2013, 10, 7, 13, 30, tzinfo=timezone.utc)

trades = pa.table(
    {
        "timestamp": pa.array([start + timedelta(seconds=second) for second in range(3)], pa.timestamp("us", tz="UTC")),
        "symbol": ["SPY", "SPY", "IBM"],
        "trade_id": ["py-1", "py-2", "py-3"],
        "price": [168.25, 168.5, 182.0],
        "size": [100.0, 200.0, -1.0],
    }
)

with Client(address) as client:
    for ack in client.push([trades, trades], source="example"):
        print(f"accepted {ack.accepted}, duplicate {ack.duplicate}, rejected {ack.rejected} {list(ack.rejected_rows)}")
    try:
        list(client.push([trades.drop_columns("price")], source="example"))
    except Refused as refused:
        print(refused)
    for batch in client.follow(symbols=["SPY"]):
        if batch.trades is not None and "py-2" in batch.trades["trade_id"].to_pylist():
            print(batch.trades.select(["timestamp", "symbol", "trade_id", "price", "size"]).to_pylist()[-1])
            break
