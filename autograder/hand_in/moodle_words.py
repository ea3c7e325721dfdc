"""Words of Moodle's grading worksheet, which is written in its user's language.

A worksheet is recognised by its structure, and most of its columns are, too. A language that is
missing costs one option, `--column`. To add one, add its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

NUMBERED = re.compile(r"(?P<word>[^\d@#]{1,60}?)\s{0,3}(?P<id>[0-9]{1,18})")
"""`Participant 1001`, `Teilnehmer/in1001`: a word in any language and a number."""


def participant(cell: str) -> str:
    """The participant number in a cell of a worksheet's first column; empty if there is none."""
    found = NUMBERED.fullmatch(cell.strip())
    return found["id"] if found else ""


def word_for_participants(cells: Sequence[str]) -> str:
    """The word before the number, if it is the same in every cell; else empty."""
    found = [NUMBERED.fullmatch(cell.strip()) for cell in cells]
    words = {match["word"].strip() for match in found if match}
    return words.pop() if all(found) and len(words) == 1 else ""


def words(cells: Iterable[str]) -> list[str]:
    """Cells, normalised for comparison."""
    return [" ".join(unicodedata.normalize("NFC", cell).lower().split()) for cell in cells]


def _all(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in words(text.split(", ")))


GRADE = _all(
    "Grade",  # English
    "Calificación, Qualificació, Cualificación, Kalifikazioa",  # Spain
    "Bewertung",  # German
    "Note, Notă",  # French, Romanian
    "Nota, Avaliação",  # Portuguese
    "Valutazione, Voto",  # Italian
    "Cijfer, Beoordeling",  # Dutch
    "Karakter, Betyg, Bedømmelse, Arvosana, Arviointi",  # Danish, Norwegian, Swedish, Finnish
    "Ocena, Známka, Hodnocení, Hodnotenie, Ocjena",  # Polish, Slovene, Czech, Slovak, Croatian
    "Osztályzat, Értékelés, Not, Βαθμός, Βαθμολογία",  # Hungarian, Turkish, Greek
    "Оценка, Оцінка, درجة, الدرجة, ציון",  # Russian, Ukrainian, Arabic, Hebrew
    "評点, 評定, 成绩, 成績, 성적",  # Japanese, Chinese, Korean
)
IDENTIFIER = _all(
    "Identifier, Identificador, Identifikatzailea, ID, Kennung, Identifiant",
    "Identificativo, Codice identificativo, Identificatie, Identifikator, Identyfikator",
)
STATUS = _all(
    "Status, Estado, Estat, Egoera, Statut, Stato, Situação, Stav, Tila, Stare, Státusz, Durum",
    "Κατάσταση, Состояние, Статус, Стан, الحالة, מצב, ステータス, 状态, 狀態, 상태",
)
ID_NUMBER = _all(
    "ID number, Número de ID, Número ID, Número d'ID, ID-Nummer, ID-nummer",
    "Numéro d'identification, Codice identificativo, Número de identificação, Matrikelnummer",
    "idnumber",
)
FULL_NAME = _all(
    "Full name, Nombre completo, Vollständiger Name, Nom complet, Nome completo, Volledige naam",
)
EMAIL = _all(
    "Email address, Email, Dirección de correo, E-Mail-Adresse, Adresse de courriel",
    "Indirizzo email, Endereço de email, E-mailadres, Adreça electrònica",
)
USER_NAME = _all(
    "Username, Nombre de usuario, Nom d'usuari, Anmeldename, Nutzername, Nom d'utilisateur",
    "Nome utente, Nome de utilizador, Nome de usuário, Gebruikersnaam",
)
GROUP = _all(
    "Group, Grupo, Gruppe, Groupe, Gruppo, Groep, Grup, Taldea, Ryhmä, Grupa, Skupina, Csoport",
)
YES = _all(
    "Yes, Sí, Si, Sì, Ja, Oui, Sim, Bai, Da, Kyllä, Tak, Ano, Áno, Igen, Evet, Ναι, Да, Так",
    "نعم, כן, はい, 是, 예",
)
NO = _all(
    "No, Non, Nein, Não, Nee, Nej, Nei, Ez, Nu, Ei, Nie, Ne, Nem, Hayır, Όχι, Нет, Ні",
    "لا, לא, いいえ, 否, 아니오, 아니요",
)
