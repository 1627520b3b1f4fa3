"""What is said about how a question was understood, in English and Arabic."""

from __future__ import annotations

from collections.abc import Mapping

from service.records import Language

ENGLISH: Mapping[str, str] = {
    "read_as": "{name} was read as {place}; not {others}? Name the country or province to change that",
    "option_read_as": "{option}={name} was read as {place}; not {others}?",
    "or": " or ",
    "and": " and ",
    "between_days": "from {first} to {last}",
    "nothing_there": "nothing here is {what}, as the question's words were read: all is shown",
    "phrases_nowhere": "nothing that fits has {phrases} word for word: looked for without the quotation marks",
    "phrase_as_written": '"{phrase}" is only looked for as written: its translation is not known',
    "engine_incomplete": "the engine answers without some of its rows: more may be found in a moment",
    "phrase_cut": "a phrase is so common that not all passages with its words were looked at",
    "quote_not_stored": "the best quote is not what is stored: ingest again",
    "own_words": "{why}: these are the reports' own words",
    "model_no_answer": "the language model found no answer in the passages",
    "model_unsupported": "no sentence of the language model's reply is supported by what it cites",
    "sentences_left_out": "{n} of the language model's sentences left out: what they cite does not support them",
    "sentences_marked": "{n} of the language model's sentences marked: what they cite does not support them",
    "reranker_read": "reranker: {n} passages read in {ms} ms",
    "stands_for": "{short} was read as {name}; in quotation marks it is looked for as written",
    "less_ar": "Arabic passages count {times} times: English ones are likelier to answer this",
    "less_en": "English passages count {times} times: Arabic ones are likelier to answer this",
    "looking": "looking {what}",
    "in": "in {place}",
    "near": "near {place}",
    "within": "within {km} km of {place}",
    "between": "between {place} and {other}",
    "north of": "north of {place}",
    "northeast of": "northeast of {place}",
    "east of": "east of {place}",
    "southeast of": "southeast of {place}",
    "south of": "south of {place}",
    "southwest of": "southwest of {place}",
    "west of": "west of {place}",
    "northwest of": "northwest of {place}",
}

ARABIC: Mapping[str, str] = {
    "read_as": "فُهم «{name}» على أنه {place}؛ أليس المقصود {others}؟ لتغيير ذلك اذكر البلد أو المحافظة",
    "option_read_as": "فُهم {option}={name} على أنه {place}؛ أليس المقصود {others}؟",
    "or": " أو ",
    "and": " و",
    "between_days": "من {first} إلى {last}",
    "nothing_there": "لا شيء هنا {what} كما فُهمت كلمات السؤال، فعُرض كل ما وُجد",
    "phrases_nowhere": "لا شيء مما يوافق بقية السؤال فيه {phrases} حرفيًا، فكان البحث من دون علامات التنصيص",
    "phrase_as_written": "يُبحث عن «{phrase}» كما كُتبت فقط، لأن ترجمتها غير معروفة",
    "engine_incomplete": "يجيب المحرك من دون بعض صفوفه، وقد تظهر نتائج أخرى بعد لحظات",
    "phrase_cut": "العبارة شائعة جدًا، فلم تُفحص كل المقاطع التي فيها كلماتها",
    "quote_not_stored": "أفضل اقتباس لا يطابق النص المخزَّن: أعد إضافة التقارير",
    "own_words": "{why}، وهذه كلمات التقارير نفسها",
    "model_no_answer": "لم يجد النموذج اللغوي جوابًا في المقاطع",
    "model_unsupported": "لا جملة من رد النموذج اللغوي يسندها ما تستشهد به",
    "sentences_left_out": "عدد ما حُذف من جمل النموذج اللغوي: {n}، لأن ما تستشهد به لا يسندها",
    "sentences_marked": "عدد ما وُسم من جمل النموذج اللغوي: {n}، لأن ما تستشهد به لا يسندها",
    "reranker_read": "إعادة الترتيب: المقاطع المقروءة {n} في {ms} م‌ث",
    "stands_for": "فُهم {short} على أنه {name}، وبين علامتي تنصيص يُبحث عنه كما كُتب",
    "less_ar": "ضُرب تقييم المقاطع العربية في {times}، لأن الجواب أرجح في الإنكليزية",
    "less_en": "ضُرب تقييم المقاطع الإنكليزية في {times}، لأن الجواب أرجح في العربية",
    "looking": "البحث {what}",
    "in": "في {place}",
    "near": "قرب {place}",
    "within": "ضمن {km} كم من {place}",
    "between": "بين {place} و{other}",
    "north of": "شمال {place}",
    "northeast of": "شمال شرق {place}",
    "east of": "شرق {place}",
    "southeast of": "جنوب شرق {place}",
    "south of": "جنوب {place}",
    "southwest of": "جنوب غرب {place}",
    "west of": "غرب {place}",
    "northwest of": "شمال غرب {place}",
}

_WORDS: Mapping[Language, Mapping[str, str]] = {Language.ENGLISH: ENGLISH, Language.ARABIC: ARABIC}


def say(language: Language, key: str, **values: object) -> str:
    """The words for ``key`` in a language, with its values filled in."""
    return _WORDS[language][key].format(**values)
