import gzip
import json
import warnings

import pytest

from camgr_tf.ingest.raw_records import read_records


def _read(path, **options):
    return list(read_records(path, progress=False, **options))


def _gzip(path, content):
    path.write_bytes(gzip.compress(content))
    return path


class TestReadRecords:
    def test_json_and_python_literals(self, tmp_path):
        path = _gzip(
            tmp_path / "a.json.gz",
            b'{"a": null, "b": [1, 2.5]}\n'
            b"\n"
            b"{'a': None, 'b': \"it's\", 'c': '\\d'}\n",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            records = _read(path)
        assert records == [
            {"a": None, "b": [1, 2.5]},
            {"a": None, "b": "it's", "c": "\\d"},
        ]

    def test_plain_file_and_progress_bar(self, tmp_path, capsys):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\n{"a": 2}')
        assert list(read_records(path)) == [{"a": 1}, {"a": 2}]
        assert "a.json" in capsys.readouterr().err

    def test_nothing_is_evaluated(self, tmp_path):
        mark = tmp_path / "mark"
        path = tmp_path / "a.json"
        path.write_text(
            "{'a': 1}\n{'a': __import__('pathlib').Path(%r).touch()}\n"
            % str(mark)
        )
        with pytest.warns(UserWarning, match="1 lines are neither"):
            assert _read(path) == [{"a": 1}]
        assert not mark.exists()

    def test_bad_lines_are_counted_in_one_warning(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\n{"a": \n{"a": 2}\n[3]\n{"a": 4}\n')
        with pytest.warns(UserWarning) as caught:
            assert _read(path) == [{"a": 1}, {"a": 2}, {"a": 4}]
        assert len(caught) == 1
        message = str(caught[0].message)
        assert f"{path}: 2 lines are neither a JSON object nor" in message
        assert "the first is line 2: '{\"a\":'" in message

    def test_mostly_bad_lines_are_an_error(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\nuser,item\n1,2\n')
        with pytest.raises(ValueError, match="2 lines .* only 1 lines are"):
            _read(path)

    def test_nested_beyond_the_parsers(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\n' + "[" * 100_000 + "\n")
        with pytest.warns(UserWarning, match="1 lines are neither"):
            assert _read(path) == [{"a": 1}]

    def test_wrong_bytes_are_replaced_and_counted(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_bytes(b'{"a": "ok"}\n{"a": "caf\xe9"}\n')
        with pytest.warns(UserWarning, match="1 lines are not UTF-8.* line 2"):
            assert _read(path) == [{"a": "ok"}, {"a": "caf\ufffd"}]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ('{"a": "x\\ud83d"}', "x\ufffd"),
            ('{"a": ["\\uDE00 y"]}', ["\ufffd y"]),
            ('{"a": {"b": "x\\u0000"}}', {"b": "x\ufffd"}),
            ("{'a': 'x\\x00'}", "x\ufffd"),
            ("{'a': '\\ud83d'}", "\ufffd"),
        ],
    )
    def test_escapes_of_no_character_are_replaced(self, tmp_path, text, value):
        path = tmp_path / "a.json"
        path.write_text('{"a": "ok"}\n' + text)
        with pytest.warns(UserWarning, match="1 lines .*the first is line 2"):
            assert _read(path) == [{"a": "ok"}, {"a": value}]

    @pytest.mark.parametrize("quote", ["'", '"'])
    def test_pairs_of_surrogates_are_characters(self, tmp_path, quote):
        path = tmp_path / "a.json"
        path.write_text("{'a': '\\ud83d\\ude00'}".replace("'", quote))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert _read(path) == [{"a": "\U0001f600"}]

    def test_a_byte_order_mark_costs_no_record(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\r\n{"a": 2}', encoding="utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert _read(path) == [{"a": 1}, {"a": 2}]

    def test_a_cut_last_line_is_said(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\n{"a": 2}\n{"a": ')
        with pytest.warns(UserWarning, match="1 lines are neither .*line 3"):
            assert _read(path) == [{"a": 1}, {"a": 2}]

    def test_unwanted_lines_are_not_parsed(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_text('{"a": 1}\nnonsense\n')
        records = _read(path, is_wanted=lambda line: line.startswith(b"{"))
        assert records == [{"a": 1}]

    def test_cut_gzip(self, tmp_path):
        lines = [json.dumps({"a": i, "b": str(i * i)}) for i in range(5000)]
        path = _gzip(tmp_path / "a.json.gz", "\n".join(lines).encode())
        path.write_bytes(path.read_bytes()[:-5000])
        with pytest.raises(ValueError, match="corrupt or cut after line [1-9]"):
            _read(path)

    def test_corrupt_gzip(self, tmp_path):
        path = _gzip(tmp_path / "a.json.gz", b'{"a": 1}\n' * 100)
        content = bytearray(path.read_bytes())
        content[-6] ^= 0xFF  # in the checksum
        path.write_bytes(content)
        with pytest.raises(ValueError, match="corrupt or cut after line"):
            _read(path)

    def test_a_page_in_place_of_gzip(self, tmp_path):
        path = tmp_path / "a.json.gz"
        path.write_text("<html>Not found</html>")
        with pytest.raises(ValueError, match="begins with b'<html>Not found"):
            _read(path)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="Expected: .*none.json"):
            _read(tmp_path / "none.json")
