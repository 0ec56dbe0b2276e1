"""Names the files that can be downloaded, and what is known of them."""

from dataclasses import dataclass

_SNAP = "https://snap.stanford.edu/data/amazon/productGraph"
_UCSD_PAGE = "https://jmcauley.ucsd.edu/data/amazon/links.html"
_MMREC_PAGE = (
    "https://drive.google.com/drive/folders/13cBy1EA_saTUuXxVllKgtfci2A09jyaG"
)


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Args:
        name: String, the name under which it is stored.
        urls: Strings, tried in this order. Empty if there is only the manual
            way. Defaults to `()`.
        num_bytes: Integer, or `None` if the size is not known. Defaults to
            `None`.
        sha256: String in hexadecimal, or `None` if the digest is not
            known. Defaults to `None`.
    """

    name: str
    urls: tuple[str, ...] = ()
    num_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """Files that belong together.

    Args:
        page: String, the address where a person finds them.
        files: The files.
    """

    page: str
    files: tuple[RemoteFile, ...]


def _amazon(category):
    files = f"{_SNAP}/categoryFiles"
    images = f"{_SNAP}/image_features/categoryFiles"
    addresses = (
        f"{files}/reviews_{category}_5.json.gz",
        f"{files}/meta_{category}.json.gz",
        f"{images}/image_features_{category}.b",
    )
    return Source(
        _UCSD_PAGE,
        tuple(
            RemoteFile(address.rsplit("/", 1)[-1], (address,))
            for address in addresses
        ),
    )


def _mmrec(name, **known):
    """A folder on a drive that has no address for a program to fetch."""
    names = (f"{name}.inter", "image_feat.npy", "text_feat.npy")
    return Source(
        _MMREC_PAGE,
        tuple(RemoteFile(file, (), *known.get(file, ())) for file in names),
    )


#: No digest of the Amazon files is published, nor of MMRec's; the two below
#: were computed on a copy of MMRec's files.
SOURCES = {
    "amazon-baby": _amazon("Baby"),
    "amazon-sports": _amazon("Sports_and_Outdoors"),
    "amazon-clothing": _amazon("Clothing_Shoes_and_Jewelry"),
    "mmrec-baby": _mmrec(
        "baby",
        **{
            "baby.inter": (
                4523032,
                "9ef5de9a05949d973928cca113aacba12067ff8f104e310ef28ea42db00c17b1",
            ),
            "text_feat.npy": (
                10828928,
                "6667f2ad655c9ecc97cb3383f58988864ef51ec0b39c158b15986c66769f2dc4",
            ),
        },
    ),
    "mmrec-sports": _mmrec("sports"),
    "mmrec-clothing": _mmrec("clothing"),
}
