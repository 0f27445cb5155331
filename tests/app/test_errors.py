"""Details of errors: what the machine said, for who asks."""

from app.errors import UserError, technical_cause, told_by


def raised(error: Exception, cause: Exception | None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def test_behind_a_user_error_are_its_causes_the_nearest_first() -> None:
    deep = raised(ValueError("bad magic"), PermissionError(13, "Permission denied"))
    error = raised(UserError("the file cannot be read"), deep)
    causes = ["ValueError: bad magic", "PermissionError: [Errno 13] Permission denied"]
    assert technical_cause(error).splitlines() == causes
    assert told_by(raised(UserError("nothing runs"), None)) == ""


def test_what_was_said_is_not_said_again() -> None:
    deep = raised(UserError("no head in it"), KeyError("meshes"))
    error = raised(
        UserError("this character cannot be imported: no head in it"), raised(UserError("no head in it"), deep)
    )
    assert technical_cause(error) == "KeyError: 'meshes'"


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError("one"), KeyError("other")
    one.__cause__, other.__cause__ = other, one
    error = raised(UserError("line"), one)
    assert technical_cause(error).count("one") == 1


def test_other_errors_tell_where_they_came_from() -> None:
    assert told_by(OSError(28, "No space left on device")) == "OSError: [Errno 28] No space left on device"
    detail = told_by(raised(RuntimeError("tracker bug"), None))
    assert "test_errors.py" in detail
    assert detail.endswith("RuntimeError: tracker bug")
