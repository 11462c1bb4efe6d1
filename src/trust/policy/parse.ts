import { parseJsonOnce, validate, withoutExcerpt } from "../../config/validate.ts";
import { messageOf, RequestError } from "../../shared/errors.ts";
import { type Policy, policySchema } from "./schema.ts";

/** Where a base branch keeps its policy. */
export const policyFile = ".verify-policy.json";

/** Parses a policy's text. `place` names the file for messages. Throws RequestError with a line for each mistake. */
export function parsePolicy(text: string, place: string): Policy {
  let value: unknown;
  try {
    value = parseJsonOnce(place, text);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${place} is not JSON: ${withoutExcerpt(messageOf(error)).split("\n")[0]}.`);
  }
  return validate(policySchema, value, { file: place, whole: "the policy", knownKeys });
}

function knownKeys(): string[] {
  return Object.keys(policySchema.shape).filter((key) => key !== "$schema");
}
