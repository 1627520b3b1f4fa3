"""What is wrong with a question, a request or a place where it is looked for: the same in English and in Arabic.

Errors carry English words, as logs, the API and the command show them; ``in_language`` gives the Arabic ones to a page.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from functools import cache
from typing import Any

from service.records import Language
from service.rejections_ar import REASONS


class Said(str):
    """English words that know how to say the same in Arabic."""

    __slots__ = ("arabic",)
    arabic: str

    def __new__(cls, english: str, arabic: str) -> Said:
        said = super().__new__(cls, english)
        said.arabic = arabic
        return said

    def __reduce__(self) -> tuple[type[Said], tuple[str, str]]:  # errors and notices go from process to process
        return Said, (str(self), self.arabic)


def both(key: str, **values: object) -> Said:
    """The words for ``key``, with its values filled in."""
    return Said(ENGLISH[key].format(**values), ARABIC[key].format(**values))


def in_language(text: str, language: Language) -> str:
    """``text`` in the language, where it is known in it; else as it is."""
    return text.arabic if language is Language.ARABIC and isinstance(text, Said) else str(text)


def of_error(error: BaseException) -> str:
    """An error's message, with its Arabic where it has one."""
    extra: Any = getattr(error, "extra", None)  # where Litestar's errors keep it
    kept = extra.get("said") if isinstance(extra, dict) else next(iter(error.args), None)
    return kept if isinstance(kept, Said) else str(error)


def recognised(text: str, language: Language) -> str:
    """English words that were stored, in the language: found again among the ones that are known."""
    if language is not Language.ARABIC:
        return text
    for arabic, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return _filled(arabic, found.groupdict())
    return text


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    known = {**{words: ARABIC[key] for key, words in ENGLISH.items()}, **REASONS}
    return [(arabic, re.compile(_pattern(english), re.DOTALL)) for english, arabic in known.items()]


def _pattern(words: str) -> str:
    parts = ""
    for literal, name, _, _ in string.Formatter().parse(words):
        held = f"(?P={name})" if f"(?P<{name}>" in parts else f"(?P<{name}>.+)"
        parts += re.escape(literal) + (held if name else "")
    return parts


def _filled(words: str, values: Mapping[str, str]) -> str:
    """The words with values that were formatted already."""
    return "".join(literal + values.get(name or "", "") for literal, name, _, _ in string.Formatter().parse(words))


