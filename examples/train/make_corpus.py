#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the text that train.py learns: some 300 KB about running a fleet of AI accelerators.

The text is made, not collected: every word of the grammar below was written for this project, so the
result carries our licence and nobody else's. It is made at run time, so that the repository holds the
rules and not their output, and it is the same on every machine: the same seed gives the same bytes, and
a run that is resumed elsewhere continues on the text that it began with.

    python3 make_corpus.py corpus.txt
"""
from __future__ import annotations

import os
import random
import re
import sys
from pathlib import Path

VERSION = 1  # part of the cached file's name: raise it when the text changes
SEED = 4500
CHARACTERS = 300_000

GRAMMAR: dict[str, list[str]] = {
    # ---- people, places, things -------------------------------------------------------------------
    "person": [
        "Ada", "Bram", "Celia", "Dov", "Edda", "Farid", "Greta", "Hollis", "Ines", "Jonas", "Kaya", "Lionel",
        "Maren", "Nuri", "Odile", "Piet", "Quinn", "Rosa", "Sefa", "Tomas", "Una", "Viktor", "Wren", "Yusuf", "Zelda",
    ],
    "site": [
        "Cedar Flat", "Northgate", "Saltmarsh", "Juniper Ridge", "Old Quarry", "Lakeshore", "Windmill Road",
        "Red Mesa", "Birchwater", "Three Pines", "Harrow Field", "Copper Bend", "Stonebridge", "Fairweather",
    ],
    "provider": ["Northwind", "Larkspur Cloud", "Meridian Halls", "Basalt Compute", "Tidewater", "Greenline Power"],
    "team": [
        "the vision team", "the speech team", "the language team", "the robotics group", "the safety group",
        "the evaluation desk", "the chemistry people", "the weather modellers", "the tokenizer crew",
    ],
    "model": ["the large model", "the small model", "the teacher", "the student", "the baseline", "the long-context run",
              "the mixture model", "the reward model", "the translation model"],
    "part": [
        "pump", "breaker", "transceiver", "busbar clamp", "fan wall", "cold plate", "power shelf", "leak sensor",
        "switch", "heat exchanger", "battery string", "transformer tap", "cable tray", "filter", "valve", "generator",
        "link card", "flow meter", "relay",
    ],
    "place": ["hall A", "hall B", "hall C", "row nine", "row four", "rack seventeen", "rack two", "the north aisle",
              "the loading dock", "the substation", "the pump room", "the control room", "the east pod", "the spine row"],
    "adjective": ["quiet", "stubborn", "brief", "expensive", "careful", "ordinary", "sudden", "patient", "honest",
                  "tiny", "long", "early", "late", "gentle", "plain", "noisy", "dull", "clever", "useful", "rare"],
    "weather": [
        "the wind came off the plain and carried dust", "it rained from noon until the shift ended",
        "the sky was clear and the air was cold", "a storm sat on the hills and did not move",
        "the heat rose before breakfast", "snow lay on the dry coolers", "fog hid the far fence",
        "the first frost whitened the gravel", "a warm wind melted the last of the ice",
    ],
    "weekday": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "month": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
              "November", "December"],
    "cause": [
        "a worn seal", "a loose screw", "a wrong label", "an old firmware", "a tired battery", "a bad crimp",
        "dust in a filter", "a rule that nobody had read", "a clock that was two minutes slow", "a full disk",
        "a typing error in a table", "a hot connector", "one forgotten bypass", "a certificate that had expired",
        "a cable that was a metre too short",
    ],
    "effect": [
        "half a row went dark", "the gang lost two ranks", "the flow fell by a third", "the alarms came in a flood",
        "the checkpoint was never written", "the queue stood still", "the meter read zero", "the lights flickered twice",
        "the jobs moved to the second provider", "the temperature climbed by six degrees",
        "nobody noticed until the invoice came", "the links retrained for an hour", "the step time doubled",
    ],
    "action": [
        "drained the rack", "called the grid operator", "swapped the {part}", "lowered the cap to {3-48} megawatts",
        "restarted the gang from step {200-90000}", "opened the spare loop", "wrote it in the book",
        "moved the work to {site}", "closed the valve by hand", "asked {person} to look twice",
        "paused the cheapest jobs first", "held the queue for {4-50} minutes", "put the {part} under watch",
        "sent the old {part} back", "tested the {part} under load", "shut the door and counted to sixty",
    ],
    "reason": [
        "because the forecast was hot", "because the lease began that morning", "because nobody trusted the reading",
        "since the spare was already in the building", "because {person} remembered the last time",
        "as the contract requires", "because a small loss now is better than a large one later",
        "since the run had only an hour to go", "because the price of power had tripled",
        "as {team} could wait and {team} could not",
    ],
    # ---- the shift log ----------------------------------------------------------------------------
    "log": [
        "{Effect} at {place}; we {action}.",
        "{person} {action}, {reason}.",
        "Walked {place} with {person}. Found {cause} and {action}.",
        "Call from {provider}: they can give us {5-60} megawatts more from {weekday}. Passed it to planning.",
        "Curtailment notice for {2-30} megawatts, from {1-9} in the afternoon, for {2-5} hours. Accepted.",
        "The {part} in {place} is making a {adjective} noise. It is not yet a fault, but it is written down.",
        "{team_cap} asked why their job waits. Answer: {8-512} GPUs must be free in a single block, and they are not.",
        "Job {1000-9999} lost a rank, went back to step {100-80000}, and was running again after {12-90} seconds.",
        "Power at the fence {11-210} megawatts, outside air {2-38} degrees, water return {24-41}. Nothing to add.",
        "The {part} arrived. It fits. {person} was surprised, and so was I.",
        "Visitors from {provider} until noon. They counted the racks and found as many as we bill for.",
        "Alarm from the {part}; it was {cause}. Cleared after {3-40} minutes.",
        "{person} drained {place} for the electricians. {12-96} GPUs out, back before dinner.",
        "Tested the generator for {10-45} minutes. It started on the {first} try.",
        "Weather: {weather}. Fans at {30-95} percent.",
        "Handed {model} from {site} to {place}. The last checkpoint was {1-14} minutes old.",
        "No alarms. Read the manual of the {part} instead, and found a page that somebody ought to have read before.",
        "The budget of {team} ended at midnight. Their short jobs go on with what the others leave idle.",
        "Energised {place} at last. The first job took the whole of it within {2-30} seconds.",
        "Somebody had put a box before the sensor in {place}. Removed the box. Removed the alarm.",
    ],
    "team_cap": ["The vision team", "The speech team", "The language team", "The robotics group", "The safety group"],
    "first": ["first", "second", "third"],
    "handover": [
        "To the next shift: watch the {part} in {place}, and do not believe the second meter.",
        "To the next shift: all is well, except the coffee.",
        "To the next shift: {person} has the key of {place}.",
        "To the next shift: the cap ends at {1-11}, so let the paused jobs come back slowly.",
        "To the next shift: if {provider} calls again, the answer is still no.",
        "To the next shift: spare {part} is on the bench, and the label on it is wrong.",
        "To the next shift: {model} will finish before dawn; leave it alone.",
    ],
    # ---- lessons in scheduling --------------------------------------------------------------------
    "lesson_title": [
        "On Waiting", "On Gangs", "On the Price of an Idle Hour", "On Checkpoints", "On Fair Shares",
        "On the Right of First Refusal", "On Large Jobs and Small Ones", "On Power", "On Failure", "On Forecasts",
        "On Measuring", "On Preemption", "On Trust between Shifts", "On Heat", "On Promises", "On the Last Rack",
    ],
    "lesson": [
        "A gang starts whole or it does not start at all; half of an orchestra is not half of a concert.",
        "The queue is not a line of people but a heap of shapes, and the art is to see which shape fits next.",
        "When a job waits, tell its owner why. A reason that can be checked is worth more than an apology.",
        "A checkpoint is a letter to yourself, and you never know the hour at which you will have to open it.",
        "Write the checkpoint beside the old one, and change the name last; then no crash can leave you with neither.",
        "Whoever saves every second will spend the day saving, and whoever saves every day will lose one.",
        "If a rack fails once in {20-90} days, then {40-900} racks fail every day, and the plan must say so.",
        "The large job asks for a block, the small job asks for a corner; give the corner without breaking the block.",
        "Power is the only quantity that cannot be borrowed from tomorrow.",
        "What is leased and not used is paid for all the same, and it is paid for twice if it is also forgotten.",
        "A forecast that is never compared with what happened is only a story.",
        "Before you stop a job for another, count what is lost since its last checkpoint; sometimes the better choice is to wait.",
        "An average hides the one slow rank for which {8-512} others are waiting.",
        "Ask of each rule what it would cost on its worst day, and whether anyone would notice.",
        "A fair share is a memory: it asks not who wants the machine now, but who has had it until now.",
        "The first provider is asked first, and that is a promise; the second is asked next, and that is a plan.",
        "Heat goes where the power went. If the water is warm, then somebody is learning something.",
        "Do not send a gang of {16-256} to a hall with room for {2-15}; the gang will not become smaller on the way.",
        "A cap that is kept by luck is not a cap.",
        "Two halls with ten free places each are not a hall with twenty.",
        "He who cannot say when the job will start should at least say what it is waiting for.",
        "Idle machines look peaceful, and they are the most {adjective} thing in the building.",
        "Move the work to the power when you can, for the power will not move to the work.",
        "Every restart teaches the same lesson: the past that counts is the part that was written down.",
        "When {effect}, begin with the simplest cause, for it was {cause} last time too.",
        "I have seen {person} solve in {2-20} minutes, with a pencil, what the rest of us had debated for a week.",
        "There is a {adjective} kind of order in which everything is placed well and nothing can be added; avoid it.",
        "If {team} and {team} both want the same {64-512} GPUs tonight, then the clock, the contract and the budget decide, in that order.",
        "A good reservation is made early, kept exactly, and given back as soon as it is not needed.",
        "One ought to be able to replay a bad night slowly, and see at which minute it became bad.",
        "It is easier to explain a simple rule that is sometimes wrong than a {adjective} rule that nobody can follow.",
        "The cheapest energy is at night, the cheapest repair is in spring, and the cheapest mistake is on paper.",
        "Leave one rack empty on purpose, and you will sleep better than the man who filled them all.",
    ],
    # ---- the contract -----------------------------------------------------------------------------
    "clause": [
        "The Provider shall make available {10-400} megawatts at {site} no later than the first day of {month}, and shall give notice of any delay as soon as it is known.",
        "If the Provider does not energise {place} within {20-90} days of the agreed date, then the Customer shall owe nothing for it until it does.",
        "The Customer shall pay for {70-95} percent of the leased power in each month, whether or not it is used.",
        "Where the Customer needs more capacity, it shall first offer the contract to {provider}, who may accept it within {5-30} days; silence is refusal.",
        "Power shall be measured at the fence, once in each minute, by a meter that both parties may read and neither may change.",
        "Either party may ask for the meter to be tested. If it is found to be wrong by more than {1-3} percent, then the invoices of the last {2-6} months shall be made again.",
        "The Provider may call for a curtailment of up to {5-40} megawatts, no more than {3-20} times in a year, with notice of {10-60} minutes.",
        "A curtailment that lasts longer than {2-6} hours shall be credited to the Customer at {2-5} times the price of the energy.",
        "Replacement of a failed {part} is the duty of the Provider and shall begin within {2-12} hours after it was reported.",
        "Nothing in this agreement obliges the Customer to tell the Provider what is being trained, or why.",
        "The rent is {20-90} dollars for each kilowatt and month, and it rises by {1-4} percent in each year after the {second} year.",
        "Capacity that is neither accepted nor refused within the period shall be deemed to be refused, and the Customer may offer it to {provider} on the same terms.",
        "Terms that are more favourable shall not be offered to another party without being offered to {provider} again.",
        "In this agreement, hour means an hour of the clock, and GPU-hour means the use of one accelerator for an hour, in whole or in part.",
        "If both parties are prevented from performing by weather, flood or failure of the grid, then the term is extended by as many days as were lost.",
        "The Provider shall keep the temperature of the supplied water between {16-24} and {28-38} degrees, and shall keep a record.",
        "An invoice that is not disputed within {10-45} days is accepted.",
        "The Customer may give back up to {5-25} percent of the power after the {second} year, with {6-12} months of notice.",
    ],
    "second": ["second", "third", "fourth", "fifth"],
    # ---- talk -------------------------------------------------------------------------------------
    "question": [
        "Why does job {1000-9999} still wait?",
        "Did you hear the {part} in {place}?",
        "How much room do we have under the cap?",
        "Who drained {place}?",
        "When did {provider} say that the new hall would be ready?",
        "Is {model} safe?",
        "Can you take {5-40} megawatts off by {1-11}?",
        "What did {person} write about {place}?",
        "Are you sure that the reading is right?",
        "Should I wake {person}?",
        "Do we pay for it even if nobody uses it?",
        "What happens if the second pump stops?",
        "Have you eaten anything today?",
        "Which team is over its budget?",
    ],
    "answer": [
        "It needs {16-256} GPUs side by side, and there are only {2-15} that touch.",
        "Yes. It was {cause}, and it took me an hour to believe it.",
        "About {2-30} megawatts, and less after sunset.",
        "I did, {reason}.",
        "They said {month}. They always say {month}.",
        "The last checkpoint is {1-9} minutes old. We would lose less than it costs to argue about it.",
        "I can do it in {4-20} minutes if {team} agrees to run slower.",
        "That {effect}, and that we should look at the {part}.",
        "No. That is why I came to you.",
        "Let me look at the log before I say something that I will regret.",
        "Not tonight. Tonight {weather}.",
        "We {action}, and after that it was quiet.",
        "We pay for most of it. It is in the contract, on a page that you signed.",
        "Then the first one has to carry everything, and it will, for a while.",
        "{person} would know. {person} is asleep.",
        "Only bread, and the good coffee is gone.",
        "Ask me again when the graph is flat.",
        "{team_cap}, as in every month that has a Friday in it.",
    ],
    "remark": [
        "Write that down.", "I will believe it when the meter does.", "That is not what the drawing says.",
        "Good. Then nobody has to be woken.", "You said the same thing in {month}.", "Then let us wait.",
        "At least it failed in daylight.", "I like it better when it is boring.", "Give it {5-30} minutes.",
        "Fine, but you explain it to {team}.", "The machine does not care, and that is what I like about it.",
        "Next time, call me before and not after.", "So it was {cause} again.", "Show me.",
        "All right. Drain it, count to ten, and bring it back.", "One of us should go and look.",
    ],
    # ---- reports and letters ----------------------------------------------------------------------
    "happened": [
        "At {1-11} minutes past {2-11}, {effect}.",
        "The {part} in {place} had been reported {2-9} days earlier, and the note was still open.",
        "{person} saw it first and {action}.",
        "For {3-40} minutes we believed that {effect}; in fact it was {cause}.",
        "The scheduler held back {4-60} jobs and kept {2-20} running under the lower cap.",
        "{model_cap} went back to its last checkpoint and repeated {20-900} steps.",
        "No data was lost, and {16-900} GPU-hours were.",
        "By the time that the second shift arrived, {effect}, and then it was over.",
        "The spare was in {place}, behind a door for which only {person} had a key.",
        "We then {action}, and it did not help; after that we {action}, and it did.",
    ],
    "model_cap": ["The large model", "The small model", "The teacher", "The student", "The long-context run"],
    "change": [
        "The {part} is now tested on the first {weekday} of each month.",
        "The alarm says in plain words what to do, and whom to call.",
        "Checkpoints are written every {2-15} minutes in {place}.",
        "{person} has written a page about it, and {person} has tried to follow it at night.",
        "A drained rack stays drained until somebody signs for it.",
        "We keep two of every {part}, in two different rooms.",
        "The plan is replayed in the simulator before it is tried on the floor.",
        "The label was changed, and so were {10-80} others that were wrong in the same way.",
    ],
    "letter": [
        "thank you for the {20-400} GPUs that you found for us last week.",
        "you asked why the invoice of {month} is higher than the one before.",
        "I am writing about the {16-256} GPUs at {site} that stood idle on {weekday}.",
        "we shall need about {5-60} megawatts more in {month}, and I would rather ask too early than too late.",
        "this is to say that {model} is finished, and that you may have the hall back.",
        "I know that you dislike long letters, and so this is a short one.",
    ],
    "letter_body": [
        "The run took {3-60} days, survived {2-14} failures, and lost less than an hour in all of them.",
        "Energy was {2-9} percent more than planned, since {weather}.",
        "The price is the same; it is the hours that have grown.",
        "Of the power that we lease at {site}, {55-98} percent was used, and the rest was paid for under the contract.",
        "If {provider} does not accept by {weekday}, then we are free to go to {provider}.",
        "I have asked {team} to run at night, {reason}.",
        "Please do not move {model} again before {weekday}; it is so close to the end.",
        "You will find the figures in the table, and the doubts in the notes below it.",
        "My own guess is {cause}, but {person} thinks otherwise, and {person} is usually right.",
        "We could wait for {site}, or we could pay more and begin now. I would begin now.",
        "Nobody here wants to hear about it, which is why I am telling you.",
    ],
    "field": [
        "In the morning {weather}, and the halls hummed on the same note as ever.",
        "From the hill above {site} one sees the line come in over the fields, tower after tower, and end at a gravel yard behind a fence.",
        "The old farmer next door says that the birds have come back to the pond that takes our water.",
        "At night the site looks like a ship that has been left on the plain with all its lamps burning.",
        "{person} keeps a garden behind the pump room, where the warm pipe runs, and has tomatoes in {month}.",
        "Inside, nobody speaks; one learns to read lips, or to wait for the door to close.",
        "There were {3-12} of us when {site} opened, and we knew every cable by its bend.",
        "The road to {site} is straight for {10-60} miles, and then it is not, and that is where the trucks get stuck.",
        "In {month} the grass is the colour of copper, and in the next month it is gone.",
        "A train passes {2-9} times a day, and each time the glasses in the control room ring a little.",
        "The builders have gone to {site}, and left a chair, a radio and a wall full of pencilled numbers.",
        "One gets used to the sound as to the sea, and wakes when it stops.",
        "When {model} was finished we stood in {place} for a while, as one stands on a platform after the train has left.",
        "On {weekday} {weather}; on the day after, it was as if nothing had been.",
        "{person} says that a megawatt is a thousand kettles, and that we have {20-400} thousand kettles and no tea.",
    ],
}

SLOT = re.compile(r"\{([A-Za-z_]+|\d+-\d+)\}")


class Writer:
    """Expands the grammar. Each list is drawn like a pack of cards: all of it once before any of it twice."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._packs: dict[str, list[str]] = {}

    def below(self, count: int) -> int:
        # Only random() is promised to give the same sequence in every version of Python.
        return int(self._random.random() * count)

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def draw(self, symbol: str) -> str:
        pack = self._packs.setdefault(symbol, [])
        if not pack:
            pack.extend(GRAMMAR[symbol])
            for i in range(len(pack) - 1, 0, -1):
                j = self.below(i + 1)
                pack[i], pack[j] = pack[j], pack[i]
        return pack.pop()

    def say(self, symbol: str) -> str:
        text = SLOT.sub(self._fill, self.draw(symbol))
        return re.sub(r"\b([Aa]) (?=[aeioAEIO])", r"\1n ", text)

    def sentences(self, symbol: str, low: int, high: int) -> str:
        return " ".join(capital(self.say(symbol)) for _ in range(self.between(low, high)))

    def _fill(self, match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot[0].isdigit():
            low, high = slot.split("-")
            return str(self.between(int(low), int(high)))
        text = self.say(slot.lower())
        return capital(text) if slot[0].isupper() else text


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def shift_log(w: Writer) -> str:
    lines = [f"SHIFT LOG, {w.say('site')}, {w.say('weekday')} {w.between(1, 28)} {w.say('month')}"]
    minute = w.between(0, 90)
    for _ in range(w.between(5, 10)):
        minute += w.between(6, 110)
        lines.append(f"{minute // 60 % 24:02}:{minute % 60:02}  {capital(w.say('log'))}")
    lines.append(w.say("handover"))
    return "\n".join(lines)


def lesson(w: Writer) -> str:
    paragraphs = [w.sentences("lesson", 3, 6) for _ in range(w.between(1, 3))]
    return w.say("lesson_title") + "\n\n" + "\n\n".join(paragraphs)


def contract(w: Writer) -> str:
    article = w.between(2, 40)
    clauses = [f"{article}.{i + 1}  {w.say('clause')}" for i in range(w.between(3, 6))]
    return f"ARTICLE {article}\n" + "\n".join(clauses)


def dialogue(w: Writer) -> str:
    names = w.say("person"), w.say("person")
    lines = []
    for _ in range(w.between(3, 6)):
        lines.append(f"{names[0]}: {w.say('question')}")
        lines.append(f"{names[1]}: {capital(w.say('answer'))}")
        if w.below(3):
            lines.append(f"{names[0]}: {w.say('remark')}")
    return "\n".join(lines)


def report(w: Writer) -> str:
    return (f"REPORT {w.between(100, 999)}, {w.say('site')}\nWhat happened. {w.sentences('happened', 3, 6)}\n"
            f"What we changed. {w.sentences('change', 1, 3)}")


def letter(w: Writer) -> str:
    return (f"Dear {w.say('person')},\n{w.say('letter')} {w.sentences('letter_body', 2, 5)}\n"
            f"Yours, {w.say('person')}")


def field_notes(w: Writer) -> str:
    return w.sentences("field", 3, 6)


def make_corpus(characters: int = CHARACTERS, seed: int = SEED) -> str:
    """The whole text: documents of all kinds in turn, so that its last tenth is like the rest of it."""
    w = Writer(seed)
    kinds = [shift_log, lesson, contract, dialogue, report, letter, field_notes]
    documents: list[str] = []
    size = 0
    while size < characters:
        document = kinds[w.below(len(kinds))](w)
        documents.append(document)
        size += len(document) + 3
    return "\n\n\n".join(documents) + "\n"


def write_whole(path: Path, data: bytes) -> None:
    """Writes beside the file and renames: a reader sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name must survive a power cut too
    finally:
        os.close(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_corpus.py FILE")
    write_whole(Path(sys.argv[1]), make_corpus().encode("ascii"))
