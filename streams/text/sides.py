"""Two sides: comparisons (甲比乙好, 不如, 被…吊打), changes (从甲换到乙) and advice (别买甲买乙).

Each function reads one clause with one such word. It notes what is said of whom and whom the text speaks of from
here on, and tells whether the word means in this clause what it usually does.
"""

from collections.abc import Callable

from streams.text.clauses import Clause, Cue, names_in, run
from streams.text.notes import MILD, STRONG, Notes


def _except(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    right = run(clause, cue[1])
    if not right:
        return False
    end = max(hit.stop for hit in clause.hits if hit.brand in right)
    notes.owners = []
    if clause.stop - end > 3 and clause.has("both"):
        notes.compare(clause, [], right, (end, clause.stop))
    else:
        notes.standards = right
    return True


def _rather(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    chosen = names_in(clause, cue[1], clause.stop)
    if not chosen:
        return False
    notes.fix(clause, chosen, STRONG)
    notes.owners = chosen
    return True


def _avoid(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    right = run(clause, cue[1])
    left = names_in(clause, clause.start, cue[0])
    takes = clause.first("takes")
    if takes is not None and (taken := names_in(clause, takes[1], cue[0])):  # 把甲卖了换乙
        right = taken
    if not right and left and clause.stop - cue[1] > 4:
        return False
    avoided = right or left
    if not avoided:
        return False
    notes.fix(clause, avoided, -STRONG)
    notes.owners = avoided
    notes.avoided = True
    chosen = [name for name in (left if right else []) if name not in right]
    end = max(hit.stop for hit in clause.hits if hit.brand in avoided)
    if any(other[2] in ("choose", "switch") and other[0] >= end for other in clause.cues):
        chosen += [name for name in names_in(clause, end, clause.stop) if name not in avoided]
    if chosen:
        notes.fix(clause, chosen, STRONG)
        notes.owners = chosen
    return True


def _below(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    right = run(clause, cue[1])
    left = names_in(clause, clause.start, cue[0]) or notes.owners_but(right)
    if not right and _far(notes, clause, cue, names):  # 甲跟乙没法比
        return True
    if not right:
        if clause.has("others") or clause.stop - cue[1] < 2 or not left:
            if len(left) > 1 and not clause.has("with"):  # 甲的生态乙追不上
                notes.fix(clause, left[:-1], STRONG)
                left = left[-1:]
            elif not clause.has("with", "over"):  # 甲的生态，乙比不了
                notes.fix(clause, notes.owners_but(left), STRONG)
            notes.fix(clause, left, -STRONG)
            notes.owners = left
            return bool(left)
        return False
    if len(left) > 1 and (joint := clause.first("with")) and joint[0] < cue[0]:
        left = names_in(clause, clause.start, joint[0]) or left
    notes.fix(clause, [name for name in left if name not in right], -STRONG)
    notes.fix(clause, right, STRONG)
    notes.owners = left or right
    return True


def _above(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    before = names_in(clause, clause.start, cue[0])
    right = run(clause, cue[1])
    passive, takes = clause.first("passive"), clause.first("takes")
    if passive and passive[0] < cue[0] and (agents := names_in(clause, passive[1], cue[0])):
        winners, losers = agents, names_in(clause, clause.start, passive[0]) or notes.owners_but(agents)
        notes.owners = losers
    elif passive and passive[0] < cue[0] and before:
        winners, losers = [], before
        notes.owners = losers
    elif takes and takes[0] < cue[0] and (patients := names_in(clause, takes[1], cue[0])):
        winners, losers = names_in(clause, clause.start, takes[0]) or notes.owners_but(patients), patients
        notes.owners = winners
    else:
        winners, losers = before or notes.owners_but(right), right
        if not winners:
            return False
        if not losers and not clause.has("others") and clause.stop - cue[1] > 3:
            return False
        notes.owners = winners
    way = -1 if notes.negated(cue) else 1
    notes.fix(clause, winners, way * STRONG)
    notes.fix(clause, losers, -way * STRONG)
    return True


def _versus(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    """比起乙，甲…; 跟乙相比，甲…; 甲和乙相比…."""
    joint = clause.first("with")
    left = names_in(clause, clause.start, cue[0])
    if joint is not None and names_in(clause, joint[1], cue[0]):
        return _joined(notes, clause, joint, cue, left)
    right = run(clause, cue[1])
    if right:
        end = max(hit.stop for hit in clause.hits if hit.brand in right)
        subject = [name for name in names_in(clause, clause.start, clause.stop) if name not in right]
        rest = (end, clause.stop)
        if subject or notes.has_words(rest):
            notes.compare(clause, subject or notes.owners_but(right), right, rest)
            notes.owners = subject or notes.owners_but(right)
        else:
            notes.standards = right
        return True
    return False


def _joined(notes: Notes, clause: Clause, joint: Cue, cue: Cue, left: list[str]) -> bool:
    """甲跟乙比…, 跟乙比，…: whom it is compared with stands behind the 跟."""
    standards = names_in(clause, joint[1], cue[0])
    if not standards:
        return False
    subject = [name for name in left if name not in standards]
    rest = (cue[1], clause.stop)
    if notes.has_words(rest):
        after = [name for name in names_in(clause, cue[1], clause.stop) if name not in standards]
        subject = subject or after or notes.owners_but(standards)
        notes.compare(clause, subject, standards, rest)
        notes.owners = subject
    else:
        notes.owners = subject or notes.owners_but(standards)
        notes.standards = standards
    return True


def _over(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    right = run(clause, cue[1])
    left = [name for name in names_in(clause, clause.start, cue[0]) if name not in right]
    if not right:
        joint = clause.first("with")
        if joint and joint[0] < cue[0] and left:
            return _joined(notes, clause, joint, cue, left)
        return False
    end = max(hit.stop for hit in clause.hits if hit.brand in right and hit.start >= cue[1])
    subject = left or notes.owners_but(right)
    if cue[2] == "notover" or notes.negated(cue):
        notes.compare(clause, subject, [], (end, clause.stop), way=-1.0)
    elif notes.has_words((end, clause.stop)):
        notes.compare(clause, subject, right, (end, clause.stop), guess=cue[2] == "over")
    else:
        notes.standards = right
    notes.owners = subject
    return True


def _far(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    joint = clause.first("with")
    left = names_in(clause, clause.start, cue[0])
    if joint is None or joint[0] > cue[0]:
        return False
    standards = names_in(clause, joint[1], cue[0])
    subject = [name for name in left if name not in standards] or notes.owners_but(standards)
    if not standards:
        return False
    way = 1 if notes.sum(notes.words((0, cue[0]))) >= 1 else -1  # 甲真强，跟乙不是一个级别
    notes.fix(clause, subject, way * STRONG)
    notes.fix(clause, standards, -way * STRONG)
    notes.owners = subject
    return True


def _lacks(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    """甲没有乙好用: the right side has what the left side lacks."""
    right = run(clause, cue[1])
    if not right:
        return False
    end = max(hit.stop for hit in clause.hits if hit.brand in right and hit.start >= cue[1])
    if not notes.has_words((end, clause.stop)):
        return False
    subject = [n for n in names_in(clause, clause.start, cue[0]) if n not in right] or notes.owners_but(right)
    notes.compare(clause, right, subject, (end, clause.stop))
    notes.owners = subject
    return True


def _switch(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    new = run(clause, cue[1])
    old = [name for name in names_in(clause, clause.start, cue[0]) if name not in new] or notes.owners_but(
        new
    )
    if not new:
        return False
    end = max(hit.stop for hit in clause.hits if hit.brand in new and hit.start >= cue[1])
    notes.owners, notes.against = new, old
    if notes.has_words((end, clause.stop)):
        notes.compare(clause, new, old, (end, clause.stop))
    elif cue[2] == "back":
        notes.fix(clause, new, MILD)
        notes.fix(clause, old, -MILD)
    return True


def _prefer(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    """认准甲, 更喜欢甲."""
    right = run(clause, cue[1])
    said = notes.words((cue[1], clause.stop))
    if not right or notes.negated(cue) or notes.grade(said, False) < 0:
        return False
    notes.fix(clause, right, STRONG)
    notes.fix(clause, notes.standards, -STRONG)
    notes.standards = []
    notes.owners = right
    return True


def _doubt(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    """难道甲不好吗, 谁说甲差: the opposite is meant."""
    notes.compare(clause, [], names, (cue[1], clause.stop))
    notes.owners = names
    return True


def _still(notes: Notes, clause: Clause, cue: Cue, names: list[str]) -> bool:
    """还是甲好: better than whatever was tried."""
    right = names_in(clause, cue[1], clause.stop)
    if not right:
        return False
    rivals = [name for name in dict.fromkeys([*notes.seen, *names]) if name not in right]
    notes.compare(clause, right, rivals, (cue[1], clause.stop))
    notes.owners = right
    return True


HANDLERS: tuple[tuple[str, Callable[[Notes, Clause, Cue, list[str]], bool]], ...] = (
    ("except", _except),
    ("rather", _rather),
    ("avoid", _avoid),
    ("below", _below),
    ("above", _above),
    ("against", _versus),
    ("over", _over),
    ("notover", _over),
    ("far", _far),
    ("lacks", _lacks),
    ("switch", _switch),
    ("back", _switch),
    ("prefer", _prefer),
    ("doubt", _doubt),
    ("still", _still),
)
"""Kind of a word → how a clause with it is read; the first that applies."""
KINDS = frozenset(kind for kind, _ in HANDLERS)