ENGLISH: Mapping[str, str] = {
    "question_empty": "the question is empty: type some words, in English or Arabic",
    "question_long": "the question has {n:,} characters, at most {most:,} are taken: shorten it",
    "question_control": "the question holds control characters: type it as plain text",
    "question_surrogates": "the question is not valid UTF-8: type it again or check the terminal's encoding",
    "question_says_nothing": "{text!r} says nothing to look for: add some words of the report you want",
    "question_only_leaves_out": "{text!r} says only what to leave out: add some words of the report you want",
    "prefix_alone": "{prefix!r} stands without a word after it: write {prefix}word",
    "no_word_in_it": "{kind} has no word in it, found {value!r}: put a word there or leave it out",
    "minus_field": "{text!r} cannot leave out by field: write -word, or {kind}:word without -",
    "quotation_open": "a quotation mark opens at character {at} and does not close: add the second one or remove it",
    "within_km_distance": "within_km is a distance of more than 0 km, found {km:g}",
    "within_km_alone": "within_km needs a place to measure from: give near=PLACE too",
    "place_unknown": (
        "{option}={name}: no such place is known; write it as in the reports, add its country after a comma, or "
        "list it in a gazetteer of your own (--gazetteer)"
    ),
    "period_turned": "from={since} is after to={until}: exchange them",
    "now_no_date": "now is a date such as 2015-08-11, found {text!r}",
    "day_no_date": "{option} is a date such as 2015-08-07, 2015-08 or yesterday, found {text!r}",
    "collection_name": (
        "a collection's name is 1 to 64 Latin letters, digits, '.', '_' or '-' and starts with a letter or "
        "digit, found {name!r}"
    ),
    "collection_empty": "collection {name!r} has nothing in it: run rasad ingest PATH --collection {name}",
    "files_open": (
        "collection {name!r} cannot be opened: this process has as many files open as it may ({limit:,}); let it have "
        "more with ulimit -n (LimitNOFILE in systemd), or search fewer collections in one process"
    ),
    "index_format": (
        "collection {name!r} has index format {found}, this code reads {wanted}: run rasad repair --collection {name}, "
        "which makes it again from its stored texts"
    ),
    "index_recipe": (
        "collection {name!r} version {version} was built with {part} {found}, this code has {wanted}: run rasad repair "
        "--collection {name}, which makes it again from its stored texts, or use the settings it was built with"
    ),
    "engine_recipe": (
        "collection {name!r} version {version} was built with {part} {found}, this code has {wanted}: ingest its "
        "articles again into a collection of another name, or use the settings it was built with"
    ),
    "engine_format": (
        "collection {name!r} has index format {found}, this code reads {wanted}: ingest its articles again into a "
        "collection of another name"
    ),
    "engine_weights": (
        "collection {name!r} has weights made with bm25_{setting} {found:g}, the settings say {wanted:g}: set "
        "RASAD_BM25_{upper}={found:g}, or ingest its articles again into a collection of another name"
    ),
    "engine_lost": (
        "a record of version {version} of collection {name!r} is not on the server: it is no longer kept, or was lost; "
        "ingest its articles again into a collection of another name"
    ),
    "engine_folders": (
        "this command works on the files of an index, and the backend is milvus: see scripts/deploy/RUNBOOK.md for how "
        "to check, back up and rebuild there"
    ),
    "engine_several": "several collections are searched as one in embedded indexes alone, found {found!r}",
    "engine_shard": (
        "Milvus answers without the rows of a whole shard of collection {name!r} at {version}: a node is joining or "
        "leaving; ask again in a moment"
    ),
    "engine_passages": (
        "Milvus answers with {found:,} of the {wanted:,} passages of collection {name!r} at {version}: a node is "
        "joining or leaving, or the version is no longer kept; ask again in a moment"
    ),
    "engine_articles": (
        "Milvus answers with {found:,} of the {wanted:,} articles of collection {name!r} at {version}: a node is "
        "joining or leaving, or the version is no longer kept; ask again in a moment"
    ),
    "engine_part": (
        "Milvus at {uri} answers without a part of {name}: a node is joining or leaving; ask again in a moment"
    ),
    "engine_gone": (
        "{n:,} rows that Milvus had found were not there when they were asked for: a node is joining or leaving, or "
        "the version is no longer kept; ask again"
    ),
    "engine_failed": (
        "Milvus at {uri} did not do what it was asked: {why}; see whether it runs and can be reached, and try again"
    ),
    "engine_unreachable": (
        "Milvus at {uri} cannot be reached: {why}; see whether it runs, and whether RASAD_URI and RASAD_MILVUS_TOKEN "
        "are right"
    ),
    "engine_file_taken": (
        "the Milvus Lite file {uri} cannot be opened: it takes one process at a time, so stop the other one (rasad "
        "serve?), or use a Milvus server ({why})"
    ),
    "article_unknown": "no article {id!r} in collection {name!r}",
    "article_unknown_together": (
        "no article {id!r} in the collections {name!r}: searched together, an article is named COLLECTION:ID"
    ),
    "collection_twice": "collections {found!r}: one of them stands there twice, name each once",
    "version_gone": (
        "collection {name!r} is at version {version}, {wanted!r} is no longer kept: search again from the first page"
    ),
    "searches_full": "{n} searches are saved already, which is the most: delete one first",
    "search_unknown": "there is no saved search {id}: /api/v1/saved lists yours",
    "feed_gone": "this feed is not there any more: make a new address where the search is saved",
    "feed_key_gone": "the key that saved this search is no longer valid: save it anew",
    "upload_unknown": "there is no such upload: /api/v1/uploads lists yours",
    "upload_interrupted": "it was interrupted: what was published before is untouched, upload it again",
    "upload_too_long": "not done within {s:g} s: split it, or use rasad ingest",
    "upload_memory": "its files need more memory than an upload may use: split them",
    "upload_unexpected": "an error that was not expected: the service's log has the details",
    "upload_storage": "its files could not be stored ({why}): free some space",
    "model_stands_in": (
        "model {name!r} is not here and the model hub is out of reach: the bundled encoder is used instead, as "
        "RASAD_MODEL_FALLBACK says"
    ),
    "reranker_missing": (
        "reranker {name!r} is not here and the model hub is out of reach: passages stay as they ranked without it, as "
        "RASAD_MODEL_FALLBACK says"
    ),
    "q_empty": "parameter q is empty: write a question or a few words",
    "q_long": "parameter q is {n} characters long, at most {most} are taken: shorten it",
    "q_control": "parameter q has the control character U+{code:04X} at position {at}: remove it",
    "url_long": "the URL is {n} bytes long, at most {most} are taken",
    "url_bytes": "the {part} of the URL is not UTF-8 once percent-decoded ({why} at byte {at})",
    "id_nul": "an article id has no NUL character",
    "collections_many": "{n} collections are named, at most {most} are searched together: leave some out",
    "name_of_collection": (
        "collection {name} is not a collection name: 1 to 64 of A-Z a-z 0-9 . _ - without a leading dot"
    ),
    "k_range": "parameter k must be a whole number from 1 to {most}, found {found}",
    "sort_unknown": "parameter sort must be one of {known}, found {found}",
    "too_many_values": "parameter {name} is given {n} times, at most {most} fit",
    "value_long": "parameter {name} is {n} characters long, at most {most} fit",
    "within_km_range": "parameter within_km must be a number from 0 to 20000, found {found}",
    "option_sort": "option sort is one of {known}, found {found}",
    "option_unknown": "unknown option {name}: known are {known}",
    "option_values": "option {name} has {n} values, at most {most} can be given",
    "option_long": "option {name} is {n} characters long, at most {most} are taken",
    "option_value": "an option has a value that cannot be used: {why}",
    "files_count": "{n} files were sent: choose 1 to {most} of them",
    "key_needed": (
        "a key is needed: send one as Authorization: Bearer KEY, or as the password of a browser's prompt; "
        "rasad keys add makes one"
    ),
    "key_wrong": (
        "the key is not valid, or revoked: send one as Authorization: Bearer KEY, or as the password of a browser's "
        "prompt; rasad keys add makes one"
    ),
    "role_needed": "this needs the role {needed}, the key has {has}",
    "key_elsewhere": "this key is not for collection {name}",
    "path_unknown": "nothing is served at this path: /schema lists what is",
    "method_unknown": "{method} is not offered here: use {allowed}",
    "unexpected": "the service met an error it did not expect; its log has the details",
    "host_unknown": "this service does not answer to the name {name!r}: if it is yours, list it in RASAD_HOSTS",
    "origin_foreign": "a page of another site may change nothing here: see RASAD_CORS_ORIGINS",
    "busy": "too many requests are under way: try again",
    "rate": "more than {n} requests a minute: wait {s} s",
    "timeout": "no answer within {s:g} s: ask for less, or try again later",
}

