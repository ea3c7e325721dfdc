r"""Markdown of a student's as a person may open it: it shows something, and does nothing more.

Formgrader renders it with mistune and MathJax, JupyterLab with others, and what is code, text or
mathematics is for them to say. So no rule here asks where something stands. Each breaks what could
do more than show, mostly with a blank, which honest text hardly notices and mathematics not at all:
HTML, entities, links and images; blocks that a program draws; the ids of headings, which could be
those that formgrader's scripts look for; and every TeX command that is not among those that only
show.
"""

from __future__ import annotations

import re

TAG = re.compile(r"<(?=[A-Za-z/!?])")
ENTITY = re.compile(r"&(?=[#A-Za-z])")
LINK = re.compile(r"\](?=[(\[:])")
ADDRESS = re.compile(r":(?=//)|\bwww(?=\.)", re.IGNORECASE)

BEFORE_A_BLOCK = r"^(?:[^\S\n]|[>*+:\-\d.)])*+"
"""What may stand before a block in its line: marks of quotes, lists and definitions."""
FENCE = re.compile(
    rf"{BEFORE_A_BLOCK}(?:`{{3,}}+|~{{3,}}+)[ \t]*+(?=\S)(?!(?:python3?|py|text)(?:\s|\Z))",
    re.MULTILINE,
)
"""Of another language than these: it may be drawn (mermaid), or take hours to be coloured."""
HEADING = re.compile(rf"{BEFORE_A_BLOCK}#{{1,6}}+(?!#)[ \t]*+(?!\u2060)", re.MULTILINE)
"""Its words become its id. Formgrader looks for the scores of a cell by an id, and takes the first:
points given here would be given there. A word joiner, which is not seen, makes it another."""
UNDERLINE = re.compile(r"^((?:[^\S\n]|>)*+)([=-]+)[ \t]*$", re.MULTILINE)
"""Makes a heading of what stands above it; three hyphens are a rule where nothing does."""

COMMAND = re.compile(r"\\([A-Za-z]+)")
CODES = re.compile(r"\^(?=\^)")
"""TeX's own way to write any character, a backslash among them."""
PULLED_UP = re.compile(r"(\\\\\*?\s*)\[\s*-\s*[\d.,]+\s*[a-z]{2}\s*\]")
"""A row with negative space above it can be laid over something else of the page."""


def tame(markdown: str) -> str:
    """Markdown that only shows something. Tame Markdown stays as it is."""
    for dangerous in (TAG, ENTITY, LINK, ADDRESS, CODES):
        markdown = dangerous.sub(lambda found: found[0] + " ", markdown)
    markdown = FENCE.sub(lambda found: found[0] + "text ", markdown)
    markdown = UNDERLINE.sub(_no_underline, markdown)
    markdown = HEADING.sub(lambda found: found[0] + "\u2060", markdown)
    markdown = PULLED_UP.sub(lambda found: found[1], markdown)
    return COMMAND.sub(_shown, markdown)


def _no_underline(found: re.Match[str]) -> str:
    before, line = found.groups()
    is_rule = len(line) >= 3 and not line.strip("-")
    return f"{before}***" if is_rule else f"{before}\\{line}"


def _shown(found: re.Match[str]) -> str:
    """A TeX command that only shows something, or a blank and its name.

    What stands before the backslash does not matter: two of them may be one when MathJax looks.
    """
    name, behind = found[1], found.string[found.end() :][:100]
    if name in SHOW or (name in SHOW_WITH and SHOW_WITH[name].match(behind)):
        return found[0]
    return f"\\ {name}"


SYMBOLS = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau
upsilon phi chi psi omega varepsilon vartheta varkappa varpi varrho varsigma varphi digamma Gamma
Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega varGamma varDelta varTheta varLambda varXi
varPi varSigma varUpsilon varPhi varPsi varOmega aleph beth gimel daleth hbar hslash imath jmath
ell wp Re Im partial infty prime backprime emptyset varnothing nabla top bot angle
measuredangle sphericalangle triangle triangledown square Box blacksquare lozenge Diamond bigstar
backslash forall exists nexists neg lnot flat natural sharp complement mho eth checkmark clubsuit
diamondsuit heartsuit spadesuit degree And S P yen maltese circledR circledS Bbbk

surd coprod bigvee bigwedge biguplus bigcap bigcup bigsqcup bigotimes bigoplus bigodot int intop
iint iiint iiiint idotsint oint smallint prod sum

cdot cdotp ldotp centerdot ast star times div pm mp circ bigcirc bullet diamond wedge land vee lor
cap cup Cap Cup sqcap sqcup uplus amalg setminus smallsetminus wr odot oslash otimes ominus oplus
boxplus boxminus boxtimes boxdot circledast circledcirc circleddash ltimes rtimes dotplus barwedge
curlywedge curlyvee intercal divideontimes dagger ddagger

