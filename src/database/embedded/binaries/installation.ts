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
  /** Called with a phrase before something slow. */
  readonly onProgress?: ((phrase: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Postgres's programs, and what is needed to run them. */
export interface Installation {
  readonly binaries: Binaries;
  readonly major: number;
  /** The account to run them as; chosen in the background. */
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
  // Prevents an unhandled rejection until `account()` is awaited.
  choosing.catch(() => {});
  return { binaries, major: Number.parseInt(binaries.version, 10), account: () => choosing, environment, signal };
}
