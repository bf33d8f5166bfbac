"""The guide and the runbooks name only existing alarms, parameters, outputs and log lines."""

import re
import unittest
from collections.abc import Iterator
from pathlib import Path

from e2e.aws import template
from e2e.aws.template import of_type
from testing.harness.workspace import WORKSPACE

GUIDE = WORKSPACE / "docs" / "deploy-aws.md"
DYNAMODB = WORKSPACE / "docs" / "dynamodb.md"
RUNBOOKS = sorted((WORKSPACE / "docs" / "runbooks").glob("*.md"))

#: First columns of tables that list log lines.
OF_THE_LOG = {"message", "log line", "`cause` holds", "`cause`"}

#: Words of IAM and AWS that look like parameters.
ACTIONS = {
    "GetItem",
    "BatchGetItem",
    "UpdateItem",
    "DeleteItem",
    "GetSecretValue",
    "VersionId",
    "UnknownSignature",
}


def alarms() -> set[str]:
    """The names of all alarms, without the stack's."""
    found = of_type(template.read(), "AWS::CloudWatch::Alarm").values()
    return {
        alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for alarm in found
    }


def first_cells(text: str) -> Iterator[tuple[str, str]]:
    """The first cell of every row of every table, with its column's head."""
    head = ""
    for line in text.splitlines():
        cells = line.strip().strip("|").split("|")
        if not line.strip().startswith("|"):
            head = ""
        elif not head:
            head = cells[0].strip()
        elif not cells[0].strip().startswith("--"):
            yield head, cells[0]


def tables(text: str, head: str) -> list[list[list[str]]]:
    """The cells of every table with this first column, without the head."""
    blocks = re.findall(r"((?:^\|.*\n)+)", text, re.MULTILINE)
    found = [[line.strip("|\n").split("|") for line in block.splitlines()] for block in blocks]
    return [
        [[cell.strip() for cell in row] for row in table[2:]]
        for table in found
        if table[0][0].strip() == head
    ]


def number(cell: str) -> float:
    """The number in a cell."""
    return float(cell.strip("*"))


def quoted(text: str) -> list[str]:
    """The texts in backticks."""
    return re.findall(r"`([^`]+)`", text)


def anchors(text: str) -> set[str]:
    """The link anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sources() -> str:
    """The functions' code, with strings of several lines joined."""
    files = [
        path
        for folder in ["functions", "shared"]
        for path in (WORKSPACE / folder).glob("**/src/**/*.rs")
    ]
    return re.sub(r"\\\n\s*", "", "\n".join(path.read_text() for path in files))


class Docs(unittest.TestCase):
    def test_every_alarm_has_a_row_in_the_guide_and_a_runbook(self):
        guided = {
            name
            for head, cell in first_cells(GUIDE.read_text())
            if head == "alarm"
            for name in quoted(cell)
        }
        self.assertEqual(guided, alarms())
        helped = {
            name for path in RUNBOOKS for name in re.findall(r"`STACK-([a-z-]+)`", path.read_text())
        }
        self.assertEqual(helped, alarms())

    def test_a_runbook_that_an_alarm_names_is_there(self):
        for name, alarm in of_type(template.read(), "AWS::CloudWatch::Alarm").items():
            for path in re.findall(r"docs/\S+\.md", alarm["Properties"]["AlarmDescription"]):
                self.assertTrue((WORKSPACE / path).exists(), f"{name}: {path}")

    def test_parameters_and_outputs_that_are_named_are_there(self):
        known = set(template.read()["Parameters"]) | set(template.read()["Outputs"])
        for path in [GUIDE, *RUNBOOKS]:
            words = [word.split("=")[0] for word in quoted(path.read_text())]
            named = {word for word in words if re.fullmatch(r"([A-Z][a-z]+){2,}", word)} - ACTIONS
            self.assertLessEqual(named, known, path.name)

    def test_what_a_runbook_says_is_logged_is_logged(self):
        code = sources()
        for path in RUNBOOKS:
            cells = [cell for head, cell in first_cells(path.read_text()) if head in OF_THE_LOG]
            for text in {text for cell in cells for text in quoted(cell)}:
                missing = [part for part in re.split("…|: ", text) if part.strip() not in code]
                self.assertEqual(missing, [], f"{path.name}: {text}")

    def test_the_costs_add_up(self):
        for head, columns in {"step": [1, 2], "what": [3]}.items():
            for table in tables(GUIDE.read_text(), head):
                for column in columns:
                    *parts, total = [number(row[column]) for row in table]
                    self.assertAlmostEqual(sum(parts), total, 2, table[-1][0])

    def test_what_a_payment_costs_the_table_is_what_the_tests_assert(self):
        asserted = {
            row[0]: (number(row[4]), number(row[2]))
            for row in tables(DYNAMODB.read_text(), "operation")[0]
        }
        steps = {
            row[0]: (number(row[1]), number(row[2])) for row in tables(GUIDE.read_text(), "step")[0]
        }
        same = {
            "counts the start of the order": "the start of an order counted, by caller and address",
            "opens the order": "an order opened under a key",
            "notes its intent": "its intent noted",
            "takes the event": "a payment's event",
            "delivers the message": "a message delivered",
        }
        for ours, theirs in same.items():
            [step] = [units for name, units in steps.items() if ours in name]
            self.assertEqual(step, asserted[theirs], ours)

    def test_links_lead_to_files_and_to_headings(self):
        for path in [WORKSPACE / "README.md", *Path(WORKSPACE / "docs").glob("**/*.md")]:
            for target, heading in re.findall(
                r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)", path.read_text()
            ):
                linked = path.parent / target if target else path
                with self.subTest(f"{path.name}: {target}#{heading}"):
                    self.assertTrue(linked.exists())
                    if heading:
                        self.assertIn(heading, anchors(linked.read_text()))
