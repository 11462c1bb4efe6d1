import { createReadStream } from "node:fs";
import { TextDecoder } from "node:util";

/** The first bytes of UTF-16 without a byte order mark: `<?` or `<t` with a zero byte per letter. */
const marks: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
  ["utf-16le", [0x3c, 0x00]],
  ["utf-16be", [0x00, 0x3c]],
];

/** Longer than any XML declaration, in bytes. */
const longestDeclaration = 1024;

/**
 * Streams the text of an XML file, decoded by its byte order mark or XML declaration, else as UTF-8. Rejects where the
 * file is missing or empty, has an unknown encoding, or contains bytes that are invalid in its encoding.
 */
export async function* readXmlText(path: string): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    decoder ??= decoderFor(chunk);
    yield decode(decoder, chunk, true);
  }
  if (decoder === null) throw new Error("the file is empty");
  yield decode(decoder, Buffer.alloc(0), false);
}

function decoderFor(start: Buffer): TextDecoder {
  const mark = marks.find(([, bytes]) => bytes.every((byte, index) => start[index] === byte));
  const label = mark?.[0] ?? declaredEncoding(start) ?? "utf-8";
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    throw new Error(`the file declares the encoding "${label}", which is not supported`);
  }
}

/**
 * The declared encoding; null where there is none, or where it claims UTF-16 in a single-byte file, as some libraries
 * do.
 */
function declaredEncoding(start: Buffer): string | null {
  const head = start.subarray(0, longestDeclaration).toString("latin1");
  const label = /^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)["']/.exec(head)?.[1] ?? null;
  return label !== null && /^(?:utf-?16|ucs-?2|iso-10646-ucs-2)/i.test(label) ? null : label;
}

function decode(decoder: TextDecoder, chunk: Buffer, isMoreToCome: boolean): string {
  try {
    return decoder.decode(chunk, { stream: isMoreToCome });
  } catch {
    throw new Error(`the file holds bytes that are not valid in its encoding, ${decoder.encoding}`);
  }
}
