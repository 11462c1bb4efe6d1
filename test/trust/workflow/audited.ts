// Loaded before the tests, whose time is short.
import "@actions/workflow-parser";
import { auditWorkflows } from "../../../src/trust/workflow/audit.ts";
import { applyChanges } from "../../../src/trust/workflow/changes.ts";
import type { FileAudit } from "../../../src/trust/workflow/finding.ts";
import type { Proven } from "../../../src/trust/workflow/receipt-steps.ts";
import { projectOf } from "../../init/project.ts";

export const ciFile = ".github/workflows/ci.yml";
export const deployFile = ".github/workflows/staging-deploy.yml";

/** The workflow that every pull request to main and main itself pass. */
export const ci = `name: CI

on:
  pull_request:
    branches: [main]
  push:
    branches: [main]

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Install moon
        uses: moonrepo/setup-toolchain@v0
      - name: Install uv
        uses: astral-sh/setup-uv@v5
      - name: Set up Python
        run: uv python install
      - name: Verify
        env:
          S3_ENDPOINT: http://localhost:9000
          S3_ACCESS_KEY: minio
          S3_SECRET_KEY: minio-secret
          S3_BUCKET: statements
        run: moon run :ci
`;

/** The step that the deployment repeats, with the variables that only it uses. */
export const repeatedStep = `      - name: Verify Codebase
        env:
          S3_ENDPOINT: http://localhost:9000
          S3_ACCESS_KEY: minio
          S3_SECRET_KEY: minio-secret
          S3_BUCKET: statements
        run: moon run :ci

`;

/** The deployment of main, which verifies it again between Python's set-up and the images. */
export const deploy = `# Deploys what main holds.
name: Deploy Staging

on:
  push:
    branches:   [ main ]   # staging follows main

env:
  REGISTRY: ghcr.io

jobs:
  build-and-deploy:
    runs-on: ubuntu-latest
    permissions: { contents: read,  packages: write }
    steps:
      - uses: actions/checkout@v4

      - name: Install moon
        uses: moonrepo/setup-toolchain@v0

      - name: Install uv
        uses: astral-sh/setup-uv@v5

      - name: Set up Python
        run: uv python install

${repeatedStep}      # From here on it is published
      - name: Build & push
        uses: docker/build-push-action@v5
        with:
          context: ./apps/backend
          push: true
          tags: "\${{ env.REGISTRY }}/backend:staging"

      - name: Deploy
        run: |
          curl -sf -X POST "https://deploy.example.com" \\
            -H "x-api-key: \${{ secrets.DEPLOY_KEY }}"
`;

/** The audit of a project of these texts by path; of one file where it is named. */
export async function audit(
  files: Readonly<Record<string, string>>,
  { proven = null }: { proven?: Proven | null } = {},
): Promise<FileAudit[]> {
  return await auditWorkflows({ root: "/nowhere", project: projectOf(files), proven });
}

/** What an audit says of all files: findings, remarks, and each file's text after the fix where it changes. */
export async function outcome(
  files: Readonly<Record<string, string>>,
  options: { proven?: Proven | null } = {},
): Promise<{ findings: string[]; doubts: string[]; remarks: string[]; fixed: Record<string, string> }> {
  const audits = await audit(files, options);
  const fixed: Record<string, string> = {};
  const doubts: string[] = [];
  for (const { source, changes } of audits) {
    if (changes.length === 0) continue;
    const result = await applyChanges(source, changes);
    if (result.text === null) doubts.push(result.doubt);
    else fixed[source.file] = result.text;
  }
  const findings = audits.flatMap((one) => one.findings);
  return {
    findings: findings.map(({ file, place, text }) => `${file}:${place.line}:${place.column} ${text}`),
    doubts: [...doubts, ...findings.flatMap(({ doubt }) => doubt ?? [])],
    remarks: audits.flatMap(({ remarks, leftovers }) => [...remarks, ...leftovers].map(({ text }) => text)),
    fixed,
  };
}
