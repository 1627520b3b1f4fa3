"""What the interface says, in English and Arabic, with each language's plural forms (CLDR's categories)."""

from __future__ import annotations

from collections.abc import Mapping

from service.records import Language

Phrase = str | Mapping[str, str]

ENGLISH: Mapping[str, Phrase] = {
    "name": "Rasad",
    "tagline": "Search reports in English and Arabic",
    "skip": "Skip to the results",
    "question": "Question",
    "placeholder": "A question or a few words",
    "search": "Search",
    "collection": "Collection",
    "examples": "For example",
    "languages_hint": "One question searches reports in both languages.",
    "syntax_title": "More precise questions",
    "syntax_phrase": "these words, side by side",
    "syntax_minus": "without passages that have this word",
    "syntax_or": "either of the two",
    "syntax_title_field": "in the title only",
    "syntax_source_field": "from this source only",
    "no_collections": "Nothing has been ingested yet. This command takes reports in:",
    "passages": {"one": "{n} passage", "other": "{n} passages"},
    "took": "{ms} ms",
    "index_version": "index version",
    "nothing": "No passage was found for",
    "nothing_wider": "Use fewer or more general words.",
    "nothing_spelling": "Check the spelling of names, or write them in the other language.",
    "nothing_syntax": "Leave these out:",
    "nothing_collection": "Search another collection; this one is",
    "notices": "About this search",
    "answer": "Answer",
    "abstained": "The reports do not say",
    "abstained_why": "The passages below are the nearest ones; they do not answer the question.",
    "confidence": "confidence",
    "differ": "The reports differ",
    "machine_gloss": "Word-by-word machine help, not a source",
    "near_copies_why": "The same text, or nearly the same passage",
    "written_by": "Written by the model {model} from the quotes below",
    "unsupported": "not supported by what it cites",
    "untitled": "Untitled report",
    "source": "Source",
    "published": "Date",
    "language": "Language",
    "article_id": "Article",
    "sha256": "SHA-256 of the text",
    "read": "Read in the article",
    "original": "Original",
    "copies": {"one": "and {n} copy", "other": "and {n} copies"},
    "copies_why": "Exactly the same text",
    "more": "Show more passages",
    "back": "Back to the results",
    "to_passage": "Go to the marked passage",
    "passage_missing": "The passage in this link does not lie within this text; the article may have changed since.",
    "language_ar": "Arabic",
    "language_en": "English",
    "api": "API",
    "as_json": "This result as JSON",
    "article_json": "This article as JSON",
    "problem_400": "This request cannot be answered as it stands",
    "problem_404": "There is nothing here",
    "problem_503": "The collection cannot be searched at the moment",
    "problem_other": "Something went wrong",
    "home": "Start again",
}

ARABIC: Mapping[str, Phrase] = {
    "name": "رصد",
    "tagline": "البحث في التقارير بالعربية والإنجليزية",
    "skip": "انتقل إلى النتائج",
    "question": "السؤال",
    "placeholder": "سؤال أو بضع كلمات",
    "search": "بحث",
    "collection": "المجموعة",
    "examples": "على سبيل المثال",
    "languages_hint": "سؤال واحد يبحث في التقارير باللغتين.",
    "syntax_title": "أسئلة أدقّ",
    "syntax_phrase": "هذه الكلمات متجاورة",
    "syntax_minus": "دون المقاطع التي فيها هذه الكلمة",
    "syntax_or": "أيّ الكلمتين",
    "syntax_title_field": "في العنوان فقط",
    "syntax_source_field": "من هذا المصدر فقط",
    "no_collections": "لم تُضَف أي تقارير بعد. يضيفها هذا الأمر:",
    "passages": {
        "zero": "لا مقاطع",
        "one": "مقطع واحد",
        "two": "مقطعان",
        "few": "{n} مقاطع",
        "many": "{n} مقطعًا",
        "other": "{n} مقطع",
    },
    "took": "{ms} مللي ثانية",
    "index_version": "إصدار الفهرس",
    "nothing": "لم يُعثر على أي مقطع عن",
    "nothing_wider": "استعمل كلمات أقل أو أعمّ.",
    "nothing_spelling": "تحقق من كتابة الأسماء، أو اكتبها باللغة الأخرى.",
    "nothing_syntax": "احذف ما يلي:",
    "nothing_collection": "ابحث في مجموعة أخرى، فهذه هي",
    "notices": "عن هذا البحث",
    "answer": "الجواب",
    "abstained": "لا تذكر التقارير ذلك",
    "abstained_why": "المقاطع أدناه هي الأقرب، وهي لا تجيب عن السؤال.",
    "confidence": "درجة الثقة",
    "differ": "التقارير مختلفة",
    "machine_gloss": "مساعدة آلية كلمة بكلمة، وليست مصدرًا",
    "near_copies_why": "النص نفسه، أو المقطع نفسه تقريبًا",
    "written_by": "كتبه النموذج {model} من الاقتباسات أدناه",
    "unsupported": "لا يسنده ما يستشهد به",
    "untitled": "تقرير بلا عنوان",
    "source": "المصدر",
    "published": "التاريخ",
    "language": "اللغة",
    "article_id": "المقال",
    "sha256": "بصمة النص SHA-256",
    "read": "اقرأه في المقال",
    "original": "الأصل",
    "copies": {
        "zero": "بلا نسخ",
        "one": "ونسخة واحدة",
        "two": "ونسختان",
        "few": "و{n} نسخ",
        "many": "و{n} نسخة",
        "other": "و{n} نسخة",
    },
    "copies_why": "النص نفسه حرفيًا",
    "more": "اعرض مزيدًا من المقاطع",
    "back": "عودة إلى النتائج",
    "to_passage": "انتقل إلى المقطع المظلَّل",
    "passage_missing": "المقطع المذكور في الرابط ليس ضمن هذا النص، وربما تغيّر المقال منذ ذلك الحين.",
    "language_ar": "العربية",
    "language_en": "الإنجليزية",
    "api": "واجهة البرمجة",
    "as_json": "هذه النتيجة بصيغة JSON",
    "article_json": "هذا المقال بصيغة JSON",
    "problem_400": "لا يمكن تلبية هذا الطلب بصيغته هذه",
    "problem_404": "لا شيء هنا",
    "problem_503": "لا يمكن البحث في هذه المجموعة الآن",
    "problem_other": "حدث خطأ ما",
    "home": "ابدأ من جديد",
}

PHRASES: Mapping[Language, Mapping[str, Phrase]] = {Language.ENGLISH: ENGLISH, Language.ARABIC: ARABIC}


def phrase(language: Language, key: str, n: int | None = None, **values: object) -> str:
    """The interface's words for ``key``; ``n`` chooses the plural form."""
    found = PHRASES[language][key]
    if isinstance(found, str):
        return found.format(**values) if values else found
    return found[plural(language, n or 0)].format(n=n, **values)


def plural(language: Language, n: int) -> str:
    """CLDR's plural category of the whole number ``n``."""
    if language is not Language.ARABIC:
        return "one" if n == 1 else "other"
    if n <= 2:
        return ("zero", "one", "two")[n]
    if 3 <= n % 100 <= 10:
        return "few"
    return "many" if n % 100 >= 11 else "other"
