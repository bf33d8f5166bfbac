"""What `scripts/dist` makes: a server and a stack of it take payments, where nothing else is."""

import json
import os
import platform
import re
import signal
import subprocess
import tarfile
import tempfile
import tomllib
import unittest
import zipfile
from pathlib import Path
from typing import Any

from e2e.aws import template
from e2e.aws.build import WITHOUT_LTO
from e2e.aws.deployment import Deployment
from e2e.dist import npm
from release.build import PROCESSORS
from testing.harness.emulator import architecture
from testing.harness.payment import ITEMS, pay
from testing.harness.program import TOOLS, Program, environment, run, wait_until
from testing.harness.shop import KEYS, Stripe, request, token
from testing.harness.stand_in import StandIn
from testing.harness.workspace import REGION, WORKSPACE

CHECKS = WORKSPACE / "target" / "check-tools" / "bin" / "python"
#: The oldest glibc with the programs' symbols: of Debian 12, Ubuntu 22.04, Amazon Linux 2023.
GLIBC = (2, 34)


def make(folder: Path) -> Path:
    """Runs `scripts/dist`, without link-time optimisation."""
    command = [WORKSPACE / "scripts" / "dist", folder]
    run(command, environment(**WITHOUT_LTO), WORKSPACE, seconds=3600)
    return folder


def output_of(command: list[str | Path], folder: Path) -> str:
    """The output of a command that succeeds."""
    ran = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise AssertionError(f"{command[0]} failed: {ran.stdout}{ran.stderr}")
    return ran.stdout


