#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the sources and holds the house rules: a test. usage: tidy.py [--self-test] ROOT

rooms       every #include of src/ against tools/rooms.toml
banned      calls that only some files may use, with the reason
lines       at most 120 columns in C++ (clang-format aims at 100), files at most 700 lines, no tabs
format      clang-format leaves src/units, src/model … as they are (checked where clang-format 14 is there)
links       relative links in the documents lead somewhere
licence     SPDX on the first line of every source
registry    no package registry is named
names       a type has its name for itself in its namespace: two of one name break each other's templates at link time
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

CPP = (".cpp", ".hpp")
MAX_LINES, MAX_COLUMNS = 700, 120


def code_only(line: str) -> str:
    """Without strings and comments: names in them are no calls."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def check_includes(path: str, text: str, rooms: dict) -> list[str]:
    parts = path.split("/")
    if parts[0] != "src" or parts[1] not in rooms:
        return [f"{path}: is in no room of tools/rooms.toml"] if parts[0] == "src" else []
    problems = []
    is_test = re.search(r"_(test|prop|fuzz|bench)\.cpp$|/(testing|child|checking)\.hpp$", path)
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'#include "([a-z_]+)/', line)
        if not found:
            continue
        room = found.group(1)
        if room == parts[1] or room in rooms[parts[1]]["may"] or (is_test and room == "support"):
            continue
        problems.append(f"{path}:{number}: {parts[1]} may not include {room} (tools/rooms.toml)")
    return problems


def check_banned(path: str, text: str, banned: list[dict]) -> list[str]:
    problems = []
    for rule in banned:
        if any(re.search(allowed, path) for allowed in rule["allowed"]):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = re.search(rule["pattern"], code_only(line))
            if found:
                problems.append(f"{path}:{number}: '{found.group(0)}' is not for here: {rule['why']}")
    return problems


def check_shape(path: str, text: str) -> list[str]:
    problems = []
    lines = text.splitlines()
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
        problems.append(f"{path}:1: no SPDX-License-Identifier line")
    if len(lines) > MAX_LINES:
        problems.append(f"{path}: {len(lines)} lines, at most {MAX_LINES}: it has more than one job")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS and "http" not in line:
            problems.append(f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}")
        if "\t" in line:
            problems.append(f"{path}:{number}: a tab")
    return problems


def types_in(text: str) -> list[tuple[str, str]]:
    """(namespace, name) of each type that is defined outside of others and of unnamed namespaces."""
    types, spaces = [], []
    for line in text.splitlines():
        if opened := re.match(r"namespace ([\w:]*) ?{$", line):
            spaces.append(opened.group(1))
        elif line.startswith("}  // namespace"):
            del spaces[-1:]
        elif found := re.match(r"(?:struct|class|enum class) (\w+)(?: final)?(?: : [^{;]*)? {", line):
            if "" not in spaces:
                types.append(("::".join(spaces), found.group(1)))
    return types


def check_names(sources: dict[str, str]) -> list[str]:
    first, problems = {}, []
    for path, text in sorted(sources.items()):
        for space, name in types_in(text):
            other = first.setdefault((space, name), path)
            if other != path:
                problems.append(f"{path}: {space}::{name} is defined in {other} too")
    return problems


def check_links(root: Path, path: Path) -> list[str]:
    problems = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for target in re.findall(r"\]\(([^)#\s]+)\)", line):
            if "://" not in target and not (path.parent / target).exists():
                problems.append(f"{path.relative_to(root)}:{number}: the link to {target} leads nowhere")
    return problems


def tracked(root: Path) -> list[Path]:
    """What git knows, or in an export everything but build folders."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    return [p for p in root.rglob("*") if p.is_file() and not re.search(r"/(build|\.git|\.ampacity)/", str(p))]


def check(root: Path) -> list[str]:
    table = tomllib.loads((root / "tools/rooms.toml").read_text())
    registries = re.compile("|".join(["registry\\." + "npmjs", "deb\\." + "debian\\.org", "py" + "pi\\.org"]))
    problems, sources = [], {}
    for path in tracked(root):
        name = str(path.relative_to(root))
        if path.suffix == ".md":
            problems += check_links(root, path)
        if path.suffix in (".md", ".py", ".sh", ".txt", ".json", ".yaml", ".cmake") and registries.search(path.read_text()):
            problems.append(f"{name}: names a package registry")
        if path.suffix in CPP:
            text = path.read_text()
            problems += check_shape(name, text)
            if name.startswith("src/"):
                sources[name] = text
                problems += check_includes(name, text, table["rooms"]) + check_banned(name, text, table["banned"])
        if path.stat().st_size > 1 << 20:
            problems.append(f"{name}: {path.stat().st_size} bytes, too large for a repository")
    return problems + check_names(sources)


def self_test() -> None:
    """Each rule can fail."""
    rooms = {"base": {"may": []}, "fleet": {"may": ["base"]}}
    assert check_includes("src/fleet/a.cpp", '#include "base/x.hpp"\n', rooms) == []
    assert check_includes("src/base/a.cpp", '\n#include "fleet/x.hpp"\n', rooms)[0].startswith("src/base/a.cpp:2:")
    banned = [{"pattern": r"\bthrow\b", "allowed": ["^src/x/"], "why": "no"}]
    assert check_banned("src/y/a.cpp", "throw 1;", banned) and not check_banned("src/x/a.cpp", "throw 1;", banned)
    assert not check_banned("src/y/a.cpp", 'say("throw"); // throw', banned)
    assert check_shape("a.cpp", "int x;\n") and check_shape("a.cpp", "// SPDX-License-Identifier: Apache-2.0\n\tx\n")
    assert check_shape("a.cpp", "// SPDX-License-Identifier: Apache-2.0\n" + "x" * 121)
    assert not check_shape("a.cpp", "// SPDX-License-Identifier: Apache-2.0\nint x;\n")
    outage = "namespace ampacity {\nstruct Outage {\n};\n}  // namespace ampacity\n"
    assert check_names({"a.hpp": outage, "b.hpp": outage}) and not check_names({"a.hpp": outage})
    assert not check_names({"a.hpp": outage, "b.hpp": outage.replace("ampacity {", "other {")})
    assert not check_names({"a.hpp": outage, "b.cpp": outage.replace("ampacity {", "ampacity {\nnamespace {")})


def main() -> None:
    self_test()
    problems = check(Path(sys.argv[-1]).resolve())
    print("\n".join(problems))
    print(f"tidy: {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
