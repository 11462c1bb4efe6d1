import { UnavailableError } from "../shared/errors.ts";
import { parseJson, type Run } from "./run.ts";

/** What is only good to know is not waited for longer, in milliseconds. */
const patience = 15_000;

/** What gh answers as JSON; null where gh is not there, not logged in, too slow, or answers something else. */
export async function askGh<Value>(run: Run, words: readonly string[]): Promise<Value | null> {
  try {
    const { exitCode, output } = await run("gh", words, { timeout: patience });
    return exitCode === 0 ? parseJson<Value>("gh", output) : null;
  } catch (error) {
    if (error instanceof UnavailableError) return null;
    throw error;
  }
}
