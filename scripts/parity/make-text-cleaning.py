#!/usr/bin/env python3
"""Makes texts as captions have them, and what open_clip makes of them before it splits them into tokens.

    python3 -m venv peer && peer/bin/pip install ftfy==6.3.1
    peer/bin/python scripts/parity/make-text-cleaning.py \
        samclip-core/src/test/resources/org/samclip/clip/text-cleaning.json

"unescaped" is html.unescape(text), "repaired" is ftfy.fix_text(text), both left out where they are the text itself;
"cleaned" is open_clip's tokenizer._clean_lower(text), whose three lines stand in clean() below: open_clip itself needs
torch. ftfy also knows mojibake of encodings that captions are hardly ever in, and then takes sound text for it; only
Latin-1 and Windows-1252 are compared.
"""
import html
import json
import pathlib
import random
import sys

import ftfy
import ftfy.chardata

ftfy.chardata.CHARMAP_ENCODINGS[:] = ["latin-1", "sloppy-windows-1252"]

PHRASES = [
    "café crème à la carte", "naïve façade, déjà vu", "Müller & Söhne in Köln", "Größe: 5 µm ± 2 %", "¿Qué? ¡Sí, señor!",
    "São Paulo, 25 °C", "“quoted” and ‘single’", "it’s a dog’s life…", "price: €5 – £3 — ¥900", "© 2020 Foto™ Firma®",
    "½ cup, 3 × 4, x² + y³", "Ελληνικά γράμματα", "Привет, мир", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดี",
    "你好，世界", "日本語のテキスト", "한국어 문장", "Łódź, Kraków, žluťoučký kůň", "İstanbul, ığüşöç", "Tiếng Việt có dấu",
    "smile 😀 and 👍🏽", "naïve ☕ café ★", "non\u00a0breaking\u00a0space", "→ arrows ← and • bullets", "Ærøskøbing Åland ø",
    "ﬁne ﬂow", "à", "É", "œuvre, cœur, Œdipe", "ÀÉÎÕÜ ÇA VA", "Þórr ðað",
]
SOUND = [
    "MARQUÉ…", "CHÂTEAU", "Il est allé…»", "«é…»", "voilà «bien»", "à€", "IKEA®", "É…”", "né’s", "Å…", "Å is a word, Â too",
    "ça fait 5 € ou 3£", "a—b–c", "É° ", "(ò_ó) (ÒДÓ)", "Ñ®", "Bjørn’s Ørsted™", "nº 5, 1ª", "señor¿", "résumé — “naïve”", "été² x³",
    "Nestlé®", "Citroën© 2CV", "L’Oréal™", "El Niño…", "5 µm ± ½ × ¾", "¼ ½ ¾", "§ 5 ¶ 3", "TÜV® ÖPNV™", "Ã", "Â", "Ã©t", "©Ã", "Ø…",
    "ñ", "ï¿", "ÿþ", "þ…ß”ü»", "crème brûlée", "Über•Straße", "Ç’est", "×²", "a×b", "°C", "Œ", "œ", "Cœur", "cœ ur", "ª º",
]
BROKEN = [
    "Ã la mode", "voilÃ  tout", "Ã  la carte", "fÃ cil", "Ãquele Ãquela Ãquilo Ãs", "Â  Â", "hello Â there", "end. Â Next", "â€�", "â€œ like this â€�",
    "caf\u00c3\ufffd", "caf\u00c3?", "â\ufffd\ufffd", "a\x85b", "\x93quoted\x94", "price \x80 5", "\x91single\x92 \x96 dash", "caf\u00e9 caf\u00c3\u00a9", "日本 cafÃ©",
    "Привет cafÃ© “x”", "cafÃ© Ł", "naÃ¯ve \u2603", "ð\x9f\x98\x80", "ðŸ˜€", "ðŸ\u2018\u008d", "Ã¢Â€Â™", "ÃƒÂ©", "ÃƒÂƒÃ‚Â©", "donâ€™t", "donâ\x80\x99t", "isnâ€˜t",
    "â€“ â€” â€¦ â€¢", "â„¢ Â® Â©", "Â°C", "Â£5 Â¥9 â‚¬3", "Ã\xa0 la", "Ã¡ Ã© Ã­ Ã³ Ãº Ã±", "Ã„Ã–ÃœÃŸ", "Ã…ngstrÃ¶m", "Å\x81Ã³dÅº", "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
    "ä½ å¥½", "æ—¥æœ¬èªž", "í•œêµ­ì–´", "à¤¨à¤®à¤¸à¥\x8dà¤¤à¥‡", "Ù…Ø±Ø\xadØ¨Ø§", "×©×œ×•×\x9d", "Î•Î»Î»Î·", "\xed\xa0\xbd\xed\xb8\x80", "a\xc0\x80b", "Ã©" * 30,
    "Ã©Ã", "Ã©Ã©é", "Â«citÃ©Â»", "l\u00e2\u20ac\u2122\u00c3\u00a9t\u00c3\u00a9",
]
FORMS = [
    "ｆｕｌｌ　ｗｉｄｔｈ！", "Ｕﾀｰﾝ", "￥１００ ￠５ ￡３", "ﾊﾝｶｸ ｶﾞ", "ﾡﾢ", "ĲĳŉǄǅǆǇǈǉǊǋǌǱǲǳﬀﬁﬂﬃﬄﬅﬆ æ œ ß", "‘’‚‛“”„‟ʼ′″«»", "line\r\nbreak\rs\u2028and\u2029more\u0085end",
    "\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[m", "nul\x00bel\x07esc\x1bdel\x7f\x0b\x0c", "\ufeffbom \ufff9note\ufffb\ufffc \u206a", "cafe\u0301 \u1100\u1161 \u212b \u0958", "\u200bzero\u200dwidth\ufe0f",
    "", " ", "\n\n", "\t a \t b ", "a\x1cb\x1db\x1eb\x1fb", "\u00a0\u2003\u3000", "ＬＩＮＥ\n“two”\r\nＴＨＲＥＥ", "ΣΊΣΥΦΟΣ ẞ İ ǅ", "😀" * 3, "e\u0301\u0327 \u0344",
]
ENTITIES = [
    "&#39;&#34;&#38;#39;", "&#x27;&#X27;&#x1F600;&#128512;", "&#8217;s &#8220;x&#8221; &#8212;", "&#233;t&#xe9;", "&#39 &#39x &#x41g &#65z", "&#0;&#x0;&#1;&#8;&#9;&#10;&#11;&#12;&#13;&#31;&#127;",
    "&#128;&#129;&#130;&#150;&#159;&#160;", "&#xD800;&#xDFFF;&#x110000;&#99999999999999999999;&#xFFFFFFFFFFFFFFFFFFFF;", "&#xFFFE;&#xFFFF;&#x1FFFE;&#xFDD0;&#xFDEF;&#xFFFD;", "&#;&#x;&#xg;&#-1;&# 39;&#３９;",
    "&amp;&AMP;&lt&gt&GT;&quot;&QUOT", "&amp;amp;amp;amp;lt;", "&notit; &notin; &not in &noti;", "&copy2020 &reg; &trade; &trade", "&eacute;&EACUTE;&Eacute;&eAcute;", "P&EACUTE;REZ &NTILDE; &SZLIG; &OELIG; &HELLIP;", "&nbsp;x&nbsp x&nbsp;",
    "&NotEqualTilde;&acE;&fjlig;&bne;&ThickSpace;", "&CounterClockwiseContourIntegral;&CounterClockwiseContourIntegral", "AT&T, R&D & Q&A; x&y=z&lang=en&copy=1", "&unknown; &x; &; && &&amp;", "<b>&lt;i&gt;</b> &eacute; &EACUTE;",
    "&lt;\n<p>\n&EACUTE;&eacute;", "&eacute;\n&EACUTE;", "&amp;#39; &amp;eacute; &amp;amp;#x27;", "&ampquot; &ampamp;", "&frac12; &FRAC12; &sup2; &SUP2;", "&Auml;&auml;&AUML; &thetasym;", "&#00000000000000000000039;", "&#x000000000000000000000000027;",
    "&" + "a" * 40 + ";", "&am\u00e9;", "&am😀p;",
]