ARABIC: Mapping[str, str] = {
    "question_empty": "السؤال فارغ: اكتب بضع كلمات بالعربية أو الإنجليزية",
    "question_long": "في السؤال {n:,} حرفًا، والحد الأعلى {most:,}: اختصره",
    "question_control": "في السؤال محارف تحكم: اكتبه نصًا عاديًا",
    "question_surrogates": "السؤال ليس UTF-8 سليمًا: أعد كتابته أو راجع ترميز الطرفية",
    "question_says_nothing": "«{text}» لا تذكر ما يُبحث عنه: أضف كلمات من التقرير الذي تريده",
    "question_only_leaves_out": "«{text}» لا تذكر إلا ما يُستبعد: أضف كلمات من التقرير الذي تريده",
    "prefix_alone": "«{prefix}» لا كلمة بعدها: اكتب {prefix}word",
    "no_word_in_it": "{kind} بلا كلمة فيه، ووُجد «{value}»: ضع كلمة أو احذفه",
    "minus_field": "«{text}»: لا استبعاد بحسب الحقل؛ اكتب ‎-word أو {kind}:word من دون -",
    "quotation_open": "علامة اقتباس تُفتح عند الحرف {at} ولا تُغلق: أضف الثانية أو احذفها",
    "within_km_distance": "within_km مسافة أكبر من 0 كم، ووُجد {km:g}",
    "within_km_alone": "within_km يحتاج إلى مكان تُقاس المسافة منه: اذكر المكان (near) أيضًا",
    "place_unknown": (
        "{option}={name}: لا يُعرف مكان بهذا الاسم؛ اكتبه كما في التقارير، أو أضف بلده بعد فاصلة، أو أدرجه في "
        "معجم أماكن خاص بك (--gazetteer)"
    ),
    "period_turned": "البداية {since} بعد النهاية {until}: بدّل بينهما",
    "now_no_date": "now تاريخ مثل 2015-08-11، ووُجد «{text}»",
    "day_no_date": "{option} تاريخ مثل 2015-08-07 أو 2015-08 أو «أمس»، ووُجد «{text}»",
    "collection_name": (
        "اسم المجموعة من 1 إلى 64 حرفًا لاتينيًا أو رقمًا أو «.» أو «_» أو «-» ويبدأ بحرف أو رقم، ووُجد «{name}»"
    ),
    "collection_empty": "المجموعة «{name}» فارغة: شغّل rasad ingest PATH --collection {name}",
    "files_open": (
        "تعذّر فتح المجموعة «{name}»: بلغت هذه العملية الحد الأعلى لعدد الملفات المفتوحة ({limit:,})؛ "
        "ارفعه بـ ulimit -n (أو LimitNOFILE في systemd)، أو ابحث في مجموعات أقل في العملية الواحدة"
    ),
    "index_format": (
        "صيغة فهرس المجموعة «{name}» هي {found}، وهذا البرنامج يقرأ {wanted}: شغّل rasad repair --collection "
        "{name} ليُعاد بناؤه من النصوص المخزَّنة"
    ),
    "index_recipe": (
        "بُني الإصدار {version} من المجموعة «{name}» مع {part} {found}، وفي هذا البرنامج {wanted}: شغّل rasad repair "
        "--collection {name} ليُعاد بناؤها من النصوص المخزَّنة، أو استعمل الإعدادات التي بُنيت بها"
    ),
    "engine_recipe": (
        "بُني الإصدار {version} من المجموعة «{name}» مع {part} {found}، وفي هذا البرنامج {wanted}: أدخل مقالاتها من "
        "جديد في مجموعة باسم آخر، أو استعمل الإعدادات التي بُنيت بها"
    ),
    "engine_format": (
        "صيغة فهرس المجموعة «{name}» هي {found}، وهذا البرنامج يقرأ {wanted}: أدخل مقالاتها من جديد في مجموعة باسم آخر"
    ),
    "engine_weights": (
        "أوزان المجموعة «{name}» محسوبة مع bm25_{setting} {found:g}، والإعدادات تقول {wanted:g}: اضبط "
        "RASAD_BM25_{upper}={found:g} أو أدخل مقالاتها من جديد في مجموعة باسم آخر"
    ),
    "engine_lost": (
        "سجل للإصدار {version} من المجموعة «{name}» ليس على الخادم: لم يعد محفوظًا أو فُقد، فأدخل مقالاتها من جديد "
        "في مجموعة باسم آخر"
    ),
    "engine_folders": (
        "هذا الأمر يعمل على ملفات الفهرس، والفهرس هنا في milvus: في scripts/deploy/RUNBOOK.md كيف يُفحص هناك ويُنسخ "
        "ويُعاد بناؤه"
    ),
    "engine_several": "لا يُبحث في عدة مجموعات معًا إلا في الفهارس المحلية، ووُجد «{found}»",
    "engine_shard": (
        "يجيب Milvus من دون صفوف جزء كامل من المجموعة «{name}» في الإصدار {version}: تنضم عقدة أو تغادر، فأعد السؤال "
        "بعد لحظات"
    ),
    "engine_passages": (
        "يجيب Milvus بعدد {found:,} من مقاطع المجموعة «{name}» في الإصدار {version} وعددها {wanted:,}: تنضم عقدة أو "
        "تغادر، أو لم يعد الإصدار محفوظًا، فأعد السؤال بعد لحظات"
    ),
    "engine_articles": (
        "يجيب Milvus بعدد {found:,} من مقالات المجموعة «{name}» في الإصدار {version} وعددها {wanted:,}: تنضم عقدة أو "
        "تغادر، أو لم يعد الإصدار محفوظًا، فأعد السؤال بعد لحظات"
    ),
    "engine_part": "يجيب Milvus في {uri} من دون جزء من {name}: تنضم عقدة أو تغادر، فأعد السؤال بعد لحظات",
    "engine_gone": (
        "صفوف وجدها Milvus عددها {n:,} لم تكن هناك حين طُلبت: تنضم عقدة أو تغادر، أو لم يعد الإصدار محفوظًا، فأعد السؤال"
    ),
    "engine_failed": "لم يفعل Milvus في {uri} ما طُلب منه: {why}؛ انظر هل يعمل ويمكن الوصول إليه، ثم حاول من جديد",
    "engine_unreachable": (
        "لا يمكن الوصول إلى Milvus في {uri}: {why}؛ انظر هل يعمل، وهل RASAD_URI وRASAD_MILVUS_TOKEN صحيحان"
    ),
    "engine_file_taken": (
        "لا يُفتح ملف Milvus Lite وهو {uri}: لا يأخذ إلا عملية واحدة، فأوقف الأخرى (rasad serve؟) أو استعمل خادم "
        "Milvus ({why})"
    ),
    "article_unknown": "لا مقال برقم «{id}» في المجموعة «{name}»",
    "article_unknown_together": "لا مقال برقم «{id}» في المجموعات «{name}»: عند البحث فيها معًا يُكتب COLLECTION:ID",
    "collection_twice": "المجموعات «{found}»: تتكرر إحداها، اذكر كلًّا منها مرة واحدة",
    "version_gone": "المجموعة «{name}» في الإصدار {version}، ولم يعد «{wanted}» محفوظًا: ابحث من الصفحة الأولى من جديد",
    "searches_full": "حُفظ {n} من عمليات البحث، وهو الحد الأعلى: احذف واحدة أولًا",
    "search_unknown": "لا بحث محفوظًا برقم {id}: القائمة في /api/v1/saved",
    "feed_gone": "لم تعد هذه الخلاصة موجودة: أنشئ عنوانًا جديدًا حيث حُفظ البحث",
    "feed_key_gone": "المفتاح الذي حُفظ به هذا البحث لم يعد صالحًا: احفظه من جديد",
    "upload_unknown": "لا عملية رفع كهذه: القائمة في /api/v1/uploads",
    "upload_interrupted": "انقطعت: ما نُشر من قبل لم يمسه شيء، فأعد الرفع",
    "upload_too_long": "لم تنته خلال {s:g} ثانية: قسّم الملفات أو استعمل rasad ingest",
    "upload_memory": "تحتاج ملفاتها إلى ذاكرة أكثر مما يُسمح به: قسّمها",
    "upload_unexpected": "خطأ غير متوقع: تفاصيله في سجل الخدمة",
    "upload_storage": "تعذر تخزين ملفاتها ({why}): أفرغ بعض المساحة",
    "model_stands_in": (
        "النموذج «{name}» ليس هنا ولا يمكن الوصول إلى مستودع النماذج: يُستعمل النموذج المرفق بدلًا منه، كما يقول "
        "RASAD_MODEL_FALLBACK"
    ),
    "reranker_missing": (
        "نموذج إعادة الترتيب «{name}» ليس هنا ولا يمكن الوصول إلى مستودع النماذج: تبقى المقاطع بترتيبها من "
        "دونه، كما يقول RASAD_MODEL_FALLBACK"
    ),
    "q_empty": "السؤال فارغ: اكتب سؤالًا أو بضع كلمات",
    "q_long": "طول السؤال {n} حرفًا، والحد الأعلى {most}: اختصره",
    "q_control": "في السؤال محرف التحكم U+{code:04X} عند الموضع {at}: احذفه",
    "url_long": "طول العنوان {n} بايت، والحد الأعلى {most}",
    "url_bytes": "جزء من العنوان ({part}) ليس UTF-8 بعد فك ترميزه ({why} عند البايت {at})",
    "id_nul": "رقم المقال لا يحوي المحرف NUL",
    "collections_many": "ذُكرت {n} من المجموعات، ولا يُبحث معًا إلا في {most} منها: احذف بعضها",
    "name_of_collection": "{name} ليس اسم مجموعة: من 1 إلى 64 من A-Z a-z 0-9 . _ - من دون نقطة في أوله",
    "k_range": "k عدد صحيح من 1 إلى {most}، ووُجد {found}",
    "sort_unknown": "sort واحد من {known}، ووُجد {found}",
    "too_many_values": "ورد {name} عدد {n} من المرات، والحد الأعلى {most}",
    "value_long": "طول {name} هو {n} حرفًا، والحد الأعلى {most}",
    "within_km_range": "المسافة within_km عدد من 0 إلى 20000، ووُجد {found}",
    "option_sort": "الخيار sort واحد من {known}، ووُجد {found}",
    "option_unknown": "خيار غير معروف {name}: المعروف {known}",
    "option_values": "للخيار {name} من القيم {n}، والحد الأعلى {most}",
    "option_long": "طول الخيار {name} هو {n} حرفًا، والحد الأعلى {most}",
    "option_value": "لأحد الخيارات قيمة لا يمكن استعمالها: {why}",
    "files_count": "عدد الملفات المرسلة {n}: اختر من 1 إلى {most}",
    "key_needed": (
        "يلزم مفتاح: أرسله هكذا Authorization: Bearer KEY أو اكتبه كلمة مرور حين يسأل المتصفح؛ ينشئه الأمر "
        "rasad keys add"
    ),
    "key_wrong": (
        "المفتاح غير صالح أو ملغى: أرسل مفتاحًا هكذا Authorization: Bearer KEY أو اكتبه كلمة مرور حين يسأل "
        "المتصفح؛ ينشئه الأمر rasad keys add"
    ),
    "role_needed": "يلزم لهذا الدور {needed}، ودور المفتاح {has}",
    "key_elsewhere": "هذا المفتاح ليس للمجموعة {name}",
    "path_unknown": "لا شيء في هذا العنوان: القائمة في ‎/schema",
    "method_unknown": "{method} غير متاح هنا: استعمل {allowed}",
    "unexpected": "واجهت الخدمة خطأ لم تتوقعه؛ تفاصيله في سجلها",
    "host_unknown": "هذه الخدمة لا تجيب باسم «{name}»: إن كان لك فأدرجه في RASAD_HOSTS",
    "origin_foreign": "لا تغيّر صفحة من موقع آخر شيئًا هنا: انظر RASAD_CORS_ORIGINS",
    "busy": "طلبات كثيرة قيد التنفيذ: حاول من جديد",
    "rate": "أكثر من {n} طلبًا في الدقيقة: انتظر {s} ثانية",
    "timeout": "لا جواب خلال {s:g} ثانية: اطلب أقل أو حاول لاحقًا",
}