class Dist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.made = make(cls.temporary / "made")
        cls.manifest = tomllib.loads((WORKSPACE / "Cargo.toml").read_text())
        cls.version = cls.manifest["workspace"]["package"]["version"]
        cls.linux = cls.unpack(f"farebox-{cls.version}-linux-*.tar.gz")
        cls.aws = cls.unpack(f"farebox-{cls.version}-aws-*.tar.gz")

    @classmethod
    def unpack(cls, pattern: str) -> Path:
        """The folder of an archive, unpacked."""
        [path] = cls.made.glob(pattern)
        output_of(["tar", "--extract", "--file", path], cls.temporary)
        return cls.temporary / path.name.removesuffix(".tar.gz")

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def install(self) -> Path:
        """Installs the program into an empty prefix, as its README shows; returns its path."""
        readme = (self.linux / "README.md").read_text()
        [command] = re.findall("^sudo (install .*)/usr/local/bin/farebox$", readme, re.MULTILINE)
        (self.folder / "bin").mkdir()
        output_of([*command.split(), self.folder / "bin" / "farebox"], self.linux)
        return self.folder / "bin" / "farebox"

    def start(self, *arguments: str, **variables: str) -> Program:
        """Starts the installed program in an empty folder, with these variables alone."""
        empty = self.folder / "empty"
        empty.mkdir()
        command = [str(self.install()), *arguments]
        program = Program(command, variables, self.folder / "log", empty)
        self.addCleanup(program.stop)
        return program

    def test_the_checksums_are_those_of_all_other_files(self):
        output_of(["sha256sum", "--check", "--strict", "SHA256SUMS"], self.made)
        listed = {line.split()[1] for line in (self.made / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(listed | {"SHA256SUMS"}, {path.name for path in self.made.iterdir()})

    def test_the_same_programs_are_packed_into_the_same_bytes(self):
        sums = (self.made / "SHA256SUMS").read_text()
        self.assertEqual((make(self.made) / "SHA256SUMS").read_text(), sums)

    def test_a_folder_with_other_files_stays_as_it_is(self):
        (self.folder / "mine").touch()
        with self.assertRaisesRegex(RuntimeError, "has other files"):
            make(self.folder)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["mine"])

    def test_the_program_takes_a_payment_in_an_empty_folder_without_settings(self):
        program = self.start("dev", "--headless", "--port", "0", "--sandbox-port", "0")
        self.assert_takes_a_payment(program, self.folder / "empty")

    def test_npx_takes_a_payment_where_npm_installed_the_packages_without_a_network(self):
        name, _, _ = PROCESSORS[platform.machine()]
        packages = [f"farebox-{self.version}.tgz", f"farebox-linux-{name}-{self.version}.tgz"]
        site = npm.install([self.made / one for one in packages], self.folder)

        ports = ["--port", "0", "--sandbox-port", "0"]
        command = ["npx", "--offline", "farebox", "dev", "--headless", *ports]
        program = Program(command, environment(), self.folder / "log", site)
        self.addCleanup(program.stop)

        self.assert_takes_a_payment(program, site)

        # As a terminal does for Ctrl-C.
        os.killpg(program.process.pid, signal.SIGINT)
        program.process.wait(10)
        self.assertIn("Stopped.", program.output())

    def assert_takes_a_payment(self, program: Program, folder: Path) -> None:
        """Pays at a `farebox dev` that runs in `folder`."""

        def address(name: str) -> str:
            said = re.search(rf"^ *{name} +(http\S+)", program.output(), re.MULTILINE)
            return said[1] if said else ""

        program.wait_for("its addresses", lambda: address("shop") and address("sandbox"))
        [settings] = (folder / "node_modules" / ".cache" / "farebox").glob("farebox-*.env")
        [key] = re.findall("^FAREBOX_SITE_KEY='(.*)'$", settings.read_text(), re.MULTILINE)
        known = {"Authorization": f"Bearer {token('ada', key)}", "Idempotency-Key": "cart-1"}

        api = f"{address('shop')}/api"
        sent = json.dumps(ITEMS).encode()
        headers = known | {"Content-Type": "application/json"}
        started = request("POST", f"{api}/create-intent", sent, headers)
        self.assertEqual(started.status, 200, started.text)
        intent = started.json["clientSecret"].split("_secret_")[0]
        card = b"payment_method=pm_card_visa&return_url=http://127.0.0.1/return"
        stripe = f"{address('sandbox')}/v1/payment_intents/{intent}/confirm"
        paid = request("POST", stripe, card, {"Authorization": "Bearer sk_test_dist"})
        self.assertEqual(paid.status, 200, paid.text)

        order = f"{api}/order?id={started.json['orderId']}"
        wait_until("the order is paid", lambda: is_paid(order, known))

    def test_the_program_serves_a_deployment(self):
        stripe = Stripe(self.folder)
        self.addCleanup(stripe.stop)
        settings = KEYS | {
            "DATABASE_URL": "sqlite:farebox.sqlite",
            "STRIPE_API_BASE": stripe.url,
            "FAREBOX_NOTIFY_URL": "log:",
            "FAREBOX_RETURN_ORIGINS": "https://shop.example",
        }
        program = self.start("serve", "--bind", "127.0.0.1:0", **settings)
        listens = re.compile(r'"address":"(127\.0\.0\.1:\d+)"')
        program.wait_for("listening", lambda: listens.search(program.output()))
        api = f"http://{listens.search(program.output())[1]}/api"

        self.assertEqual(pay(api, stripe, "cart-1").json["status"], "paid")

        program.process.terminate()
        self.assertEqual(program.process.wait(10), 0)

    def test_each_function_is_an_executable_bootstrap(self):
        zips = {path.stem: path for path in self.aws.glob("*.zip")}
        self.assertEqual(set(zips), template.folders())
        for name, path in zips.items():
            with zipfile.ZipFile(path) as archive:
                [entry] = archive.infolist()
                self.assertEqual(entry.filename, "bootstrap")
                self.assertEqual(oct(entry.external_attr >> 16), "0o100755")
                self.assert_is_portable(archive.read(entry), name)

    def test_the_program_runs_on_an_older_linux(self):
        self.assert_is_portable((self.linux / "farebox").read_bytes(), "farebox")

    def assert_is_portable(self, program: bytes, name: str) -> None:
        self.assertTrue(program.startswith(b"\x7fELF"), name)
        needed = re.findall(rb"\bGLIBC_(\d+)\.(\d+)", program)
        self.assertLessEqual(max((int(major), int(minor)) for major, minor in needed), GLIBC, name)

    def test_the_template_for_the_zips_is_template_yaml_without_a_build(self):
        expected = template.read()
        expected["Globals"]["Function"]["Architectures"] = [architecture()]
        for block in template.of_type(expected, "AWS::Serverless::Function").values():
            del block["Metadata"]
            block["Properties"]["CodeUri"] = f"{template.folder_of(block['Properties'])}.zip"
        self.assertEqual(template.parse((self.aws / "template.yaml").read_text()), expected)

    def test_sam_and_cfn_lint_find_nothing_in_it(self):
        output_of([TOOLS / "sam", "validate", "--lint", "--region", REGION], self.aws)
        strict = ["--non-zero-exit-code", "informational", "--regions", REGION]
        output_of([TOOLS / "cfn-lint", *strict, "--", "template.yaml"], self.aws)

    def test_a_stack_of_the_zips_takes_a_payment(self):
        stripe = Stripe(self.folder)
        self.addCleanup(stripe.stop)
        aws = StandIn(self.folder)
        self.addCleanup(aws.stop)
        stack = Deployment(aws, self.folder, KEYS, self.aws, STRIPE_API_BASE=stripe.url)
        self.assertEqual(pay(f"{stack.api_url}/api", stripe, "cart-1").json["status"], "paid")

    def test_the_bill_of_materials_is_valid_and_names_the_crates_of_the_lock_file(self):
        [path] = self.made.glob("*.cdx.json")
        validate = (
            "import sys; from cyclonedx.schema import SchemaVersion as V;"
            "from cyclonedx.validation.json import JsonStrictValidator as J;"
            "sys.exit(str(J(V.V1_5).validate_str(open(sys.argv[1]).read()) or '') or None)"
        )
        output_of([CHECKS, "-c", validate, path], self.folder)
        locked = tomllib.loads((WORKSPACE / "Cargo.lock").read_text())["package"]
        known = {(crate["name"], crate["version"], crate.get("checksum")) for crate in locked}
        bill = json.loads(path.read_text())
        for part in bill["components"]:
            [*hashes] = [one["content"] for one in part.get("hashes", [])]
            self.assertIn((part["name"], part["version"], *(hashes or [None])), known)
            self.assertTrue(part["licenses"][0]["expression"], part["name"])
        names = {part["name"] for part in bill["components"]}
        self.assertLessEqual({"shared", "axum", "aws-lc-sys", "libsqlite3-sys"}, names)
        # Crates of the tests alone.
        self.assertFalse({"proptest", "criterion", "testing"} & names)
        programs = {one["name"] for one in bill["metadata"]["component"]["components"]}
        self.assertEqual(programs, {"farebox", *template.folders()})

    def test_licences_of_others_come_with_the_programs(self):
        for folder in [self.linux, self.aws]:
            text = (folder / "THIRD-PARTY-LICENSES.txt").read_text()
            self.assertIn("Permission is hereby granted, free of charge", text)
            self.assertTrue((folder / "LICENSE-MIT").exists())

    def test_the_npm_package_names_the_packages_of_the_programs_and_nothing_for_its_own_work(self):
        manifest = self.manifest_of(f"farebox-{self.version}.tgz")
        names = {f"@farebox/linux-{name}": self.version for name in ["x64", "arm64"]}
        self.assertEqual(manifest["optionalDependencies"], names)
        self.assertFalse({"scripts", "devDependencies", "private"} & manifest.keys())
        [path] = self.made.glob("farebox-linux-*.tgz")
        program = self.manifest_of(path.name)
        self.assertEqual(names[program["name"]], program["version"])
        self.assertEqual([program["os"], program["libc"]], [["linux"], ["glibc"]])
        self.assertIn(program["cpu"], [["x64"], ["arm64"]])
        self.assertNotIn("private", program)
        with tarfile.open(path) as archive:
            modes = {one.name.removeprefix("package/"): one.mode for one in archive}
        expected = {"package.json", "bin/farebox", "THIRD-PARTY-LICENSES.txt"}
        self.assertEqual(modes.keys(), expected | {"LICENSE-APACHE", "LICENSE-MIT"})
        self.assertEqual(modes["bin/farebox"] & 0o111, 0o111)

    def manifest_of(self, name: str) -> dict[str, Any]:
        """The manifest of a package."""
        with tarfile.open(self.made / name) as archive:
            file = archive.extractfile("package/package.json")
            assert file
            return json.load(file)

    def test_the_npm_package_has_its_programs_and_types_in_the_same_version(self):
        with tarfile.open(self.made / f"farebox-{self.version}.tgz") as archive:
            names = {name.removeprefix("package/") for name in archive.getnames()}
            manifest = json.load(archive.extractfile("package/package.json"))
        for one in manifest["exports"].values():
            for file in one.values() if isinstance(one, dict) else [one]:
                self.assertIn(file.removeprefix("./"), names)
        for file in manifest["bin"].values():
            self.assertIn(file, names)
        self.assertEqual(manifest["version"], self.version)

    def test_the_notes_of_a_release_are_its_section_of_the_changelog(self):
        notes = WORKSPACE / "scripts" / "release-notes"
        text = output_of([notes, "Unreleased"], self.folder)
        self.assertIn("### Added", text)
        self.assertNotIn("\n## ", text)
        self.assertNotEqual(subprocess.run([notes, "0.0.999"], check=False).returncode, 0)


def is_paid(order: str, headers: dict[str, str]) -> bool:
    """Returns true when the order's status is `paid`."""
    return request("GET", order, None, headers).json["status"] == "paid"


if __name__ == "__main__":
    unittest.main()
