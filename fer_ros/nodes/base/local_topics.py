# Copyright 2026 the fer_ros authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""
Hands messages between nodes of one process, without the middleware.

A message that goes through the middleware is copied several times, also within one process: into
its C form, into the middleware's memory, and back. If all subscribers of a topic are nodes of this
process, they get the message itself. As soon as anybody else subscribes, the middleware delivers
it to everybody, so that no subscriber gets it twice.
"""

import threading
from typing import Any

from rclpy.lifecycle import LifecyclePublisher
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription

_lock = threading.Lock()
_subscriptions: list[Subscription] = []


def share(subscription: Subscription) -> None:
    """
    Let `publish` call this subscription's callback directly, until `unshare`.

    The callback must be quick and safe to call from any thread. It must not change the message,
    which other subscribers and the publisher use too.
    """
    with _lock:
        _subscriptions.append(subscription)


def unshare(subscription: Subscription) -> None:
    """Undo `share`; call it before the subscription is destroyed."""
    with _lock:
        if subscription in _subscriptions:
            _subscriptions.remove(subscription)


def publish(publisher: LifecyclePublisher, message: Any) -> None:
    """
    Hand a message to the shared subscriptions of its topic if nobody else subscribes.

    Otherwise publish it through the middleware. An inactive publisher does neither.

    :param message: is not changed by anybody from now on.
    """
    receivers = _receivers(publisher)
    # The middleware counts them too, after it has discovered them.
    if not receivers or publisher.get_subscription_count() > len(receivers):
        publisher.publish(message)
    elif publisher.is_activated:
        for receiver in receivers:
            receiver.callback(message)


def _receivers(publisher: LifecyclePublisher) -> list[Subscription]:
    topic = publisher.topic_name
    is_reliable = publisher.qos_profile.reliability is ReliabilityPolicy.RELIABLE
    with _lock:
        # As with the middleware, a best-effort publisher does not serve a reliable subscription.
        return [
            s for s in _subscriptions if s.topic_name == topic
            and (is_reliable or s.qos_profile.reliability is not ReliabilityPolicy.RELIABLE)]
