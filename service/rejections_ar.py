"""Why a record was not taken, in Arabic: the reasons that readers of files give in English, as people meet them.

Reasons are stored in English, with the upload; a page in Arabic finds them again here. Others are shown as stored.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "this file has {a}: convert or rename it to one of {b}": "نوع هذا الملف غير معروف: حوّله أو سمّه بأحد {b}",
    "cannot be opened ({a}): see that it exists and may be read": "تعذر فتحه ({a}): تأكد من وجوده ومن السماح بقراءته",
    "nothing in it: no record was found; leave the file out or fill it": "لا شيء فيه: لم يوجد سجل؛ اتركه أو املأه",
    "reading stopped ({a}): ingest it again": "توقفت القراءة ({a}): أضفه من جديد",
    "encrypted, or an old .doc under a new name: save it as .docx without a password": (
        "معمّى، أو ملف ‎.doc قديم باسم جديد: احفظه ‎.docx من دون كلمة مرور"
    ),
    "a Word file without text, perhaps a scan: run OCR on its pictures, then ingest the result": (
        "ملف Word بلا نص، لعله ممسوح ضوئيًا: استخرج النص من صوره ثم أضف الناتج"
    ),
    "encrypted ({a}): save it without a password (for example qpdf --decrypt)": (
        "معمّى ({a}): احفظه من دون كلمة مرور (مثلًا qpdf --decrypt)"
    ),
    "no text on any page ({a} in all), so it is probably a scan: {b}": (
        "لا نص في أي من صفحاته ({a})، فهو على الأرجح ممسوح ضوئيًا: استخرج النص منها ثم أضف الناتج"
    ),
    "no article text was found in this page: save the article itself, as .html or .txt": (
        "لم يوجد في الصفحة نص مقال: احفظ المقال نفسه ‎.html أو ‎.txt"
    ),
    "no RSS or Atom entries in this XML: give a feed, or convert it to JSON Lines": (
        "لا مداخل RSS أو Atom في هذا الملف: أعط خلاصة أو حوّله إلى JSON Lines"
    ),
    "unpacks to more than an upload may hold: split it": "حجمه بعد الفك أكبر مما يُسمح به: قسّمه",
    "binary data, not text ({a} is not UTF-8, and there are NUL bytes): convert it to text first": (
        "بيانات ثنائية لا نص ({a} ليس UTF-8، وفيه بايتات NUL): حوّله إلى نص أولًا"
    ),
    "not UTF-8 ({a}), and as Windows-1256 it {b}: name its encoding with --encoding": (
        "ليس UTF-8 ({a}) ولا يُقرأ بترميز Windows-1256: اذكر ترميزه مع ‎--encoding"
    ),
    "a line of more than {a} bytes: split the article": "سطر أطول من {a} بايت: قسّم المقال",
    "broken JSON at column {a} ({b}): correct or remove the line": (
        "JSON مكسور عند العمود {a} ({b}): صحّح السطر أو احذفه"
    ),
    "JSON that cannot be read ({a}): correct or remove the line": "JSON لا يُقرأ ({a}): صحّح السطر أو احذفه",
    "broken CSV ({a}): correct the quotes of this row": "CSV مكسور ({a}): صحّح علامات الاقتباس في هذا الصف",
    "{a} cells under {b} columns: quote cells that hold delimiters or line breaks": (
        "عدد الخلايا {a} تحت {b} من الأعمدة: ضع بين علامات اقتباس ما فيه فواصل أو أسطر"
    ),
    "the date {a} cannot be read: write it as YYYY-MM-DD, or leave it out": (
        "التاريخ {a} لا يُقرأ: اكتبه YYYY-MM-DD أو احذفه"
    ),
    "the date {a} is before {b}: correct it, or leave it out": "التاريخ {a} قبل {b}: صحّحه أو احذفه",
    "the date {a} is in the future: correct it, or leave it out": "التاريخ {a} في المستقبل: صحّحه أو احذفه",
    "the text has {a} bytes, at most {b} are taken: split the article": (
        "حجم النص {a} بايت، والحد الأعلى {b}: قسّم المقال"
    ),
    "no text: one of {a} is wanted, the fields found are {b}": "لا نص: يلزم أحد الحقول {a}، والحقول الموجودة {b}",
    "empty text: {a} is {b}, with no letter or digit: remove the record or fill it": (
        "نص فارغ: {a} هو {b} بلا حرف أو رقم: احذف السجل أو املأه"
    ),
    "the id has {a} characters, at most {b} are taken: shorten it": "طول المعرّف {a} حرفًا، والحد الأعلى {b}: اختصره",
    "id {a} is already in the collection with another text: use --update to replace it": (
        "المعرّف {a} موجود في المجموعة بنص آخر: اختر استبدال المقالات المعروفة لتغييره"
    ),
    "id {a} stands twice in what was read with another text: give one of them another id": (
        "ورد المعرّف {a} مرتين بنصين مختلفين: أعط أحدهما معرّفًا آخر"
    ),
}
