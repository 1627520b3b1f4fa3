"""Which bytes are taken as which encoding, and which are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.corpus import read
from service.errors import InputError
from service.records import Article, Rejection

ARABIC = "أعلنت وزارة الدفاع أن طائرات التحالف قصفت مواقع المسلحين جنوب المدينة، وقال سكان إنهم سمعوا دوي انفجارات؟\r\n"
LONG = ARABIC * 20
ENGLISH = "The ministry said that aircraft of the coalition struck positions south of the city.\r\n"
RUSSIAN = "Министерство обороны сообщило, что самолёты коалиции нанесли удары по позициям боевиков к югу от города.\n"
HEBREW = "צבא ההגנה הודיע כי מטוסי הקואליציה תקפו יעדים של הארגון מדרום לעיר. תושבי העיר סיפרו ששמעו פיצוצים.\n"
FRENCH = "Les autorités françaises ont déclaré que les avions avaient mené des frappes près de la ville, à l'hôpital.\n"
GREEK = "Το υπουργείο Άμυνας ανακοίνωσε ότι τα αεροσκάφη έπληξαν θέσεις νότια της πόλης όλη τη νύχτα.\n"
CHINESE = "国防部表示，联军飞机在该市以南发动了空袭，摧毁了武器库。居民们说他们整夜都听到爆炸声。\n"


def only(path: Path, content: bytes, encoding: str | None = None) -> Article | Rejection:
    path.write_bytes(content)
    (found,) = read([path], encoding=encoding)
    return found


@pytest.mark.parametrize("text", [ARABIC, LONG, ENGLISH, ARABIC + ENGLISH])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_with_or_without_a_mark(tmp_path: Path, text: str, encoding: str) -> None:
    found = only(tmp_path / "a.txt", text.encode(encoding))
    assert isinstance(found, Article), found
    assert found.text == text


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_marks_of_both_orders(tmp_path: Path, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    found = only(tmp_path / "a.txt", mark + ARABIC.encode(encoding))
    assert isinstance(found, Article)
    assert found.text == ARABIC


@pytest.mark.parametrize(
    "text", [ARABIC, LONG, ARABIC + ENGLISH, "قصف جوي قرب الحويجة", "قال «المرصد» – مُؤكّداً – إنّ الغارة “كبيرة”"]
)
def test_windows_1256_by_its_letters(tmp_path: Path, text: str) -> None:
    found = only(tmp_path / "a.txt", text.encode("windows-1256"))
    assert isinstance(found, Article), found
    assert found.text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ARABIC, "iso8859-6"),
        (LONG, "iso8859-6"),
        (LONG, "mac-arabic"),
        (LONG, "cp720"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "iso8859-5"),
        (HEBREW, "cp1255"),
        (FRENCH, "cp1252"),
        (FRENCH, "mac-roman"),
        (GREEK, "cp1253"),
        (CHINESE, "gb18030"),
        (CHINESE, "big5"),
        ("نعم", "windows-1256"),
    ],
)
def test_other_encodings_are_refused_and_read_when_named(tmp_path: Path, text: str, encoding: str) -> None:
    content = text.encode(encoding, "ignore")
    found = only(tmp_path / "a.txt", content)
    assert isinstance(found, Rejection)
    assert "--encoding" in found.reason and f"0x{next(b for b in content if b > 127):02X}" in found.reason
    named = only(tmp_path / "a.txt", content, encoding)
    assert isinstance(named, Article)
    assert named.text == content.decode(encoding)


@pytest.mark.parametrize("at", [0, 51, -1])
def test_utf8_with_one_bad_byte_is_not_taken_for_windows_1256(tmp_path: Path, at: int) -> None:
    content = bytearray(LONG.encode())
    content[at] = 0xFF
    found = only(tmp_path / "a.txt", bytes(content))
    assert isinstance(found, Rejection)
    assert "not UTF-8" in found.reason


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xde\xad", b"plain\0text", ARABIC.encode("utf-16-le")[:-1]]
)
def test_binary_and_cut_files_are_refused(tmp_path: Path, content: bytes) -> None:
    found = only(tmp_path / "a.txt", content)
    assert isinstance(found, Rejection)
    assert "binary" in found.reason or "truncated" in found.reason


def test_a_named_encoding_that_does_not_fit_is_said(tmp_path: Path) -> None:
    found = only(tmp_path / "a.txt", LONG.encode("windows-1256"), "utf-8")
    assert isinstance(found, Rejection)
    assert "not utf-8" in found.reason and "--encoding" in found.reason


@pytest.mark.parametrize("name", ["utf-9", "base64", "", "utf\0-8"])
def test_an_unknown_encoding_raises_before_reading(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="unknown encoding"):
        read([tmp_path], encoding=name)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1256"]
)
@pytest.mark.parametrize("named", [False, True])
def test_records_in_every_encoding(tmp_path: Path, suffix: str, encoding: str, named: bool) -> None:
    texts = [ARABIC.strip(), ENGLISH.strip(), "نعم"]
    if suffix == ".jsonl":
        content = "".join(json.dumps({"id": str(n), "text": t}, ensure_ascii=False) + "\n" for n, t in enumerate(texts))
    else:
        content = "id,text\r\n" + "".join(f'{n},"{t}"\r\n' for n, t in enumerate(texts))
    file = tmp_path / f"a{suffix}"
    file.write_bytes(content.encode(encoding))
    found = list(read([file], encoding=encoding if named else None))
    assert [f.text if isinstance(f, Article) else f.reason for f in found] == texts


def test_a_record_in_bad_bytes_costs_that_record_only(tmp_path: Path) -> None:
    good = json.dumps({"text": ARABIC}, ensure_ascii=False).encode()
    bad = good.replace("أ".encode(), b"\xff", 1)
    cp1256 = json.dumps({"text": LONG}, ensure_ascii=False).encode("windows-1256")
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join([good, bad, cp1256, good]))
    first, second, third, fourth = read([file])
    assert isinstance(first, Article) and isinstance(third, Article) and isinstance(fourth, Article)
    assert isinstance(second, Rejection) and second.line == 2 and "not UTF-8" in second.reason
    assert third.text == LONG


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_broken_utf16_record_costs_that_record_only(tmp_path: Path, encoding: str) -> None:
    lines = "\ufeff" + "".join(json.dumps({"text": f"{n} {ENGLISH}"}) + "\n" for n in range(3))
    content = lines.encode(encoding).replace("1 The".encode(encoding), "1 T\ud800e".encode(encoding, "surrogatepass"))
    file = tmp_path / "a.jsonl"
    file.write_bytes(content + b"\x7b")
    first, second, third, cut = read([file])
    assert isinstance(first, Article) and first.text.startswith("0 The")
    assert isinstance(second, Rejection) and second.line == 2
    assert isinstance(third, Article) and third.text.startswith("2 The")
    assert isinstance(cut, Rejection) and cut.line == 4
