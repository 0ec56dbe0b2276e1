import pytest

from camgr_tf.ingest.build_arguments import make_parser


def _parse(arguments):
    return make_parser("download", "amazon", "catalog").parse_args(arguments)


class TestMakeParser:
    def test_defaults_are_those_of_the_functions(self):
        options = _parse(
            ["catalog", "--interactions", "a", "--items", "b", "--name", "c"]
        )
        assert options.run == "catalog"
        assert options.k_core == 5
        assert options.split == "random" and options.split_seed == 0
        assert options.image_encoder == "VGG16"
        assert options.text_encoder == "sentence2vec"
        assert options.text_dim == 300
        assert options.imputation == "mean"
        assert options.root is None and options.overwrite is False

    def test_format_and_its_help(self, capsys):
        options = _parse(
            ["catalog", "--interactions", "a", "--items", "b", "--name", "c"]
            + ["--timestamp-format", "%d/%m/%Y"]
        )
        assert options.timestamp_format == "%d/%m/%Y"
        with pytest.raises(SystemExit):
            _parse(["catalog", "--help"])
        assert "of dates, such as %d/%m/%Y;" in capsys.readouterr().out

    def test_pairs(self):
        options = _parse(
            ["download", "mmrec-baby", "--mirror", "a=http://b/?c=d"]
            + ["--mirror", "e=http://f"]
        )
        assert options.mirror == [("a", "http://b/?c=d"), ("e", "http://f")]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "required: COMMAND"),
            (["download", "mars"], "invalid choice: 'mars'"),
            (["download", "mmrec-baby", "--mirror", "x"], "expected KEY=VALUE"),
            (["amazon", "--category", "A", "--name", "a/b"], "not a path"),
            (["amazon", "--category", "A", "--split", "odd"], "invalid choice"),
        ],
    )
    def test_wrong_arguments(self, capsys, arguments, message):
        with pytest.raises(SystemExit):
            _parse(arguments)
        assert message in capsys.readouterr().err
