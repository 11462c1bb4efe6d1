/** Whether the bytes between two places are those of a text that is kept as latin1, a character a byte. */
export function isTextAt(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

/** Where the digits that begin at a place end. */
export function skipDigits(bytes: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && isDigit(bytes[position] as number)) position += 1;
  return position;
}

/** The number that the digits between two places make. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end; position += 1) {
    value = value * 10 + (bytes[position] as number) - 0x30;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
