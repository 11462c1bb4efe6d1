/** Opens the provision of the request that its standard input holds, leases all its databases, says so, and keeps them until it is ended. */
import { text } from "node:stream/consumers";
import { openProvision } from "../../src/database/open.ts";
import type { ProvisionRequest } from "../../src/database/provision.ts";

const request = JSON.parse(await text(process.stdin)) as Omit<ProvisionRequest, "signal">;
const provision = await openProvision({ ...request, signal: new AbortController().signal });
await provision.lease(request.workers);
console.log("ready");
setInterval(() => {}, 1_000);
