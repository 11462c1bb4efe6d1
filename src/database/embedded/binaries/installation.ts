import { InterruptedError } from "../../../shared/errors.ts";
import type { Environment } from "../../../shared/world.ts";
import { type Account, chooseAccount } from "./account.ts";
import { type Binaries, findBinaries } from "./find.ts";

export interface InstallationRequest {
  /** Postgres's major version. */
  readonly version: number;
  /** The directory whose node_modules may hold Postgres binaries. */
  readonly projectRoot: string;
  readonly environment: Environment;
  /** Called with a phrase for people before something that may take long. */
  readonly onProgress?: ((phrase: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Postgres's programs, and all that running them takes. */
export interface Installation {
  readonly binaries: Binaries;
  readonly major: number;
  /** As whom they run; chosen once, beside what needs no account. */
  account(): Promise<Account>;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Finds the programs. Throws UnavailableError where there are none, and InterruptedError when aborted. */
export async function findInstallation(request: InstallationRequest): Promise<Installation> {
  const { version, projectRoot, environment, signal, onProgress } = request;
  if (signal.aborted) throw new InterruptedError();
  const binaries = await findBinaries(version, projectRoot, environment, { signal, onProgress });
  const choosing = chooseAccount(binaries, environment);
  // Told here, thrown where it is asked for.
  choosing.catch(() => {});
  return { binaries, major: Number.parseInt(binaries.version, 10), account: () => choosing, environment, signal };
}
