import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { makeOwn } from "../../shared/cache.ts";
import { replaceFile } from "../../shared/files.ts";
import { version } from "../../shared/version.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The form of the records; another one is as none. */
const schema = 1;
/** At most so many records of a suite are kept, the newest. */
const keptRecords = 48;
/** At most so much room is used for a suite's records. */
const keptBytes = 64_000_000;
/** A larger record is not written: reading it would cost more than it saves. */
const largestRecord = 32_000_000;
/** A damaged file must not expand without a limit. */
const largestContent = 400_000_000;

/** What a record's file holds. */
interface RecordFile {
  readonly schema: number;
  readonly version: string;
  readonly suite: string;
  readonly key: string;
  readonly value: unknown;
}

/** The absolute directory of what is kept of a suite. */
export function suiteDirectory(commonDirectory: string, suite: string): string {
  // The name is hashed: it may be longer than a file's, or differ from another one only in case.
  return join(commonDirectory, "verify", "reuse", createHash("sha256").update(suite).digest("hex").slice(0, 24));
}

/**
 * What earlier runs of one suite found, under the git common directory, shared by all linked worktrees: a file for each
 * key, replaced atomically, so that two runs at once leave one of both. Whatever is not exactly a record of this user and
 * this version is as none; a record that cannot be written is none either.
 */
export class RecordStore {
  readonly #suite: string;
  readonly #parents: readonly string[];
  readonly #directory: string;
  /** Whether nobody else can have put a record there; looked at once. */
  #owned: Promise<boolean> | undefined;

  constructor(commonDirectory: string, suite: string) {
    this.#suite = suite;
    this.#directory = suiteDirectory(commonDirectory, suite);
    this.#parents = [dirname(this.#directory), this.#directory];
  }

  /** The record of a key; null where there is none that is sound. */
  async read(key: string): Promise<unknown> {
    if (!(await this.#isOwn())) return null;
    return await this.#parse(fileName(key), key);
  }

  /** The keys of all records, the newest first. */
  async keys(): Promise<string[]> {
    return (await this.#files()).map(({ name }) => name.slice(0, -ending.length));
  }

  /** Writes a record; returns whether it is there now. */
  async write(key: string, value: unknown): Promise<boolean> {
    try {
      if (!(await this.#isOwn())) return false;
      const record: RecordFile = { schema, version, suite: this.#suite, key, value };
      const bytes = await compress(JSON.stringify(record), { level: 1 });
      if (bytes.length > largestRecord) return false;
      await replaceFile(join(this.#directory, fileName(key)), (path) => writeFile(path, bytes, { mode: 0o600 }));
      await this.#prune();
      return true;
    } catch {
      return false;
    }
  }

  /** Marks a record as used just now, so that it is kept longer than others. */
  async touch(key: string, now: Date): Promise<void> {
    await utimes(join(this.#directory, fileName(key)), now, now).catch(() => {});
  }

  /** Removes all records, because one of them was wrong. */
  async clear(): Promise<void> {
    for (const { name } of await this.#files()) await rm(join(this.#directory, name), { force: true });
  }

  /** The absolute path of a key's record for another program to read, which checks what is in it; null where there is none. */
  async soundPath(key: string): Promise<string | null> {
    if (!(await this.#isOwn())) return null;
    const path = join(this.#directory, fileName(key));
    return await openOwn(path).then(
      async (handle) => {
        await handle.close();
        return path;
      },
      () => null,
    );
  }

  async #parse(name: string, key: string): Promise<unknown> {
    try {
      const handle = await openOwn(join(this.#directory, name));
      try {
        const record = await readRecordBytes(await handle.readFile());
        return record?.suite === this.#suite && record.key === key ? (record.value ?? null) : null;
      } finally {
        await handle.close();
      }
    } catch {
      return null;
    }
  }

  async #prune(): Promise<void> {
    let bytes = 0;
    for (const [index, { name, size }] of (await this.#files()).entries()) {
      bytes += size;
      if (index > 0 && (index >= keptRecords || bytes > keptBytes))
        await rm(join(this.#directory, name), { force: true });
    }
  }

  /** The record files, the newest first. */
  async #files(): Promise<{ readonly name: string; readonly size: number }[]> {
    const names = (await readdir(this.#directory).catch(() => [])).filter((name) => name.endsWith(ending));
    const found = await Promise.all(
      names.map(async (name) => {
        const state = await lstat(join(this.#directory, name)).catch(() => null);
        return state === null ? [] : [{ name, size: state.size, at: state.mtimeMs }];
      }),
    );
    return found.flat().sort((left, right) => right.at - left.at || (left.name < right.name ? -1 : 1));
  }

  #isOwn(): Promise<boolean> {
    this.#owned ??= this.#readOwner();
    return this.#owned;
  }

  async #readOwner(): Promise<boolean> {
    for (const directory of this.#parents) {
      if (!(await makeOwn(directory))) return false;
      if (((await stat(directory)).mode & 0o022) !== 0) return false;
    }
    return true;
  }
}

/** The record in the bytes of a record's file; null where it is of another version. Rejects where they are damaged. */
export async function readRecordBytes(bytes: Buffer): Promise<RecordFile | null> {
  const text = await decompress(bytes, { maxOutputLength: largestContent });
  const record: RecordFile = JSON.parse(text.toString("utf8"));
  return record.schema === schema && record.version === version ? record : null;
}

/** Opens a file that only this user can have written. Throws for any other. */
async function openOwn(path: string): Promise<FileHandle> {
  // A link must not be followed, and a pipe not be waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { uid, mode, size, nlink } = await handle.stat();
  const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
  if (isFile && uid === userInfo().uid && (mode & 0o022) === 0 && size <= largestRecord && nlink === 1) return handle;
  await handle.close();
  throw new Error(`${path} is not a file of this user.`);
}

const ending = ".json.gz";

/** Whether a file in a suite's directory is a record. */
export function isRecordFile(name: string): boolean {
  return name.endsWith(ending);
}

function fileName(key: string): string {
  return `${key}${ending}`;
}
