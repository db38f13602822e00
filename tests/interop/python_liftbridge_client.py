"""python-liftbridge against the demo cluster. It hands out the empty first message of a subscription like any other."""

import itertools
import sys

from python_liftbridge import ErrNoSuchStream, ErrStreamExists, Lift, Message, Stream, api_pb2

STREAM = "pylift"


def take(client, stream, count):
    """The first `count` messages of a subscription, the handshake left out."""
    handshake, *messages = itertools.islice(client.subscribe(stream), count + 1)
    assert not handshake.value and not handshake.offset, handshake
    return messages


client = Lift(ip_address=sys.argv[1], timeout=5)
assert [broker.id for broker in client.fetch_metadata().brokers] == ["demo-1"]
client.create_stream(Stream(subject=STREAM, name=STREAM))
try:
    client.create_stream(Stream(subject=STREAM, name=STREAM))
except ErrStreamExists:
    pass
else:
    raise AssertionError("the stream was created twice")
for n in range(100):
    client.publish(Message(value=f"m{n}", stream=STREAM, key="k").ack_policy_leader())
client.publish_to_subject(Message(value="s", subject=STREAM))
earliest = take(client, Stream(subject=STREAM, name=STREAM).start_at_earliest_received(), 101)
assert [message.value for message in earliest[:2]] == [b"m0", b"m1"] and earliest[100].value == b"s"
from_offset = take(client, Stream(subject=STREAM, name=STREAM).start_at_offset(98), 2)
assert [message.offset for message in from_offset] == [98, 99]
# It has no call for deleting, and none for cursors.
client.stub.DeleteStream(api_pb2.DeleteStreamRequest(name=STREAM))
try:
    take(client, Stream(subject=STREAM, name=STREAM), 0)
except ErrNoSuchStream:
    pass
else:
    raise AssertionError("the stream is still there")
client.close()
print("python-liftbridge: all of it works")