leq le leqq leqslant geq ge geqq geqslant lt gt ll gg lll ggg ne neq equiv sim simeq approx
approxeq thickapprox thicksim cong asymp propto varpropto doteq doteqdot triangleq circeq eqcirc
bumpeq lesssim gtrsim lessapprox gtrapprox lessgtr gtrless lesseqgtr gtreqless prec succ preceq
succeq preccurlyeq succcurlyeq precsim succsim subset supset subseteq supseteq subseteqq supseteqq
subsetneq supsetneq Subset Supset sqsubset sqsupset sqsubseteq sqsupseteq in ni owns notin mid
nmid parallel nparallel perp smile frown bowtie between models vdash dashv vDash Vdash nless ngtr
nleq ngeq nsim ncong nprec nsucc nsubseteq nsupseteq lneq gneq lneqq gneqq vartriangle
vartriangleleft vartriangleright trianglelefteq trianglerighteq therefore because colon coloneqq
implies impliedby iff

leftarrow gets rightarrow to leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow
longrightarrow longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow mapsto
longmapsto uparrow downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow
nwarrow hookleftarrow hookrightarrow leftharpoonup leftharpoondown rightharpoonup rightharpoondown
rightleftharpoons leftrightharpoons leadsto rightsquigarrow leftleftarrows rightrightarrows
leftrightarrows rightleftarrows upuparrows downdownarrows twoheadrightarrow twoheadleftarrow
curvearrowleft curvearrowright circlearrowleft circlearrowright dashrightarrow dashleftarrow
nleftarrow nrightarrow nLeftarrow nRightarrow multimap restriction

ldots cdots vdots ddots dots dotsb dotsc dotsi dotsm dotso

langle rangle lceil rceil lfloor rfloor lbrace rbrace lbrack rbrack vert Vert lvert rvert lVert
rVert lgroup rgroup lmoustache rmoustache ulcorner urcorner llcorner lrcorner
"""
FUNCTIONS = """
arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf injlim
ker lg lim liminf limsup ln log max min Pr projlim sec sin sinh sup tan tanh varinjlim varliminf
varlimsup varprojlim bmod mod pmod pod operatorname
"""
LAYOUT = """
frac dfrac tfrac cfrac binom dbinom tbinom choose over atop brace brack sqrt root left right
middle big Big bigg Bigg bigl Bigl biggl Biggl bigm Bigm biggm Biggm bigr Bigr biggr Biggr
overline underline overbrace underbrace overparen underparen overrightarrow overleftarrow
overleftrightarrow underrightarrow underleftarrow underleftrightarrow overset underset stackrel
xrightarrow xleftarrow sideset substack limits nolimits not acute grave ddot dddot ddddot dot
tilde bar breve check hat vec mathring widehat widetilde displaystyle textstyle scriptstyle
scriptscriptstyle mathop mathrel mathbin mathord mathopen mathclose mathpunct mathinner quad qquad
enspace thinspace space nobreakspace phantom hphantom vphantom strut mathstrut boxed fbox newline
cr hline hfill matrix pmatrix cases tag notag nonumber
"""
FONTS = """
rm it bf sf tt cal frak scr mathrm mathnormal mathbf mathit mathbb mathcal mathfrak mathscr mathsf
mathtt Bbb bm boldsymbol pmb text textrm textnormal textit textbf textsf texttt textup mbox hbox
tiny Tiny scriptsize small normalsize large Large LARGE huge Huge TeX LaTeX
"""
SHOW = frozenset((SYMBOLS + FUNCTIONS + LAYOUT + FONTS).split())
"""Commands of TeX that draw something in their place, whatever they are given."""

ENVIRONMENTS = """
equation align alignat aligned alignedat gather gathered multline split eqnarray flalign array
subarray matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix cases
"""
ENVIRONMENT = re.compile(rf"\s*\{{\s*(?:{'|'.join(ENVIRONMENTS.split())})\*?\s*\}}")
COLOUR = re.compile(r"\s*\{\s*(?:[A-Za-z]{1,30}|#[0-9A-Fa-f]{3,8})\s*\}")
LENGTH = re.compile(r"\s*\{\s*\d{0,2}(?:\.\d{1,3})?\s*(?:em|ex|pt|px|mu|mm|cm)\s*\}")
NO_ATTRIBUTES = re.compile(r"(?!\s*\[)")
SHOW_WITH = {
    **dict.fromkeys(("begin", "end"), ENVIRONMENT),
    **dict.fromkeys(("color", "textcolor"), COLOUR),
    "hspace": LENGTH,
    **dict.fromkeys(("cancel", "bcancel", "xcancel"), NO_ATTRIBUTES),
}
"""Commands that only show something where this stands behind them."""
