from benchsuite.processes.logs import cut_log, last_lines


def test_last_lines_are_twenty_at_most(tmp_path):
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))

    assert last_lines(log) == [str(number) for number in range(80, 100)]


def test_last_lines_of_one_long_line_are_its_end(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"x" * 10**6 + b"\xffthe end")

    (line,) = last_lines(log)

    assert line.endswith("\ufffdthe end")
    assert len(line) <= 16 * 1024


def test_missing_log_has_no_lines(tmp_path):
    assert last_lines(tmp_path / "absent") == []


def test_long_log_keeps_its_beginning_and_its_end(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a" * 2**20 + b"b" * 5000 + b"c" * 2**20)

    cut_log(log)

    assert log.read_bytes() == (
        b"a" * 2**20 + "\n… benchsuite left out 5,000 bytes …\n".encode() + b"c" * 2**20
    )


def test_short_log_is_left_as_it_is(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a" * 2**21)

    cut_log(log)

    assert log.read_bytes() == b"a" * 2**21