def mangled():
    for phrase in PHRASES:
        data = phrase.encode()
        latin = data.decode("latin-1")
        windows = data.decode("sloppy-windows-1252")
        yield from (phrase, latin, windows)
        yield windows.encode().decode("sloppy-windows-1252")
        yield "before " + windows + " \u2014 日本"
        yield windows.replace("\xa0", " ")
        yield data.decode("windows-1252", "replace")


def drawn(count):
    """Pieces of everything, put together by chance."""
    draw = random.Random(5)
    pieces = [p for p in PHRASES + SOUND + BROKEN + FORMS + ENTITIES if len(p) < 20]
    marks = "ÂÃâ€œ”™é…’ ©®°¶£¿¡«»ßñ×²½\xa0\xad\x85\x9dxA.\n<&;#3"
    for _ in range(count):
        yield "".join(draw.choice([draw.choice(pieces), draw.choice(marks), draw.choice(marks)]) for _ in range(draw.randint(2, 6)))


def names():
    entities = sorted(html.entities.html5)
    yield "".join("&" + name for name in entities)


def clean(text):
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    return " ".join(text.split()).lower()


def made(texts):
    for text in dict.fromkeys(texts):
        one = {"text": text, "unescaped": html.unescape(text), "repaired": ftfy.fix_text(text), "cleaned": clean(text)}
        yield {key: value for key, value in one.items() if value != text or key in ("text", "cleaned")}


if __name__ == "__main__":
    every = [*PHRASES, *SOUND, *BROKEN, *FORMS, *ENTITIES, *mangled(), *names(), *drawn(200)]
    out = pathlib.Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in made(every))
    out.write_text('{"ftfy": "%s", "texts": [\n%s\n]}\n' % (ftfy.__version__, lines), encoding="utf-8")
