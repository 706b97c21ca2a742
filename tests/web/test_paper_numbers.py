"""The page on which staff type in what they gave out on paper."""

from tests.served import Hall


def test_a_number_of_the_paper_is_taken_and_a_wrong_row_stays_with_its_reason(hall: Hall) -> None:
    clerk = hall.staff("clerk")
    page = "/en/staff/heidelberg/paper-numbers"
    assert page in clerk.get("/en/staff/heidelberg/day-list").text
    form = {"number_0": "A000", "time_0": "00:01", "service_0": "INFO", "persons_0": "1"}
    form |= {"number_1": "B77", "time_1": "soon", "service_1": "INFO", "persons_1": "1"}
    answer = clerk.post(page, data=form)
    assert answer.status_code == 200, answer.text
    assert 'value="A000"' in answer.text
    assert "B77: the time or the persons cannot be read." in answer.text
    assert hall.staff("case_worker").get(page).status_code == 403
