"""`template.yaml`, parsed as SAM does."""

import copy
import logging
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from samcli.yamlhelper import yaml_dump, yaml_parse
from samtranslator.translator.transform import transform

from testing.harness.workspace import REGION, WORKSPACE

#: It logs warnings about AWS's own settings.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

Template = dict[str, Any]


def read() -> Template:
    """The template, with `!Ref` and the like in their long form."""
    return parse((WORKSPACE / "template.yaml").read_text())


def parse(text: str) -> Template:
    """Writes a template as YAML."""
    return yaml_parse(text)


def write(template: Template, path: Path) -> None:
    """The template as YAML."""
    path.write_text(yaml_dump(template))


def folders() -> set[str]:
    """The names of all functions."""
    return set(os.listdir(WORKSPACE / "functions"))


def transformed(template: Template, **parameters: str) -> Template:
    """The CloudFormation template that SAM generates, with changed `parameters`."""
    given = copy.deepcopy(template)
    for name, value in parameters.items():
        given["Parameters"][name]["Default"] = value
    for block in functions(given).values():
        block["CodeUri"] = "s3://bucket/key"
    with patch.dict(os.environ, AWS_DEFAULT_REGION=REGION):
        return transform(given, {}, SimpleNamespace(load=dict))


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, by their logical ids."""
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource["Type"] == kind}


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """The properties of each function, by its logical id."""
    blocks = of_type(template, "AWS::Serverless::Function")
    return {name: block["Properties"] for name, block in blocks.items()}


def logical_id(folder: str) -> str:
    """The logical id of a function: `create-intent` becomes `CreateIntentFunction`."""
    return "".join(word.capitalize() for word in folder.split("-")) + "Function"


def folder_of(properties: dict[str, Any]) -> str:
    """The folder of a function's crate, in `functions`."""
    return Path(properties["CodeUri"]).name


def routes(template: Template) -> list[tuple[str, str, str]]:
    """The method, the path and the function's logical id of every route."""
    found = []
    for name, properties in functions(template).items():
        for event in properties["Events"].values():
            if event["Type"] == "HttpApi":
                route = event["Properties"]
                found.append((route["Method"], route["Path"], name))
    return found


def common_environment(template: Template) -> dict[str, Any]:
    """The variables of all functions."""
    return template["Globals"]["Function"]["Environment"]["Variables"]


def own_environment(template: Template, function: str) -> dict[str, Any]:
    """The variables of a function's own block."""
    return functions(template)[function].get("Environment", {}).get("Variables", {})


def environment(template: Template, function: str) -> dict[str, Any]:
    """All variables of a function, the common ones included."""
    return {**common_environment(template), **own_environment(template, function)}


def references(block: Any) -> set[str]:
    """The logical ids and parameters in a part of the template."""
    if isinstance(block, list):
        return set().union(*map(references, block))
    if not isinstance(block, dict):
        return set()
    match block:
        case {"Ref": name}:
            return {name}
        case {"Fn::GetAtt": [name, *_]}:
            return {name}
        case {"Fn::Sub": text} if isinstance(text, str):
            return names_in(text)
        case {"Fn::Sub": [text, values]}:
            return names_in(text) | references(values)
    return set().union(*map(references, block.values()))


def names_in(text: str) -> set[str]:
    """The references in a `!Sub` text."""
    return set(re.findall(r"\$\{(\w+)", text))
