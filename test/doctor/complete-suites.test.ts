import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/shared/errors.ts";
import { completePackage, type Prepared, prepare, pytestFiles } from "../init/prepared.ts";
import type { Files } from "../support/repository.ts";

/** A Python that has pytest-cov once the list of requirements names it, and a pip that only says so. */
const python = `#!/bin/sh
grep -q pytest-cov requirements-dev.txt && cov='"7"' || cov=null
echo "{\\"pytest\\": \\"9\\", \\"pytest-xdist\\": \\"3\\", \\"pytest-cov\\": $cov}"
`;

async function lacking(files: Files = {}, pip = "echo installed"): Promise<Prepared> {
  const repository = await prepare({
    ...pytestFiles,
    "package.json": completePackage,
    ".gitignore": "node_modules\n.venv\n",
    "requirements-dev.txt": "pytest\n",
    ".venv/bin/python3": python,
    ".venv/bin/pip": `#!/bin/sh\n${pip}\n`,
    ".venv/bin/pytest": "#!/bin/sh\n",
    ...files,
  });
  for (const name of ["python3", "pip", "pytest"]) await chmod(join(repository.root, ".venv/bin", name), 0o755);
  return repository;
}

const list = async ({ root }: Prepared): Promise<string> => await readFile(join(root, "requirements-dev.txt"), "utf8");

describe("what a suite lacks", () => {
  it("is said by init, with the command, and not installed", async () => {
    const repository = await lacking();
    const { output, exitCode } = await repository.init();
    expect(output).toContain("! ledger: pytest-cov is not installed where `pytest` runs");
    expect(output).toContain("`verify init --install` does that for you");
    expect(await list(repository)).toBe("pytest\n");
    expect(exitCode).toBe(0);
  });

  it("is installed by init on request, and what that changed is to be committed", async () => {
    const repository = await lacking();
    const { output } = await repository.init({ install: true });
    expect(await list(repository)).toBe("pytest\npytest-cov\n");
    expect(output).not.toContain("is not installed");
    expect(output).toMatch(/Next: commit .*requirements-dev\.txt/);
  });

  it("is installed by init where somebody at a terminal says so, and not without a yes", async () => {
    for (const [answer, expected] of [
      ["y\n", "pytest\npytest-cov\n"],
      ["\n", "pytest\n"],
    ] as const) {
      const repository = await lacking();
      const { output } = await repository.init({ answer });
      expect(output).toContain("Run it now? [y/N]");
      expect(await list(repository)).toBe(expected);
    }
  });

  it("ends init where its installation fails", async () => {
    const repository = await lacking({}, "echo no network >&2; exit 1");
    expect((await repository.init({ install: true })).error).toBeInstanceOf(UnavailableError);
  });
});

it("xdist alone keeps no suite from running, and is offered", async () => {
  const onlyCov = '#!/bin/sh\necho \'{"pytest": "9", "pytest-xdist": null, "pytest-cov": "7"}\'\n';
  const { output } = await (await lacking({ ".venv/bin/python3": onlyCov })).init();
  expect(output).toContain("without it the workers are processes over shares of the files");
  expect(output).toContain("Run: printf '%s\\n' pytest-xdist >> requirements-dev.txt");
});

it("a package manager that is not there is named, and not what it would have started", async () => {
  const repository = await lacking({ "uv.lock": "" });
  const { output } = await repository.init();
  expect(output).toContain("! ledger: uv is not installed, which `uv run pytest` needs");
  expect(output).not.toContain("pytest-cov is not installed");
});
