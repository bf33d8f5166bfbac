"""The template for released zips: `template.yaml` without a build."""

import re

#: A function's line in template.yaml, and the line of its package.
BUILDS = re.compile(r"^ +Metadata: \{ BuildMethod: rust-cargolambda \}\n", re.MULTILINE)
CODE = re.compile(r"^( +CodeUri: )functions/([a-z-]+)$", re.MULTILINE)
ARCHITECTURES = "    Architectures: [arm64]\n"


def of_zips(template: str, architecture: str, functions: list[str]) -> str:
    """The template whose functions are `NAME.zip` beside it, for `architecture`.

    It keeps the comments, which explain the parameters.
    """
    text, builds = BUILDS.subn("", template)
    text, codes = CODE.subn(r"\1\2.zip", text)
    found = {"builds": builds, "codes": codes, "architectures": text.count(ARCHITECTURES)}
    expected = {"builds": len(functions), "codes": len(functions), "architectures": 1}
    if found != expected:
        raise ValueError(f"template.yaml has {found} and not {expected}")
    return text.replace(ARCHITECTURES, f"    Architectures: [{architecture}]\n")
