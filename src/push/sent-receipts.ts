import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../shared/files.ts";
import { plainLine } from "../shared/text.ts";

/** What became of a signed receipt on a remote; `failed` is tried again by the next push, `refused` is not. */
export interface Delivery {
  /** The remote's URL without credentials. */
  readonly url: string;
  readonly state: "sent" | "refused" | "failed";
  /** What the remote said; empty where it was sent. */
  readonly why: string;
}

/**
 * Where the signed receipts of a repository went. A file a tree, with the line `STATE URL`, and below it `why`, for each
 * remote: hooks/pre-push reads it without starting anything.
 */
export class SentReceipts {
  readonly #directory: string;

  constructor(commonDirectory: string) {
    this.#directory = join(commonDirectory, "verify", "sent");
  }

  /** What is known of a tree's receipt, by remote. */
  async of(tree: string): Promise<Delivery[]> {
    const text = await readFile(join(this.#directory, tree), "utf8").catch(() => "");
    const found = [...text.matchAll(/^(sent|refused|failed) (.+)\n(?:why (.*)\n)?/gm)];
    return found.map(([, state = "", url = "", why = ""]) => ({ state: state as Delivery["state"], url, why }));
  }

  /** Whether nothing is to be tried again for a remote, given without credentials. */
  async isSettled(tree: string, url: string): Promise<boolean> {
    return (await this.of(tree)).some((delivery) => delivery.url === url && delivery.state !== "failed");
  }

  /** Notes what became of a tree's receipt on a remote. */
  async note(tree: string, delivery: Delivery): Promise<void> {
    const others = (await this.of(tree)).filter(({ url }) => url !== delivery.url);
    const lines = [...others, delivery].map(({ state, url, why }) =>
      why === "" ? `${state} ${url}\n` : `${state} ${url}\nwhy ${plainLine(why)}\n`,
    );
    await replaceFile(join(this.#directory, tree), lines.join(""));
  }

  /** All trees of which something is known. */
  async trees(): Promise<string[]> {
    return await readdir(this.#directory).catch(() => []);
  }
}
