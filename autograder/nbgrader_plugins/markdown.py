r"""Makes a student's Markdown safe to open: it can show something, and do nothing else.

Formgrader renders Markdown with mistune and MathJax, JupyterLab with other programs, and they
disagree on what is code, text or mathematics. So the rules here ignore the context. Each rule
breaks something that could do more than show, mostly by inserting a space. That hardly changes
honest text, and does not change mathematics. The rules break:

* HTML, entities, links and images;
* code blocks that a program would draw;
* ids of headings, which could be ids that formgrader's scripts look for;
* every TeX command that is not on the list of commands that only show something.
"""

from __future__ import annotations

import re

TAG = re.compile(r"<(?=[A-Za-z/!?])")
ENTITY = re.compile(r"&(?=[#A-Za-z])")
LINK = re.compile(r"\](?=[(\[:])")
ADDRESS = re.compile(r":(?=//)|\bwww(?=\.)", re.IGNORECASE)

BEFORE_A_BLOCK = r"^(?:[^\S\n]|[>*+:\-\d.)])*+"
"""What may precede a block in its line: the markers of quotes, lists and definitions."""
FENCE = re.compile(
    rf"{BEFORE_A_BLOCK}(?:`{{3,}}+|~{{3,}}+)[ \t]*+(?=\S)(?!(?:python3?|py|text)(?:\s|\Z))",
    re.MULTILINE,
)
"""A code block in another language: it may be drawn (mermaid), or take hours to highlight."""
HEADING = re.compile(rf"{BEFORE_A_BLOCK}#{{1,6}}+(?!#)[ \t]*+(?!\u2060)", re.MULTILINE)
"""The words of a heading become its id. Formgrader finds a cell's score field by id and takes the
first match, so a heading could divert the points. An invisible word joiner changes the id."""
UNDERLINE = re.compile(r"^((?:[^\S\n]|>)*+)([=-]+)[ \t]*$", re.MULTILINE)
"""Turns the line above into a heading; three hyphens without such a line are a horizontal rule."""

COMMAND = re.compile(r"\\([A-Za-z]+)")
CODES = re.compile(r"\^(?=\^)")
"""TeX's notation for any character, including a backslash."""
PULLED_UP = re.compile(r"(\\\\\*?\s*)\[\s*-\s*[\d.,]+\s*[a-z]{2}\s*\]")
"""Negative space above a row can move it over other parts of the page."""


def tame(markdown: str) -> str:
    """Markdown that can only show something. Tame Markdown does not change again."""
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
    """The TeX command if it only shows something; otherwise a space breaks it.

    The text before the backslash is ignored: MathJax may see two backslashes as one.
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
"""TeX commands that only draw something in place, whatever their arguments."""

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
"""TeX commands that only show something if this pattern matches the text after them."""
