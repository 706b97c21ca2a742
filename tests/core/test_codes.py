"""Codes on paper: as short as they may be."""

from queue_service.model.codes import shortened


def test_codes_that_begin_alike_are_printed_as_far_as_they_differ() -> None:
    codes = ["2345ABCD", "2345ACXX", "9999AAAA"]
    assert shortened(codes) == ["2345AB", "2345AC", "9999"]
