import * as z from "zod";
import { UntrustedReceiptError } from "../../shared/errors.ts";
import { parseStrictJson } from "./statement.ts";

/** The type of every receipt's payload; a signature holds for it too. */
const payloadType = "application/vnd.in-toto+json";

/** Far more than a receipt takes: whoever can write to the remote must not fill a reader's memory. */
const mostBytes = 1_000_000;

/** A DSSE envelope, see https://github.com/secure-systems-lab/dsse/blob/master/envelope.md. */
const envelopeSchema = z.strictObject({
  payload: z.base64().min(1),
  payloadType: z.literal(payloadType),
  signatures: z.tuple([z.strictObject({ keyid: z.string().optional(), sig: z.base64().min(1) })]),
});

/** A signed receipt, opened but not yet verified. */
export interface Envelope {
  /** The statement's bytes. Nothing in them may be believed before the signature is verified. */
  readonly payload: Buffer;
  /** The armored SSH signature of `signedBytes(payload)`, as ssh-keygen writes it. */
  readonly signature: string;
  /** The fingerprint of the signer's key: only a hint, as the signature does not cover it. Empty where it is missing. */
  readonly keyid: string;
}

/** What is signed: the payload with its type (DSSE's pre-authentication encoding), lengths in bytes. */
export function signedBytes(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The envelope as one line of JSON without a line end. `sig` is the base64 of the armored signature. */
export function writeEnvelope({ payload, signature, keyid }: Envelope): string {
  return JSON.stringify({
    payload: payload.toString("base64"),
    payloadType,
    signatures: [{ keyid, sig: Buffer.from(signature).toString("base64") }],
  } satisfies z.input<typeof envelopeSchema>);
}

/**
 * Opens an envelope. Throws UntrustedReceiptError for everything but one payload of our type with one signature: other or
 * repeated keys, several signatures, base64 that is not in its one canonical form.
 */
export function readEnvelope(text: string): Envelope {
  if (text.length > mostBytes) throw new UntrustedReceiptError(`It is larger than ${mostBytes} bytes.`);
  const parsed = envelopeSchema.safeParse(parseStrictJson(Buffer.from(text), "The envelope"));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") || "the whole";
    throw new UntrustedReceiptError(`It is not an envelope of a receipt: ${place}: ${issue?.message}.`);
  }
  const { payload, signatures } = parsed.data;
  const [{ keyid = "", sig }] = signatures;
  return { payload: decode(payload), signature: decode(sig).toString("utf8"), keyid };
}

/** The bytes; throws where other base64 would give the same, as bits that no byte takes are set. */
function decode(base64: string): Buffer {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") === base64) return bytes;
  throw new UntrustedReceiptError("It is not an envelope of a receipt: its base64 is not canonical.");
}
