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
Declares, checks and describes the parameters of a node as its options table says.

Which parameters there are is in `fer_ros.parameters.node_options`.
"""

from __future__ import annotations

from collections.abc import Callable
import copy
from typing import Any

from fer_ros.core.options import hint, Option, OptionError, Options
from fer_ros.parameters.node_options import NODE_OPTIONS, ROS_PARAMETERS
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter


class NodeParameters:
    """The parameters of one node."""

    def __init__(
        self, node: Node, kind: type[Options], is_configured: Callable[[], bool],
        on_change: Callable[[Any], None],
    ) -> None:
        """
        Declare the parameters.

        :param kind: options class of the node.
        :param is_configured: whether the node is configured; then only dynamic parameters may
            change.
        :param on_change: called with the new options after parameters of a configured node have
            changed.
        """
        self._node = node
        self._kind = kind
        self._is_configured = is_configured
        self._on_change = on_change
        self._table = {row.name: row for row in kind.table()}
        self._is_warned = False
        for row in self._table.values():
            node.declare_parameter(row.name, row.default, _descriptor(row))
        node.set_parameters(self._as_floats([node.get_parameter(name) for name in self._table]))
        node.add_pre_set_parameters_callback(self._as_floats)
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._take_over)

    @property
    def options(self) -> Any:
        """
        Return the options with the present values of the parameters.

        :raises OptionError: if a value given at start has the wrong type or is out of range.
        """
        return self._kind.from_mapping({
            name: self._node.get_parameter(name).value for name in self._table})

    def with_range(self, descriptor: ParameterDescriptor) -> ParameterDescriptor:
        """
        Return a descriptor with the range of its parameter, and whether it is read-only.

        Tools such as rqt_reconfigure show a slider for it. The declared descriptors have no range:
        rclpy would check it first, refuse a wrong value at start by ending the process, and
        explain less.
        """
        row = self._table.get(descriptor.name)
        if row is None:
            return descriptor
        descriptor = copy.copy(descriptor)
        descriptor.read_only = row.read_only
        if row.minimum is not None and row.maximum is not None:
            if row.type is float:
                descriptor.floating_point_range = [FloatingPointRange(
                    from_value=float(row.minimum), to_value=float(row.maximum))]
            elif row.type is int:
                descriptor.integer_range = [IntegerRange(
                    from_value=int(row.minimum), to_value=int(row.maximum), step=1)]
        return descriptor

    def warn_of_unknown(self, given: dict[str, Any]) -> None:
        """
        Log a warning, once, for each parameter given at start that no node has.

        :param given: parameters by name. A file or command line that sets parameters for all nodes
            also sets those of the other nodes here.
        """
        if self._is_warned:
            return
        self._is_warned = True
        known = {row.name for options in NODE_OPTIONS.values() for row in options.table()}
        for name in given:
            if name not in known and name.split('.')[0] not in ROS_PARAMETERS:
                self._node.get_logger().warning(
                    f'There is no parameter {name!r}; it is ignored{hint(name, self._table)}')

    def _as_floats(self, parameters: list[Parameter]) -> list[Parameter]:
        """Return the parameters, integers converted to floats if the table says float."""
        return [
            Parameter(p.name, value=float(p.value))
            if type(p.value) is int and p.name in self._table and self._table[p.name].type is float
            else p for p in parameters]

    def _check(self, parameters: list[Parameter]) -> SetParametersResult:
        values = {p.name: p.value for p in parameters if p.name in self._table}
        try:
            for name, value in values.items():
                self._check_change(self._table[name], value)
            if values and self._is_configured():
                current = {name: self._node.get_parameter(name).value for name in self._table}
                self._kind.from_mapping({**current, **values})
        except OptionError as error:
            return SetParametersResult(successful=False, reason=f'{error}.')
        return SetParametersResult(successful=True)

    def _check_change(self, row: Option, value: Any) -> None:
        if value is None:
            raise OptionError(f'{row.name} cannot be deleted')
        row.checked(value)
        if row.read_only:
            raise OptionError(f'{row.name} is read-only: set it when the node is started')
        if not row.dynamic and self._is_configured():
            raise OptionError(
                f'{row.name} cannot change while the node is configured: deactivate and clean up '
                'the node first (ros2 lifecycle set)')

    def _take_over(self, parameters: list[Parameter]) -> None:
        if self._is_configured() and any(p.name in self._table for p in parameters):
            self._on_change(self.options)


def _descriptor(row: Option) -> ParameterDescriptor:
    unit = f' [{row.unit}]' if row.unit else ''
    return ParameterDescriptor(
        name=row.name, description=f'{row.description}{unit}', additional_constraints=row.range,
        # The table checks types: it accepts 30 for 30.0, and explains in words what is wrong.
        dynamic_typing=True)
