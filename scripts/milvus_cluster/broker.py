"""A message broker in this process's memory that speaks Kafka's protocol: librdkafka's mock cluster.

It keeps about 5 MB of a topic and loses everything when it ends, so it is never killed. Prints HOST:PORT, then waits.
"""

from __future__ import annotations

import time

from confluent_kafka import Producer


def main() -> None:
    producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 3})
    found = producer.list_topics(timeout=20).brokers
    print(",".join(f"{broker.host}:{broker.port}" for broker in found.values()), flush=True)
    while True:
        producer.poll(1)
        time.sleep(1)


if __name__ == "__main__":
    main()
