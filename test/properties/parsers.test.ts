import fc from "fast-check";
import pg from "pg";
import { afterAll, describe, expect, test, vi } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { repeatedKeys } from "../../src/config/repeated-keys.ts";
import { parseServerUrl, renderUrl } from "../../src/database/url.ts";
import { parseToml } from "../../src/project/parsers/loose-values.ts";
import { exportedLiteral } from "../../src/project/parsers/object-literal.ts";
import { readSections, wordsOf } from "../../src/project/parsers/sections.ts";
import { parseYaml } from "../../src/project/parsers/yaml.ts";
import { parsePush } from "../../src/push/push-command.ts";
import { parsePushLines } from "../../src/push/refs.ts";
import { durationSeconds } from "../../src/shared/duration.ts";
import { ExpectedError } from "../../src/shared/errors.ts";
import { parseNodeCommand, writeNodeCommand } from "../../src/suite/runners/node-command.ts";
import { readEnvelope, writeEnvelope } from "../../src/trust/attestation/envelope.ts";
import { parseStrictJson, readStatement, writeStatement } from "../../src/trust/attestation/statement.ts";
import { parseUpdates } from "../../src/trust/check/receive.ts";
import { claim } from "../trust/attestation/sample.ts";

// A hundred runs each, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

const anything = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.json());

/** Calls a function that may refuse what it is given, but only in a sentence. */
function refusesInWords<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(ExpectedError);
    return null;
  }
}

test.each<[string, (text: string) => unknown]>([
  ["a server's URL", (text) => parseServerUrl(`postgresql://${text}`, {})],
  ["git's lines to the pre-push hook", parsePushLines],
  ["git's lines to the pre-receive hook", parseUpdates],
  ["an envelope", readEnvelope],
  ["a statement", (text) => readStatement(Buffer.from(text))],
  ["strict JSON", (text) => parseStrictJson(Buffer.from(text), "It")],
  ["a configuration of JSON", (text) => parseConfig(text, "verify.config.json")],
  ["INI", (text) => readSections(text, "ini")],
  ["TOML's sections", (text) => readSections(text, "toml")],
  ["words", wordsOf],
  ["YAML", parseYaml],
  ["TOML", parseToml],
  ["a module's export", (text) => exportedLiteral(`export default ${text}`)],
  ["a command of node", parseNodeCommand],
  ["a duration", durationSeconds],
  ["a process's words", (text) => parsePush(text.split(" "))],
])("anything may stand where %s is expected: it is read, or refused in words", (_what, parse) => {
  fc.assert(fc.property(anything, (text) => void refusesInWords(() => parse(text))));
});

test("a configuration of any value is refused in words", () => {
  fc.assert(fc.property(fc.anything(), (value) => void refusesInWords(() => parseConfig(value, "verify.config.json"))));
});

describe("a server's URL", () => {
  const parts = fc.record({
    user: fc.string({ unit: "binary", minLength: 1 }),
    password: fc.string({ unit: "binary", minLength: 1 }),
    host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant("/run/postgresql")),
    port: fc.integer({ min: 1, max: 65_535 }),
    database: fc.string({ unit: "binary", minLength: 1 }),
  });
  /** A lone surrogate is no character, and URLs hold characters. */
  const isText = ({ user, password, database }: { user: string; password: string; database: string }): boolean =>
    [user, password, database].every((text) => Buffer.from(text).toString() === text);

  test("that was written from parts is read as these parts, by us and by node-pg", () => {
    fc.assert(
      fc.property(parts.filter(isText), ({ database, ...address }) => {
        const url = renderUrl({ ...address, sslmode: undefined, parameters: [], database }, "postgresql", database);
        const { user, password, host, port, database: read } = parseServerUrl(url, {});
        expect({ user, password, port, database: read }).toEqual({
          user: address.user,
          password: address.password,
          port: address.port,
          database,
        });
        // Zeros of an IPv6 address may be written in several ways.
        if (!address.host.includes(":")) expect(host).toBe(address.host);
        const theirs = new pg.Client({ connectionString: url });
        expect([theirs.user, theirs.password, theirs.database]).toEqual([address.user, address.password, database]);
      }),
    );
  });

  test("that is refused is refused without its password", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: fc.constantFrom(..."xyz#/?@:%[]".split("")) }), (password) => {
        try {
          parseServerUrl(`postgresql://ada:${password}@db.example.com:5432/app`, {});
        } catch (error) {
          expect(error).toBeInstanceOf(ExpectedError);
          expect((error as Error).message).not.toContain(password);
        }
      }),
    );
  });
});

describe("git's lines", () => {
  const id = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: 40, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: 64, maxLength: 64 }),
  );
  const ref = fc.stringMatching(/^refs\/heads\/[^\s~^:?*[\\]{1,20}$/);
  /** What a user wrote may hold blanks: `HEAD^{/fix this}`. */
  const local = fc.oneof(ref, fc.constantFrom("(delete)", "HEAD^{/fix this}", ":/a b  c", "HEAD~1"));

  test("to the pre-push hook are read as they were written", () => {
    const line = fc.record({ localRef: local, localObject: id, remoteRef: ref, remoteObject: id });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines
          .map((one) => `${one.localRef} ${one.localObject} ${one.remoteRef} ${one.remoteObject}\n`)
          .join("");
        expect(parsePushLines(text)).toEqual(lines);
      }),
    );
  });

  test("to the pre-receive hook are read as they were written", () => {
    const line = fc.record({ before: id, after: id, ref });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        expect(parseUpdates(lines.map((one) => `${one.before} ${one.after} ${one.ref}\n`).join(""))).toMatchObject(
          lines,
        );
      }),
    );
  });
});

describe("a receipt", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.string(),
        (payload, signature, keyid) => {
          const envelope = { payload: Buffer.from(payload), signature, keyid };
          expect(readEnvelope(writeEnvelope(envelope))).toEqual(envelope);
        },
      ),
    );
    expect(readStatement(writeStatement(claim))).toEqual(claim);
  });

  test("of which a byte was changed is refused, or says something else: nothing of it is passed over", () => {
    const bytes = writeStatement(claim);
    // Before our own field stand names for others to read, which we take from that field.
    const ours = bytes.indexOf('"pkg:npm');
    fc.assert(
      fc.property(fc.integer({ min: ours, max: bytes.length - 1 }), fc.nat(255), (at, value) => {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        const read = refusesInWords(() => readStatement(changed));
        if (read !== null && !changed.equals(bytes)) expect(read).not.toEqual(claim);
      }),
      { numRuns: 2_000 },
    );
  });

  test("has each key once", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect([...repeatedKeys(json)]).toEqual([]);
        expect([...repeatedKeys(`{"a":${json},"b":1,"a":2}`)]).toEqual([["a"]]);
      }),
    );
  });
});

test("a command of node that was read is written with the same words, in their quotes", () => {
  // Without its quotes, the shell expands a glob, and its `**` is only `*`: fewer files would run.
  const word = fc.oneof(
    fc.stringMatching(/^[\w./=*@][\w./=*@-]{0,12}$/),
    fc.stringMatching(/^[\w./ *\\-]{1,12}$/).map((text) => `'${text}'`),
    fc.stringMatching(/^[\w./ *-]{1,12}$/).map((text) => `"${text}"`),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const command = ["node", "--test", ...words].join(" ");
      const parsed = parseNodeCommand(command);
      expect(parsed).not.toBeNull();
      if (parsed !== null) expect(writeNodeCommand(parsed, [], null)).toBe(command);
    }),
  );
});
