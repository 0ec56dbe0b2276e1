import re

from camgr_tf.ingest.amazon import raw_file_names
from camgr_tf.ingest.sources import SOURCES


class TestSources:
    def test_known_digests_of_mmrecs_baby(self):
        files = {file.name: file for file in SOURCES["mmrec-baby"].files}
        assert files["baby.inter"].num_bytes == 4523032
        assert files["baby.inter"].sha256.startswith("9ef5de9a05949d97")
        assert files["text_feat.npy"].num_bytes == 10828928
        assert files["text_feat.npy"].sha256.startswith("6667f2ad655c9ecc")

    def test_names_are_those_that_the_builder_reads(self):
        for source, category in (
            ("amazon-baby", "Baby"),
            ("amazon-sports", "Sports_and_Outdoors"),
            ("amazon-clothing", "Clothing_Shoes_and_Jewelry"),
        ):
            names = [file.name for file in SOURCES[source].files]
            assert names == list(raw_file_names(category).values())

    def test_every_file_is_well_formed(self):
        for source in SOURCES.values():
            assert source.page.startswith("https://")
            for file in source.files:
                assert all(
                    re.fullmatch(rf"https?://\S+/{file.name}", url)
                    for url in file.urls
                )
                assert file.sha256 is None or re.fullmatch(
                    "[0-9a-f]{64}", file.sha256
                )
