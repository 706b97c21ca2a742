"""Sentences for refusals at the kiosk and at desks, as `refusals` wants them."""

from queue_service.language.catalogues import mark
from queue_service.model.refusal import Code

OF_THE_HALL: dict[Code, tuple[str, str, str]] = {
    Code.CANCELLED: (
        mark("This appointment was cancelled"),
        mark("Its place has been given to others."),
        mark("Please book a new appointment if you still need one."),
    ),
    Code.UNREADABLE_PICTURE: (
        mark("This picture cannot be read"),
        mark("It is too large, damaged, or no JPEG, PNG or WebP picture."),
        mark("Please take the photo again with the camera, or type the code."),
    ),
    Code.NO_CODE_IN_PICTURE: (
        mark("No code was found in this picture"),
        mark("It may be blurred, too dark or cut off."),
        mark("Please hold the camera still and close, or type the 8 signs below the picture."),
    ),
    Code.UNKNOWN_PERSON: (
        mark("Nobody was found"),
        mark("No appointment from today on fits exactly, or too many do."),
        mark("Please check the letters and the date, or ask for a paper or an e-mail."),
    ),
    Code.ALREADY_CHECKED_IN: (
        mark("You are already checked in"),
        mark("You have a number already; a second one is not needed."),
        mark("Please keep your ticket. If you have lost it, please ask the staff."),
    ),
    Code.UNKNOWN_NUMBER: (
        mark("This number is not one of ours"),
        mark("It was not kept for this kiosk, or it was changed."),
        mark("Please ask the staff at the entrance."),
    ),
    Code.NUMBER_TAKEN: (
        mark("Somebody else has this number"),
        mark("Somebody else came in under this number today."),
        mark("Please look at the number on the paper again."),
    ),
    Code.EMERGENCY_NEEDS_GUIDE: (
        mark("Please speak to the staff at once"),
        mark("Urgent matters are never only noted down by a machine."),
        mark("Please go to the staff at the entrance now; they will help you."),
    ),
    Code.TOO_EARLY: (
        mark("You are very early"),
        mark("You can check in only shortly before your appointment."),
        mark("Please come back a little later; your place is kept."),
    ),
    Code.NOT_MISSED_YET: (
        mark("It cannot be noted yet that nobody came"),
        mark("Late people keep their turn until then."),
        mark("Please cancel or move the appointment if you know already that nobody will come."),
    ),
    Code.TOO_LATE: (
        mark("It is too late for this now"),
        mark("The time for this step is over."),
        mark("Please ask the staff; they will find a way."),
    ),
    Code.OTHER_DAY: (
        mark("Your appointment is on another day"),
        mark("You can check in only on the day of your appointment."),
        mark("Please look at the date in your confirmation."),
    ),
    Code.OTHER_OFFICE: (
        mark("Your appointment is at another office"),
        mark("This code belongs to another house."),
        mark("Please look at the address in your confirmation or ask the staff."),
    ),
    Code.WALK_INS_FULL: (
        mark("All places without appointment are given out"),
        mark("The people already waiting will take the rest of the time."),
        mark("Please book an appointment or come another day; in an emergency ask the staff."),
    ),
    Code.NO_WALK_INS: (
        mark("This needs an appointment"),
        mark("There are no numbers for this service without an appointment."),
        mark("Please book an appointment; in an emergency ask the staff."),
    ),
    Code.NOBODY_WAITING: (
        mark("Nobody is waiting for you"),
        mark("Nobody in the line can be served at this counter just now."),
        mark("Take a breath; the list shows the next person by itself."),
    ),
    Code.COUNTER_OCCUPIED: (
        mark("Somebody is still at this counter"),
        mark("The person called last is neither finished nor absent."),
        mark("Finish the visit or mark the person as absent first."),
    ),
    Code.NOT_AT_THIS_COUNTER: (
        mark("This visit has gone on meanwhile"),
        mark("It is at another counter now, or this step was already done. Nothing was changed."),
        mark("Please look at the screen again: it shows who is at your counter."),
    ),
    Code.NOT_WAITING: (
        mark("This number is no longer waiting"),
        mark("Another counter called it, or the visit is over."),
        mark("Please choose another number."),
    ),
    Code.NOT_PARKED: (
        mark("This person is not away"),
        mark("Only who was sent to fetch something can come back."),
        mark("Please look at the list again."),
    ),
    Code.NOT_HANDED: (
        mark("This emergency was already taken"),
        mark("Somebody has accepted it, or it was taken back."),
        mark("Please look at the list again."),
    ),
    Code.NO_STATION: (
        mark("Nobody does this here"),
        mark("No counter of this office does this step for this service."),
        mark("Please hand over to a counter by its number."),
    ),
    Code.DESK_NOT_OPEN: (
        mark("This counter is not open"),
        mark("A counter that takes a break, works behind the scenes or is closed calls nobody."),
        mark("Please open the counter first."),
    ),
    Code.LOGIN_BUSY_ELSEWHERE: (
        mark("Another counter of your login has somebody there"),
        mark("One login has one open counter, and somebody is still at the other one."),
        mark("Finish there first. If a colleague works there, sign in with your own login."),
    ),
    Code.LATE_TOO_OFTEN: (
        mark("You have already said twice that you are late"),
        mark("Your turn cannot be kept any longer; others wait, too."),
        mark("Please come now, or speak to somebody at the entrance."),
    ),
    Code.UNDO_TOO_LATE: (
        mark("It is too late to undo this"),
        mark("A step can be undone only within a few seconds."),
        mark("Please put it right by the next step."),
    ),
    Code.UNDO_OVERTAKEN: (
        mark("This cannot be undone any more"),
        mark("Somebody has gone on with this visit since."),
        mark("Please look at where it stands now."),
    ),
    Code.UNKNOWN_DEVICE: (
        mark("There is no such device"),
        mark("This office has no device of that name."),
        mark("Please look at the list of devices again."),
    ),
    Code.WRONG_ENROLMENT: (
        mark("This code does not enrol a device"),
        mark("A code holds for ten minutes and only once; it may be mistyped, used or over."),
        mark("Please type it again or ask a manager for a new one."),
    ),
    Code.NOTHING_TO_UNDO: (
        mark("There is nothing to undo"),
        mark("The last step was already undone or is too long ago."),
        mark("Please go on with the next step."),
    ),
}
"""Title, detail and next step."""
