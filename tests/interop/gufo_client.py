"""gufo-liftbridge against the demo cluster: metadata, create, publish, bulk publish, subscribe, cursors, delete."""

import asyncio
import sys
import zlib

from gufo.liftbridge.client import LiftbridgeClient
from gufo.liftbridge.error import ErrorAlreadyExists
from gufo.liftbridge.types import AckPolicy, StartPosition

STREAM = "gufo"


async def take(messages, count):
    """The first `count` messages of a subscription."""
    taken = []
    async for message in messages:
        taken.append(message)
        if len(taken) == count:
            await messages.aclose()
            return taken
    raise AssertionError(f"the subscription ended after {len(taken)} messages")


def cursor_in_first_partition():
    """The client asks the leader of the first partition of the cursors stream alone, so the cursor has to live there."""
    names = (f"reader-{n}" for n in range(100))
    return next(n for n in names if zlib.crc32(f"{n},{STREAM},0".encode()) % 2 == 0)


async def run(brokers):
    async with LiftbridgeClient(brokers) as client:
        metadata = await client.get_metadata()
        assert sorted(broker.id for broker in metadata.brokers) == ["demo-1", "demo-2", "demo-3"], metadata
        await client.create_stream(STREAM, partitions=2, replication_factor=3, wait_for_stream=True)
        try:
            await client.create_stream(STREAM)
        except ErrorAlreadyExists:
            pass
        else:
            raise AssertionError("the stream was created twice")
        for n in range(5):
            await client.publish(f"m{n}".encode(), stream=STREAM, partition=0, key=b"k", headers={"n": b"%d" % n})
        bulk = [
            client.get_publish_request(b"b%d" % n, stream=STREAM, partition=0, ack_policy=AckPolicy.ALL)
            for n in range(200)
        ]
        acks = [ack async for ack in client.publish_bulk(bulk)]
        assert len(acks) == 200, len(acks)
        all_of_it = await take(client.subscribe(STREAM, partition=0, start_position=StartPosition.EARLIEST), 205)
        assert [message.offset for message in all_of_it] == list(range(205))
        assert all_of_it[3].value == b"m3" and all_of_it[3].headers["n"] == b"3"
        later = await take(client.subscribe(STREAM, partition=0, start_offset=200), 5)
        assert [message.value for message in later] == [b"b%d" % n for n in range(195, 200)]
        partition = await client.get_partition_metadata(STREAM, 0)
        assert partition.newest_offset == 204 and len(partition.replicas) == 3, partition
        cursor = cursor_in_first_partition()
        assert await client.get_cursor(STREAM, 0, cursor) == -1
        await client.set_cursor(STREAM, 0, cursor, 41)
        assert await client.get_cursor(STREAM, 0, cursor) == 42
        await client.delete_stream(STREAM)
        metadata = await client.get_metadata()
        assert STREAM not in [stream.name for stream in metadata.metadata]


asyncio.run(asyncio.wait_for(run(sys.argv[1].split(",")), 60))
print("gufo-liftbridge: all of it works")
