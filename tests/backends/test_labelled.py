from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.backends.embedded import kernels
from service.backends.embedded.labelled import Labelled


@pytest.mark.parametrize("compiled", [False, True])
@given(
    st.lists(st.sampled_from([0, 7, 2**63, 2**64 - 1]), max_size=20),
    st.lists(st.sampled_from([0, 7, 8, 2**63, 2**64 - 1]), max_size=3),
)
def test_the_group_of_a_label_is_all_that_have_it(compiled: bool, labels: list[int], wanted: list[int]) -> None:
    with mock.patch.object(kernels, "_ready", [kernels.load()] if compiled else []):
        groups = Labelled(np.array(labels, np.uint64)).groups(np.array(wanted, np.uint64))
    assert [rows.tolist() for rows in groups] == [[i for i, label in enumerate(labels) if label == w] for w in wanted]
